internal import CEL
package import JSON

extension AuthorizationModel {
    /// Reads a model in the form that OpenFGA's API sends.
    /// - Throws: ``ModelError`` without a place.
    package init(json: JSON) throws(ModelError) {
        guard let version = json["schema_version"]?.string, ["1.1", "1.2"].contains(version) else {
            throw ModelError(message: "`schema_version` must be 1.1 or 1.2")
        }
        var types: [TypeDefinition] = []
        for definition in json["type_definitions"]?.array ?? [] {
            let type = try TypeDefinition(json: definition)
            guard !types.contains(where: { $0.name == type.name }) else {
                throw ModelError(message: "type `\(type.name)` is defined twice")
            }
            types.append(type)
        }
        var conditions: [Condition] = []
        for member in json["conditions"]?.object ?? JSON.Object() {
            conditions.append(try Condition(name: member.name, json: member.value))
        }
        let model = AuthorizationModel(types: types, conditions: conditions, schemaVersion: version)
        if let problem = ModelValidation(model: model).problems().first {
            throw ModelError(message: problem.message)
        }
        self = model
    }

    /// The model as OpenFGA's API sends it.
    package var json: JSON {
        var conditions = JSON.Object()
        for name in self.conditionNames { conditions[name] = self.conditions[name]?.json }
        return [
            "schema_version": .string(self.schemaVersion),
            "type_definitions": .array(self.typeNames.compactMap { self.types[$0]?.json }),
            "conditions": .object(conditions),
        ]
    }
}

// MARK: Reading

extension AuthorizationModel.TypeDefinition {
    fileprivate init(json: JSON) throws(ModelError) {
        guard let name = json["type"]?.string else {
            throw ModelError(message: "a type definition has no `type`")
        }
        var relations: [AuthorizationModel.Relation] = []
        for member in json["relations"]?.object ?? JSON.Object() {
            let metadata = json["metadata"]?["relations"]?[member.name]
            var restrictions: [AuthorizationModel.Restriction] = []
            for restriction in metadata?["directly_related_user_types"]?.array ?? [] {
                restrictions.append(
                    try AuthorizationModel.Restriction(json: restriction, "\(name)#\(member.name)"))
            }
            relations.append(
                AuthorizationModel.Relation(
                    name: member.name,
                    rewrite: try AuthorizationModel.Rewrite(
                        json: member.value, "\(name)#\(member.name)", depth: 0),
                    restrictions: restrictions, origin: metadata.flatMap(AuthorizationModel.Origin.init)))
        }
        self.init(
            name: name, relations: relations,
            origin: json["metadata"].flatMap(AuthorizationModel.Origin.init))
    }
}

extension AuthorizationModel.Origin {
    fileprivate init?(json: JSON) {
        guard let module = json["module"]?.string, !module.isEmpty else { return nil }
        self.init(module: module, file: json["source_info"]?["file"]?.string ?? "")
    }
}

extension AuthorizationModel.Restriction {
    fileprivate init(json: JSON, _ place: String) throws(ModelError) {
        guard let type = json["type"]?.string else {
            throw ModelError(message: "a type of subjects of \(place) has no `type`")
        }
        let condition = json["condition"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let relation = json["relation"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let isWildcard = json["wildcard"]?.object != nil
        guard relation == nil || !isWildcard else {
            throw ModelError(message: "a type of subjects of \(place) has both `relation` and `wildcard`")
        }
        self.init(
            type: type, kind: relation.map(Kind.userset) ?? (isWildcard ? .wildcard : .object),
            condition: condition)
    }
}

extension AuthorizationModel.Rewrite {
    private static let nestingLimit = 64

    fileprivate init(json: JSON, _ place: String, depth: Int) throws(ModelError) {
        guard depth <= Self.nestingLimit else {
            throw ModelError(message: "\(place) is nested deeper than \(Self.nestingLimit) levels")
        }
        if let leaf = try Self.leaf(json, place) {
            self = leaf
        } else if let branch = try Self.branch(json, place, depth: depth) {
            self = branch
        } else {
            throw ModelError(message: "\(place) has no definition that is known")
        }
    }

    private static func leaf(_ json: JSON, _ place: String) throws(ModelError) -> Self? {
        if json["this"]?.object != nil { return .direct }
        if let computed = json["computedUserset"] ?? json["computed_userset"] {
            return .computed(try Self.relation(computed, place))
        }
        if let from = json["tupleToUserset"] ?? json["tuple_to_userset"] {
            return .from(
                tupleset: try Self.relation(from["tupleset"], place),
                relation: try Self.relation(from["computedUserset"] ?? from["computed_userset"], place))
        }
        return nil
    }

    private static func relation(_ json: JSON?, _ place: String) throws(ModelError) -> String {
        guard let relation = json?["relation"]?.string, !relation.isEmpty else {
            throw ModelError(message: "a `relation` is missing in \(place)")
        }
        return relation
    }

    private static func branch(_ json: JSON, _ place: String, depth: Int) throws(ModelError) -> Self? {
        for (key, isUnion) in [("union", true), ("intersection", false)] {
            guard let children = json[key]?["child"]?.array else { continue }
            var parts: [Self] = []
            for child in children { parts.append(try Self(json: child, place, depth: depth + 1)) }
            guard !parts.isEmpty else { throw ModelError(message: "`\(key)` of \(place) has no children") }
            return isUnion ? .union(parts) : .intersection(parts)
        }
        guard let difference = json["difference"], let base = difference["base"],
            let subtract = difference["subtract"]
        else { return nil }
        return .exclusion(
            try Self(json: base, place, depth: depth + 1), try Self(json: subtract, place, depth: depth + 1))
    }
}

extension AuthorizationModel.Condition {
    fileprivate init(name: String, json: JSON) throws(ModelError) {
        if let inner = json["name"]?.string, !inner.isEmpty, inner != name {
            throw ModelError(message: "condition `\(name)` is named `\(inner)` inside")
        }
        var parameters: [CELParameter] = []
        for member in json["parameters"]?.object ?? JSON.Object() {
            guard let type = CELType(json: member.value, depth: 0) else {
                throw ModelError(
                    message: "parameter `\(member.name)` of condition `\(name)` has no type that is known")
            }
            parameters.append(CELParameter(name: member.name, type: type))
        }
        do {
            self.init(
                name: name,
                expression: try CELExpression(
                    json["expression"]?.string ?? "", parameters: parameters, result: .bool),
                origin: json["metadata"].flatMap(AuthorizationModel.Origin.init))
        } catch {
            throw ModelError(message: "condition `\(name)`: \(error)")
        }
    }
}

extension CELType {
    /// `{"type_name": "TYPE_NAME_LIST", "generic_types": [...]}`
    fileprivate init?(json: JSON, depth: Int) {
        guard let name = json["type_name"]?.string, depth < 16 else { return nil }
        let short = (name.hasPrefix("TYPE_NAME_") ? String(name.dropFirst(10)) : name).lowercased()
        if let plain = CELType.named[short], plain != .bytes {
            self = plain
            return
        }
        guard short == "list" || short == "map",
            let element = json["generic_types"]?.array?.first.flatMap({ Self(json: $0, depth: depth + 1) })
        else { return nil }
        self = short == "list" ? .list(element) : .map(.string, element)
    }

    fileprivate var json: JSON {
        switch self {
        case .list(let element): ["type_name": "TYPE_NAME_LIST", "generic_types": [element.json]]
        case .map(_, let value): ["type_name": "TYPE_NAME_MAP", "generic_types": [value.json]]
        default: ["type_name": .string("TYPE_NAME_\(self.description.uppercased())"), "generic_types": []]
        }
    }
}

// MARK: Writing

extension AuthorizationModel.TypeDefinition {
    fileprivate var json: JSON {
        var (relations, metadata) = (JSON.Object(), JSON.Object())
        for relation in self.relations {
            relations.append(relation.name, relation.rewrite.json)
            var about: JSON.Object = [
                "directly_related_user_types": .array(relation.restrictions.map(\.json))
            ]
            relation.origin?.add(to: &about)
            metadata.append(relation.name, .object(about))
        }
        guard !self.relations.isEmpty || self.origin != nil else {
            return ["type": .string(self.name), "relations": [:], "metadata": nil]
        }
        var about: JSON.Object = ["relations": .object(metadata)]
        self.origin?.add(to: &about)
        return [
            "type": .string(self.name), "relations": .object(relations), "metadata": .object(about),
        ]
    }
}

extension AuthorizationModel.Origin {
    fileprivate func add(to object: inout JSON.Object) {
        object["module"] = .string(self.module)
        object["source_info"] = ["file": .string(self.file)]
    }
}

extension AuthorizationModel.Restriction {
    /// As OpenFGA's API sends it.
    package var json: JSON {
        var object: JSON.Object = ["type": .string(self.type)]
        switch self.kind {
        case .object: break
        case .wildcard: object["wildcard"] = [:]
        case .userset(let relation): object["relation"] = .string(relation)
        }
        object["condition"] = .string(self.condition ?? "")
        return .object(object)
    }
}

extension AuthorizationModel.Rewrite {
    fileprivate var json: JSON {
        switch self {
        case .direct: ["this": [:]]
        case .computed(let name): ["computedUserset": ["object": "", "relation": .string(name)]]
        case .from(let tupleset, let relation):
            [
                "tupleToUserset": [
                    "tupleset": ["object": "", "relation": .string(tupleset)],
                    "computedUserset": ["object": "", "relation": .string(relation)],
                ]
            ]
        case .union(let parts): ["union": ["child": .array(parts.map(\.json))]]
        case .intersection(let parts): ["intersection": ["child": .array(parts.map(\.json))]]
        case .exclusion(let base, let minus): ["difference": ["base": base.json, "subtract": minus.json]]
        }
    }
}

extension AuthorizationModel.Condition {
    fileprivate var json: JSON {
        var parameters = JSON.Object()
        for parameter in self.expression.parameters { parameters[parameter.name] = parameter.type.json }
        var object: JSON.Object = [
            "name": .string(self.name), "expression": .string(self.expression.text),
            "parameters": .object(parameters),
        ]
        if let origin = self.origin {
            var about = JSON.Object()
            origin.add(to: &about)
            object["metadata"] = .object(about)
        }
        return .object(object)
    }
}

internal import CEL
internal import JSON
internal import PropertyGraph

/// Tells which relationships are tuples that count: by what they say of their subject, their times and their condition.
final class TupleReader {
    let model: BoundModel
    let graph: GraphSnapshot
    /// Which nodes stand for all of a type, by the type's number.
    private let wildcards: ContiguousArray<BoundModel.Wildcard>
    /// What tuples may say of themselves, by the relation's number.
    private let keys: ContiguousArray<BoundModel.TupleKeys>
    private let validity: ValidityReader
    private let context: JSON.Object
    /// Answers of conditions whose tuples have no context of their own, by the condition's number.
    private var answers: ContiguousArray<Decision?> = []
    private var arguments: [[CELValue?]?] = []
    private var misfits: [Int: String] = [:]
    /// Whether nothing that was read so far depends on the time or on what the request says.
    var isTimeless = true

    init(
        model: BoundModel, graph: GraphSnapshot, wildcards: ContiguousArray<BoundModel.Wildcard>,
        keys: ContiguousArray<BoundModel.TupleKeys>, at moment: ZonedDateTime, context: JSON.Object
    ) {
        self.model = model
        self.graph = graph
        self.wildcards = wildcards
        self.keys = keys
        self.validity = ValidityReader(
            graph: graph, at: moment, from: model.validFrom, until: model.validUntil)
        self.context = context
    }

    /// Whether a relationship from a node is a tuple of a kind of subject that counts.
    @inline(__always)
    func decision(
        _ relationship: RelationshipID, _ node: NodeID, _ admission: Int, isAssumed: Bool
    ) -> Decision {
        let keys = self.keys[self.model.admissions[admission].owner]
        guard self.isOfKind(relationship, node, admission, keys) else { return .no }
        if keys.contains(.condition), let key = self.model.condition {
            let name = self.graph.property(key, of: relationship)
            if !name.isNull {
                self.isTimeless = false
                return self.conditional(relationship, name, admission, isAssumed: isAssumed)
            }
        }
        guard self.model.admissions[admission].isUnconditional else { return .no }
        guard keys.contains(.validity), self.validity.isBounded(relationship) else { return .yes }
        self.isTimeless = false
        return isAssumed || self.validity.isValid(relationship) ? .yes : .no
    }

    /// Whether it names its subject in this way.
    private func isOfKind(
        _ relationship: RelationshipID, _ node: NodeID, _ admission: Int, _ keys: BoundModel.TupleKeys
    ) -> Bool {
        let explicit =
            keys.contains(.subjectRelation)
            ? self.model.subjectRelation.map { self.graph.property($0, of: relationship) } ?? .null : .null
        switch self.model.admissions[admission].kind {
        case .userset:
            guard case .string(let name) = explicit else {
                return explicit.isNull && self.model.admissions[admission].isImplied
                    && !self.isWildcard(node, admission)
            }
            return name == self.model.relations[self.model.admissions[admission].relation].name
        case .object: return explicit.isNull && !self.isWildcard(node, admission)
        case .wildcard: return explicit.isNull && self.isWildcard(node, admission)
        }
    }

    private func isWildcard(_ node: NodeID, _ admission: Int) -> Bool {
        let type = self.model.admissions[admission].subjectType
        switch self.wildcards[type] {
        case .none: return false
        case .one(let one): return one == node
        case .any:
            return self.model.types[type].key.map { self.graph.property($0, of: node).string == "*" } ?? false
        }
    }

    // MARK: Conditions

    private func conditional(
        _ relationship: RelationshipID, _ name: Value, _ admission: Int, isAssumed: Bool
    ) -> Decision {
        guard case .string(let name) = name, let place = self.model.conditionPlaces[name],
            self.model.admissions[admission].conditions.contains(place)
        else { return .no }
        if isAssumed { return .yes }
        guard self.validity.isValid(relationship) else { return .no }
        let own = self.ownContext(relationship)
        if own == nil, place < self.answers.count, let answer = self.answers[place] { return answer }
        let answer: Decision =
            switch self.outcome(place, own ?? JSON.Object()) {
            case .value(.bool(let truth)): truth ? .yes : .no
            default: .unknown
            }
        if own == nil {
            if self.answers.isEmpty {
                self.answers = ContiguousArray(repeating: nil, count: self.model.conditions.count)
            }
            self.answers[place] = answer
        }
        return answer
    }

    /// The context of the tuple itself; nil when it has none.
    private func ownContext(_ relationship: RelationshipID) -> JSON.Object? {
        guard let key = self.model.conditionContext,
            let text = self.graph.property(key, of: relationship).string
        else { return nil }
        return (try? JSON.parse(text))?.object ?? JSON.Object()
    }

    /// Runs a condition: what the tuple says wins over what the request says.
    private func outcome(_ place: Int, _ own: JSON.Object) -> CELExpression.Outcome {
        let expression = self.model.conditions[place].expression
        var values = self.requestArguments(place)
        for (index, parameter) in expression.parameters.enumerated() {
            guard let json = own[parameter.name] else { continue }
            do {
                values[index] = try parameter.type.value(of: json)
            } catch {
                return .missing([parameter.name])
            }
        }
        if let misfit = self.misfits[place] { return .missing([misfit]) }
        // As OpenFGA has it: what a condition uses must be given, also where it would be decided without.
        let missing = expression.used.filter { values[$0] == nil }.map { expression.parameters[$0].name }
        return missing.isEmpty ? expression.evaluate(values) : .missing(missing.sorted())
    }

    private func requestArguments(_ place: Int) -> [CELValue?] {
        if self.arguments.isEmpty {
            self.arguments = Array(repeating: nil, count: self.model.conditions.count)
        }
        if let known = self.arguments[place] { return known }
        var values: [CELValue?] = []
        for parameter in self.model.conditions[place].expression.parameters {
            guard let json = self.context[parameter.name] else {
                values.append(nil)
                continue
            }
            do {
                values.append(try parameter.type.value(of: json))
            } catch {
                self.misfits[place] = parameter.name
                values.append(nil)
            }
        }
        self.arguments[place] = values
        return values
    }

    /// Why it is not known whether a relationship counts.
    func problem(_ relationship: RelationshipID) -> AuthorizationError {
        guard let name = self.model.condition.flatMap({ self.graph.property($0, of: relationship).string }),
            let place = self.model.conditionPlaces[name]
        else { return .conditionFailed(condition: "", reason: "it is not known") }
        if let misfit = self.misfits[place], let json = self.context[misfit],
            let parameter = self.model.conditions[place].expression.parameters.first(where: {
                $0.name == misfit
            })
        {
            return .conditionFailed(
                condition: name, reason: "`\(misfit)` is \(parameter.type), not \(json.text.prefix(60))")
        }
        switch self.outcome(place, self.ownContext(relationship) ?? JSON.Object()) {
        case .missing(let names): return .missingContext(condition: name, parameters: names)
        case .failed(let error): return .conditionFailed(condition: name, reason: error.message)
        case .value: return .conditionFailed(condition: name, reason: "it is not known")
        }
    }

    /// Why a relationship does not count, for people; nil when it does.
    func reason(_ relationship: RelationshipID) -> String? {
        let validity = self.validity.validity(of: relationship)
        if validity != .valid { return validity.reason }
        guard let name = self.model.condition.flatMap({ self.graph.property($0, of: relationship).string })
        else { return nil }
        guard let place = self.model.conditionPlaces[name] else { return "there is no condition `\(name)`" }
        let own = self.ownContext(relationship) ?? JSON.Object()
        switch self.outcome(place, own) {
        case .value(.bool(true)): return nil
        case .value:
            return "condition \(name) is false" + self.values(place, own)
        case .missing(let names): return "condition \(name) needs \(names.joined(separator: ", "))"
        case .failed(let error): return "condition \(name) has no value: \(error.message)"
        }
    }

    /// The values that a condition was given.
    private func values(_ place: Int, _ own: JSON.Object) -> String {
        let used = self.model.conditions[place].expression.parameters.compactMap { parameter -> String? in
            (own[parameter.name] ?? self.context[parameter.name]).map { "\(parameter.name) = \($0.text)" }
        }
        return used.isEmpty ? "" : " with " + used.joined(separator: ", ")
    }

    /// The times of a relationship.
    func validity(of relationship: RelationshipID) -> Validity { self.validity.validity(of: relationship) }
}

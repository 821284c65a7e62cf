internal import PropertyGraph

/// A subject or object as requests name it: `user:anne`, `group:eng#member`, `user:*`.
package struct EntityReference: Hashable, Sendable, CustomStringConvertible {
    /// The type of the model, such as `user`.
    package let type: String
    /// The id, `*` for all of the type.
    package let id: String
    /// The relation of a userset such as `group:eng#member`; nil for a single subject.
    package let relation: String?

    /// Joins type, id and relation.
    package init(type: String, id: String, relation: String? = nil) {
        self.type = type
        self.id = id
        self.relation = relation
    }

    /// Reads `type:id` or `type:id#relation`.
    /// - Throws: ``AuthorizationError/malformed(_:)``.
    package init(_ text: String) throws(AuthorizationError) {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { throw .malformed(text) }
        let type = text[..<colon]
        var id = text[text.index(after: colon)...]
        var relation: Substring?
        if let hash = id.lastIndex(of: "#") {
            relation = id[id.index(after: hash)...]
            id = id[..<hash]
        }
        guard !id.isEmpty, relation?.isEmpty != true, text.utf8.count <= 512,
            !text.contains(where: { $0.isWhitespace })
        else { throw .malformed(text) }
        self.init(type: String(type), id: String(id), relation: relation.map(String.init))
    }

    /// As it was read.
    package var description: String {
        "\(self.type):\(self.id)" + (self.relation.map { "#\($0)" } ?? "")
    }
}

/// Why a decision could not be made. "No" is not an error.
package enum AuthorizationError: Error, Hashable, Sendable {
    /// Not of the form `type:id`.
    case malformed(String)
    /// The model has no such type.
    case unknownType(String, known: [String])
    /// The type has no such relation.
    case unknownRelation(String, type: String, known: [String])
    /// The walk became deeper than allowed.
    case tooDeep(limit: Int)
    /// The walk took more steps than allowed.
    case tooLong(limit: Int)
}

extension AuthorizationError: CustomStringConvertible {
    /// What went wrong and what would be right.
    package var description: String {
        switch self {
        case .malformed(let text):
            "`\(text.prefix(100))` is not of the form type:id or type:id#relation, as in user:anne"
        case .unknownType(let type, let known):
            "the model has no type `\(type)`; it has \(known.sorted().joined(separator: ", "))"
        case .unknownRelation(let relation, let type, let known):
            "type `\(type)` has no relation `\(relation)`"
                + (known.isEmpty ? "" : "; it has \(known.joined(separator: ", "))")
        case .tooDeep(let limit):
            "no decision within a depth of \(limit) relations; look for a chain that long"
        case .tooLong(let limit): "no decision within \(limit) steps"
        }
    }

    /// OpenFGA's code for it.
    package var code: String {
        switch self {
        case .malformed: "validation_error"
        case .unknownType: "type_not_found"
        case .unknownRelation: "relation_not_found"
        case .tooDeep, .tooLong: "authorization_model_resolution_too_complex"
        }
    }
}

/// How names of the model and names of the graph belong together.
struct GraphNaming {
    let graph: GraphSnapshot

    /// The label of a type: `function_version` is `FunctionVersion`.
    func label(_ type: String) -> LabelID? { self.graph.tokens.label(Self.labelName(type)) }

    /// The relationship type of a relation: `can_run` is `CAN_RUN`.
    func relationshipType(_ relation: String) -> RelationshipTypeID? {
        self.graph.tokens.relationshipType(relation.uppercased())
    }

    static func labelName(_ type: String) -> String {
        type.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// The property that names nodes of a label: the key of its node-key constraint, `id` without one.
    func key(_ label: LabelID) -> PropertyKeyID? {
        let name = self.graph.tokens.name(label)
        let rule = self.graph.constraints.first {
            $0.entity == name && $0.kind == .nodeKey && $0.keys.count == 1
        }
        return self.graph.tokens.propertyKey(rule?.keys.first ?? "id")
    }

    /// The node that a reference means. O(1) with a node key.
    func node(_ type: String, _ id: String) -> NodeID? {
        guard let label = self.label(type), let key = self.key(label) else { return nil }
        return self.graph.nodes(label, where: key, equals: .string(id)).first
    }

    /// The reference of a node, by the first of the model's types that it has a label of.
    func reference(_ node: NodeID, types: [String]) -> EntityReference {
        for type in types {
            guard let label = self.label(type), self.graph.hasLabel(node, label) else { continue }
            let id = self.key(label).flatMap { self.graph.property($0, of: node).string }
            return EntityReference(type: type, id: id ?? "\(node.index)")
        }
        return EntityReference(type: "node", id: "\(node.index)")
    }
}

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
        guard text.isASCII else {
            self = try Self.ofCharacters(text)
            return
        }
        // Of ASCII each byte is a character.
        let bytes = text.utf8
        guard bytes.count <= 512, let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            colon != bytes.startIndex,
            !bytes.contains(where: \.isASCIIWhitespace)
        else { throw .malformed(text) }
        let rest = bytes.index(after: colon)
        let hash = bytes[rest...].lastIndex(of: UInt8(ascii: "#"))
        let (id, relation) = (
            text[rest..<(hash ?? bytes.endIndex)], hash.map { text[bytes.index(after: $0)...] }
        )
        guard !id.isEmpty, relation?.isEmpty != true else { throw .malformed(text) }
        self.init(type: String(text[..<colon]), id: String(id), relation: relation.map(String.init))
    }

    private static func ofCharacters(_ text: String) throws(AuthorizationError) -> EntityReference {
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
        return EntityReference(type: String(type), id: String(id), relation: relation.map(String.init))
    }

    /// As it was read.
    package var description: String {
        "\(self.type):\(self.id)" + (self.relation.map { "#\($0)" } ?? "")
    }
}

extension String {
    /// Whether each byte is a character.
    var isASCII: Bool { self.utf8.allSatisfy { $0 < 128 } }
}

extension UInt8 {
    /// Whether the character of ASCII is white space: tab to carriage return, and the space.
    var isASCIIWhitespace: Bool { self == 32 || (9...13).contains(self) }
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
    /// It depends on a condition that needs parameters which neither the request nor the tuple gives.
    case missingContext(condition: String, parameters: [String])
    /// It depends on a condition that has no value.
    case conditionFailed(condition: String, reason: String)
    /// A tuple of the request does not fit the model.
    case invalidTuple(String, reason: String)
    /// A text that is no id, relation or other part of a tuple.
    case invalidInput(String)
    /// A tuple can not be written or deleted as asked.
    case writeRefused(String)
    /// A change has nothing to change.
    case invalidWrite(String)
    /// A change names a tuple twice.
    case duplicateTuple(String)
    /// There is more of something than is allowed.
    case tooMany(what: String, limit: Int)
    /// There is no such model.
    case modelNotFound(String)
    /// There is no model at all.
    case noModel
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
        case .missingContext(let condition, let parameters):
            "condition `\(condition)` needs \(parameters.map { "`\($0)`" }.joined(separator: ", ")) in the context"
        case .conditionFailed(let condition, let reason): "condition `\(condition)` has no value: \(reason)"
        case .invalidTuple(let tuple, let reason): "tuple `\(tuple)` does not fit the model: \(reason)"
        case .invalidInput(let reason), .writeRefused(let reason), .invalidWrite(let reason): reason
        case .duplicateTuple(let tuple): "tuple `\(tuple)` is there twice"
        case .tooMany(let what, let limit): "more than \(limit) \(what)"
        case .modelNotFound(let id): "there is no authorization model `\(id)`"
        case .noModel: "the store has no authorization model yet: write one first"
        }
    }

    /// OpenFGA's code for it.
    package var code: String {
        switch self {
        case .malformed, .missingContext, .conditionFailed, .invalidInput: "validation_error"
        case .unknownType: "type_not_found"
        case .unknownRelation: "relation_not_found"
        case .invalidTuple: "invalid_tuple"
        case .writeRefused: "write_failed_due_to_invalid_input"
        case .invalidWrite: "invalid_write_input"
        case .duplicateTuple: "cannot_allow_duplicate_tuples_in_one_request"
        case .tooMany: "exceeded_entity_limit"
        case .modelNotFound: "authorization_model_not_found"
        case .noModel: "latest_authorization_model_not_found"
        case .tooDeep, .tooLong: "authorization_model_resolution_too_complex"
        }
    }
}

/// Types that the text of a literal tells.
enum PlainType: String, Hashable, Sendable {
    case boolean = "a truth value"
    case integer = "an integer"
    case float = "a float"
    case string = "a text"
    case map = "a map"

    var isNumber: Bool { self == .integer || self == .float }
}

extension Expression {
    /// The type of a literal; nil for everything else.
    var plainType: PlainType? {
        switch self.kind {
        case .boolean: .boolean
        case .integer: .integer
        case .float: .float
        case .string: .string
        case .map: .map
        default: nil
        }
    }
}

/// What a variable stands for, as far as the text tells.
enum VariableKind: Hashable, Sendable {
    case node
    case relationship
    case relationships
    case path
    /// A list, as far as the text tells: of relationships, perhaps.
    case list
    /// A number, text, truth value or map: never an entity. Nil when it is not known which.
    case plain(PlainType?)
    case value

    var words: String {
        switch self {
        case .node: "a node"
        case .relationship: "a relationship"
        case .relationships: "a list of relationships"
        case .path: "a path"
        case .list: "a list"
        case .plain(let type): type?.rawValue ?? "a plain value"
        case .value: "a value"
        }
    }
}

/// The variables that can be named at a place.
struct Scope: Sendable {
    private(set) var kinds: [String: VariableKind] = [:]
    /// Why names that were known before are no longer: a hint by name.
    private(set) var lost: [String: String] = [:]

    init(_ kinds: [String: VariableKind] = [:]) { self.kinds = kinds }

    /// The same scope, which remembers why names of another are not in it.
    func losing(_ other: Scope, _ hint: (String) -> String) -> Scope {
        var scope = self
        scope.lost = other.lost
        for name in other.kinds.keys { scope.lost[name] = hint(name) }
        return scope
    }

    var names: [String] { self.kinds.keys.sorted() }

    subscript(name: String) -> VariableKind? { self.kinds[name] }

    mutating func bind(_ name: String, _ kind: VariableKind) { self.kinds[name] = kind }

    /// This scope with more variables, which hide those of the same name.
    func adding(_ names: [(String, VariableKind)]) -> Scope {
        var scope = self
        for (name, kind) in names { scope.bind(name, kind) }
        return scope
    }
}

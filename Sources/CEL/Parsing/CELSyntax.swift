/// An expression as it was written.
struct CELSyntax {
    let kind: Kind
    let place: CELPlace
    /// How many levels it has, itself included.
    let depth: Int

    /// More levels than this are refused: whoever walks the tree calls itself for each.
    static let depthLimit = 150

    indirect enum Kind {
        case literal(CELValue)
        case name(String)
        /// `operand.field`, or `has(operand.field)`.
        case select(CELSyntax, field: String, isTest: Bool)
        case call(String, target: CELSyntax?, [CELSyntax])
        case list([CELSyntax])
        case map([(key: CELSyntax, value: CELSyntax)])
        case or([CELSyntax])
        case and([CELSyntax])
        case conditional(CELSyntax, CELSyntax, CELSyntax)
        case comprehension(Comprehension)
    }

    /// A macro over the elements of a list or the keys of a map.
    struct Comprehension {
        enum Macro: String {
            case all
            case exists
            case existsOne = "exists_one"
            case map
            case filter
        }

        let macro: Macro
        let range: CELSyntax
        let variable: String
        /// For `map` with three arguments, for `filter` and the quantifiers.
        let condition: CELSyntax?
        /// For `map`.
        let result: CELSyntax?
    }

    init(_ kind: Kind, _ place: CELPlace) throws(CELError) {
        self.kind = kind
        self.place = place
        self.depth = 1 + (kind.children.map(\.depth).max() ?? 0)
        guard self.depth <= Self.depthLimit else {
            throw CELError(.syntax, "nested deeper than \(Self.depthLimit) levels", place)
        }
    }
}

extension CELSyntax.Kind {
    fileprivate var children: [CELSyntax] {
        switch self {
        case .literal, .name: []
        case .select(let operand, _, _): [operand]
        case .call(_, let target, let arguments): (target.map { [$0] } ?? []) + arguments
        case .list(let parts), .or(let parts), .and(let parts): parts
        case .map(let members): members.flatMap { [$0.key, $0.value] }
        case .conditional(let condition, let yes, let no): [condition, yes, no]
        case .comprehension(let comprehension):
            [comprehension.range, comprehension.condition, comprehension.result].compactMap { $0 }
        }
    }
}

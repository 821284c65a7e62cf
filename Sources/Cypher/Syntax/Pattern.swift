/// A pattern between two commas: a chain of nodes and relationships, with a name for the path.
package struct PatternPart: Hashable, Sendable {
    /// Which of the matching paths are wanted.
    package enum Selection: Hashable, Sendable {
        /// All.
        case all
        /// `shortestPath(...)`
        case shortest
        /// `allShortestPaths(...)`
        case allShortest
    }
    /// The path's name.
    package let variable: String?
    /// Which paths.
    package let selection: Selection
    /// The nodes, one more than relationships.
    package let nodes: [NodePattern]
    /// The relationships between them.
    package let relationships: [RelationshipPattern]
    /// Where it stands.
    package let range: SourceRange

    /// Joins the parts; there is one node more than relationships.
    package init(
        variable: String?, selection: Selection, nodes: [NodePattern], relationships: [RelationshipPattern],
        range: SourceRange
    ) {
        self.variable = variable
        self.selection = selection
        self.nodes = nodes
        self.relationships = relationships
        self.range = range
    }
}

/// `(n:Label {key: value} WHERE ...)`
package struct NodePattern: Hashable, Sendable {
    /// The node's name.
    package let variable: String?
    /// What labels it must have.
    package let labels: LabelExpression?
    /// What properties it must have: a map, or a parameter.
    package let properties: Expression?
    /// A predicate inside the pattern.
    package let predicate: Expression?
    /// Where it stands.
    package let range: SourceRange
}

/// `-[r:TYPE*1..2 {key: value}]->`
package struct RelationshipPattern: Hashable, Sendable {
    /// Which way it may point.
    package enum Arrow: Hashable, Sendable {
        /// `-->`
        case right
        /// `<--`
        case left
        /// `--` and `<-->`
        case either
    }
    /// How many hops: nil bounds are open.
    package struct Length: Hashable, Sendable {
        /// At least; 1 when it is not said.
        package let minimum: Int?
        /// At most; nil for no limit.
        package let maximum: Int?
    }
    /// The relationship's name, or that of the list of relationships.
    package let variable: String?
    /// What types it may have.
    package let types: LabelExpression?
    /// Which way.
    package let arrow: Arrow
    /// For variable length.
    package let length: Length?
    /// What properties it must have.
    package let properties: Expression?
    /// A predicate inside the pattern.
    package let predicate: Expression?
    /// Where it stands.
    package let range: SourceRange
}

/// `A|B&!C`, over labels or types.
package indirect enum LabelExpression: Hashable, Sendable {
    /// One name.
    case name(String)
    /// `%`: any.
    case any
    /// `!a`
    case not(LabelExpression)
    /// `a&b`, `:a:b`
    case and(LabelExpression, LabelExpression)
    /// `a|b`
    case or(LabelExpression, LabelExpression)

    /// The names when it is a plain conjunction such as `:A:B`; nil otherwise.
    package var conjunction: [String]? {
        switch self {
        case .name(let name): [name]
        case .and(let left, let right): left.conjunction.flatMap { l in right.conjunction.map { l + $0 } }
        default: nil
        }
    }

    /// The names when it is a plain alternative such as `:A|B`; nil otherwise.
    package var alternatives: [String]? {
        switch self {
        case .name(let name): [name]
        case .or(let left, let right): left.alternatives.flatMap { l in right.alternatives.map { l + $0 } }
        default: nil
        }
    }
}

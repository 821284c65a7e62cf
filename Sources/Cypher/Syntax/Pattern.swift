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
    /// `SHORTEST 2`, `ANY`: how many of the paths between two ends are wanted.
    package enum Selector: Hashable, Sendable {
        /// `ANY 3`
        case any(Int)
        /// `SHORTEST 3`, `ANY SHORTEST`
        case shortest(Int)
        /// `SHORTEST 3 GROUPS`, `ALL SHORTEST`: all paths of the shortest lengths.
        case groups(Int)
    }
    /// The path's name.
    package let variable: String?
    /// Which paths, when a function of old says it.
    package let selection: Selection
    /// Which paths, when a word before the pattern says it; nil for all.
    package var selector: Selector?
    /// A predicate inside the parentheses around the whole pattern.
    package var predicate: Expression?
    /// The nodes, one more than relationships.
    package let nodes: [NodePattern]
    /// The relationships between them.
    package let relationships: [RelationshipPattern]
    /// Where it stands.
    package let range: SourceRange

    /// The same pattern with all paths wanted, under a name for the path.
    package func unselected(_ name: String) -> PatternPart {
        PatternPart(
            variable: name, selection: .all, nodes: self.nodes, relationships: self.relationships,
            range: self.range)
    }

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

    /// The same node under another name.
    package func named(_ name: String) -> NodePattern {
        NodePattern(
            variable: name, labels: self.labels, properties: self.properties, predicate: self.predicate,
            range: self.range)
    }
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
    /// What is walked again and again; nil for a single relationship.
    package var group: PathGroup?
    /// What properties it must have.
    package let properties: Expression?
    /// A predicate inside the pattern.
    package let predicate: Expression?
    /// Where it stands.
    package let range: SourceRange
}

/// `((a)-[:R]->(b) WHERE ...)`, which a quantifier follows.
package struct PathGroup: Hashable, Sendable {
    /// The nodes, one more than relationships.
    package let nodes: [NodePattern]
    /// The relationships between them.
    package let relationships: [RelationshipPattern]
    /// What each walk must fulfil.
    package let predicate: Expression?

    /// The names inside: lists, one element a walk, outside of it.
    package var variables: [String] {
        self.nodes.compactMap(\.variable) + self.relationships.compactMap(\.variable)
    }
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

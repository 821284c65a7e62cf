/// A DOT file as libcgraph reads it: attributes with their defaults resolved.
package struct DotGraph: Hashable, Sendable {
    /// A node.
    package struct Node: Hashable, Sendable {
        /// Its name, the key of the node in the file.
        package let name: String
        /// Its attributes; empty ones are left out.
        package let attributes: [String: String]
        /// The line of its first mention, from 1, when it could be told.
        package let line: Int?

        /// Joins the parts.
        package init(name: String, attributes: [String: String] = [:], line: Int? = nil) {
            self.name = name
            self.attributes = attributes
            self.line = line
        }
    }

    /// An edge.
    package struct Edge: Hashable, Sendable {
        /// Where it starts.
        package let tail: String
        /// Where it ends.
        package let head: String
        /// Its attributes; empty ones are left out.
        package let attributes: [String: String]

        /// Joins the parts.
        package init(tail: String, head: String, attributes: [String: String] = [:]) {
            self.tail = tail
            self.head = head
            self.attributes = attributes
        }
    }

    /// A subgraph; a cluster when its name starts with `cluster`.
    package struct Subgraph: Hashable, Sendable {
        /// Its name; empty for one without.
        package let name: String
        /// Its attributes; empty ones are left out.
        package let attributes: [String: String]
        /// The names of all nodes in it.
        package let nodes: [String]

        /// Joins the parts.
        package init(name: String, attributes: [String: String] = [:], nodes: [String] = []) {
            self.name = name
            self.attributes = attributes
            self.nodes = nodes
        }
    }

    /// The graph's name; empty for one without.
    package let name: String
    /// Whether it is a `digraph`.
    package let isDirected: Bool
    /// Its attributes; empty ones are left out.
    package let attributes: [String: String]
    /// Nodes in the order of the file.
    package let nodes: [Node]
    /// Edges, by tail in the order of the file.
    package let edges: [Edge]
    /// Subgraphs, outer ones first.
    package let subgraphs: [Subgraph]

    /// Joins the parts.
    package init(
        name: String, isDirected: Bool = true, attributes: [String: String] = [:], nodes: [Node] = [],
        edges: [Edge] = [], subgraphs: [Subgraph] = []
    ) {
        self.name = name
        self.isDirected = isDirected
        self.attributes = attributes
        self.nodes = nodes
        self.edges = edges
        self.subgraphs = subgraphs
    }
}

/// Why Graphviz did not take a text.
package enum GraphvizError: Error, Hashable, Sendable {
    /// It is not DOT. Line from 1 when libcgraph told one.
    case syntax(message: String, line: Int?)
    /// It could not be drawn.
    case rendering(String)
    /// The helper process ended badly.
    case helperFailed(String)
    /// The helper was stopped at a limit.
    case limit(String)
}

extension GraphvizError: CustomStringConvertible {
    /// What went wrong and where.
    package var description: String {
        switch self {
        case .syntax(let message, _): message
        case .rendering(let message): "Graphviz cannot draw this: \(message)"
        case .helperFailed(let message): "the picture process failed: \(message)"
        case .limit(let message): message
        }
    }
}

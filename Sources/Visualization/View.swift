package import JSON

/// A picture of the graph that can be asked for by name: a query and a style
/// (`visualizations/NAME.view.json`).
///
/// `title`, `description`; `query`, which returns nodes, relationships and paths; `parameters` with their
/// defaults; `rankdir`; `limit` of nodes; `nodes` and `relationships` by label and type: `colour` (a name of
/// the palette), `shape`, `label` and `tooltip` (templates such as `{name}\n{id}`); `rules`: a `label`, `where` (properties and the values
/// that they must have) and what the style of such nodes is instead; `draws`: `edges` when the query returns rows of `from`, `label` and
/// `to` instead of entities, `states` for a row of `machine` and `state`.
package struct View: Hashable, Sendable {
    /// How nodes of a label or relationships of a type look.
    package struct Style: Hashable, Sendable {
        /// A colour of the palette.
        package let colour: String?
        /// A shape of Graphviz.
        package let shape: String?
        /// A template.
        package let label: String?
        /// A template.
        package let tooltip: String?
    }

    /// A style for nodes whose properties have certain values, such as a state.
    package struct Rule: Hashable, Sendable {
        /// The label that a node must have; nil for any.
        package let label: String?
        /// Properties and the texts of the values that they must have.
        package let conditions: [String: String]
        /// What its style says goes before that of the label.
        package let style: Style
    }

    /// The file's name without ending.
    package let name: String
    /// Above the picture.
    package let title: String
    /// What it shows.
    package let description: String
    /// What is shown.
    package let query: String
    /// Parameters of the query and their defaults.
    package let parameters: JSON.Object
    /// `LR` or `TB`.
    package let rankdir: String
    /// How many nodes are drawn at most.
    package let limit: Int
    /// By label.
    package let nodes: [String: Style]
    /// By type.
    package let relationships: [String: Style]
    /// By property and state, the first that fits.
    package let rules: [Rule]
    /// Whether rows are edges by themselves.
    package let drawsEdges: Bool
    /// Whether the row names a state machine and a state of it.
    package let drawsStates: Bool

    /// Reads a view.
    /// - Throws: ``ViewError`` with the place.
    package init(name: String, source: String) throws(ViewError) {
        let json: JSON
        do {
            json = try JSON.parse(source)
        } catch {
            throw ViewError(view: name, message: error.description)
        }
        func text(_ member: String) throws(ViewError) -> String {
            guard let text = json[member]?.string, !text.isEmpty else {
                throw ViewError(view: name, message: "the member `\(member)` is missing or not a text")
            }
            return text
        }
        self.name = name
        self.title = try text("title")
        if let lines = json["query"]?.array?.compactMap(\.string) {
            self.query = lines.joined(separator: "\n")
        } else {
            self.query = try text("query")
        }
        self.description = json["description"]?.string ?? ""
        self.parameters = json["parameters"]?.object ?? JSON.Object()
        self.rankdir = json["rankdir"]?.string ?? "LR"
        self.limit = json["limit"]?.int ?? 300
        self.nodes = Self.styles(json["nodes"])
        self.relationships = Self.styles(json["relationships"])
        self.drawsEdges = json["draws"] == "edges"
        self.drawsStates = json["draws"] == "states"
        self.rules = (json["rules"]?.array ?? []).map { rule in
            var conditions: [String: String] = [:]
            for member in rule["where"]?.object ?? JSON.Object() {
                conditions[member.name] = member.value.string ?? member.value.text
            }
            return Rule(label: rule["label"]?.string, conditions: conditions, style: Self.style(rule))
        }
    }

    private static func styles(_ json: JSON?) -> [String: Style] {
        var styles: [String: Style] = [:]
        for member in json?.object ?? JSON.Object() {
            styles[member.name] = Self.style(member.value)
        }
        return styles
    }

    private static func style(_ json: JSON) -> Style {
        // A rule's own `label` is the one its nodes must have.
        Style(
            colour: json["colour"]?.string, shape: json["shape"]?.string,
            label: json["where"] == nil ? json["label"]?.string : json["text"]?.string,
            tooltip: json["tooltip"]?.string)
    }
}

/// Why a view cannot be read or drawn.
package struct ViewError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The view's name.
    package let view: String
    /// What is wrong.
    package let message: String

    /// `view network: line 3, column 1: ...`
    package var description: String { "view `\(self.view)`: \(self.message)" }
}

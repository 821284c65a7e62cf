internal import Graphviz

/// An authorization decision as a chain from the subject to the object.
package struct DecisionPicture: Sendable {
    /// One link of the chain.
    package struct Link: Hashable, Sendable {
        /// Where it starts, such as `user:anne`.
        package let from: String
        /// Where it ends.
        package let to: String
        /// What it is.
        package let label: String
        /// Whether it counts.
        package let isValid: Bool

        /// Joins the parts.
        package init(from: String, to: String, label: String, isValid: Bool) {
            self.from = from
            self.to = to
            self.label = label
            self.isValid = isValid
        }
    }

    /// What was asked.
    package let question: String
    /// Who asks.
    package let subject: String
    /// On what.
    package let object: String
    /// The decision.
    package let isAllowed: Bool
    /// The granting chain, or what would grant.
    package let links: [Link]
    /// Rules and remarks below the chain.
    package let notes: [String]

    /// Joins the parts.
    package init(
        question: String, subject: String, object: String, isAllowed: Bool, links: [Link], notes: [String]
    ) {
        self.question = question
        self.subject = subject
        self.object = object
        self.isAllowed = isAllowed
        self.links = links
        self.notes = notes
    }

    /// DOT in the house style.
    package func dot() -> String {
        let verdict = self.isAllowed ? "\u{2713} allowed" : "\u{2717} denied"
        let lines = ["\(verdict):  " + self.question] + self.notes.map { "    " + $0 }
        var attributes = Palette.graph(
            title: lines.map { DotWriter.label($0) + "\\l" }.joined(), rankdir: "LR")
        attributes.append(("fontsize", "15"))
        var writer = DotWriter(name: "decision", attributes: attributes)
        writer.defaults("node", Palette.node)
        writer.defaults("edge", Palette.edge)
        var names = [self.subject]
        for link in self.links { names += [link.from, link.to] }
        names.append(self.object)
        var seen: Set<String> = []
        for name in names where seen.insert(name).inserted {
            let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
            let swatch = Palette.swatch(Self.colours[parts[0]] ?? parts[0])
            let isEnd = name == self.subject || name == self.object
            writer.node(
                name,
                [
                    ("label", DotWriter.label("\(parts.count > 1 ? parts[1] : name)\n\(parts[0])")),
                    ("fillcolor", swatch.fill), ("color", swatch.border), ("penwidth", isEnd ? "2.2" : "1.3"),
                    ("tooltip", DotWriter.label(name)),
                ])
        }
        for link in self.links {
            let colour = Palette.swatch(link.isValid ? (self.isAllowed ? "green" : "amber") : "red").border
            writer.edge(
                link.from, link.to,
                [
                    ("label", " \(DotWriter.label(link.label)) "), ("color", colour), ("fontcolor", colour),
                    ("penwidth", "1.8"), ("style", link.isValid ? "solid" : "dashed"),
                ])
        }
        if self.links.isEmpty {
            writer.edge(
                self.subject, self.object,
                [
                    ("label", " no path "), ("style", "dashed"), ("color", Palette.swatch("red").border),
                    ("arrowhead", "tee"),
                ])
        }
        return writer.text
    }

    private static let colours = [
        "user": "blue", "group": "violet", "zone": "amber", "function": "green", "machine": "teal",
        "pipeline": "green",
    ]
}

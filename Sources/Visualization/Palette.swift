/// A fill, its border and the text on it: soft fills with a darker border of the same hue, readable in
/// black and white too.
package struct Swatch: Hashable, Sendable {
    /// Inside.
    package let fill: String
    /// Around.
    package let border: String

    /// Joins the two, as `#rrggbb`.
    package init(_ fill: String, _ border: String) {
        self.fill = fill
        self.border = border
    }
}

/// The colours of all pictures.
enum Palette {
    static let named: [String: Swatch] = [
        "blue": Swatch("#e0ecff", "#3b6fc9"), "green": Swatch("#dcf3e3", "#2f8f5b"),
        "amber": Swatch("#fdf0d2", "#b9822b"), "red": Swatch("#fbe0de", "#c2453f"),
        "violet": Swatch("#ece4fb", "#7a55c7"), "teal": Swatch("#d8f1f1", "#2b8a8f"),
        "grey": Swatch("#eef0f3", "#7b8694"), "pink": Swatch("#fbe2ef", "#b84c85"),
    ]
    static let cycle = ["blue", "green", "amber", "violet", "teal", "pink", "red", "grey"]
    static let ink = "#27313f"
    static let line = "#8a94a3"
    static let font = "Helvetica,Arial,sans-serif"

    /// The swatch of a name, or a steady choice for any other text.
    static func swatch(_ name: String) -> Swatch {
        if let swatch = self.named[name] { return swatch }
        let sum = name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
        return self.named[self.cycle[sum % self.cycle.count]] ?? Swatch("#eef0f3", "#7b8694")
    }

    /// What all graphs share.
    static func graph(title: String, rankdir: String) -> [(String, String)] {
        [
            ("rankdir", rankdir), ("bgcolor", "transparent"), ("fontname", self.font), ("fontsize", "18"),
            ("fontcolor", self.ink), ("label", title), ("labelloc", "t"), ("labeljust", "l"), ("pad", "0.35"),
            ("nodesep", "0.3"), ("ranksep", "0.65"), ("splines", "true"), ("outputorder", "edgesfirst"),
        ]
    }

    static let node: [(String, String)] = [
        ("shape", "box"), ("style", "rounded,filled"), ("fontname", font), ("fontsize", "12"),
        ("fontcolor", ink),
        ("penwidth", "1.3"), ("margin", "0.16,0.09"), ("height", "0.4"),
    ]
    static let edge: [(String, String)] = [
        ("fontname", font), ("fontsize", "10"), ("fontcolor", "#5b6675"), ("color", line),
        ("penwidth", "1.2"),
        ("arrowsize", "0.75"),
    ]
}

internal import Graphviz

/// When the steps of a run ran, as bars over time: an SVG of our own, since there is nothing to lay out. O(steps).
package struct GanttPicture: Sendable {
    /// One bar. Times are milliseconds since the run's start.
    package struct Bar: Sendable {
        let name: String
        let state: String
        let machine: String
        let start: Int
        let end: Int
        let isMeasured: Bool
        let isCritical: Bool

        /// Joins the parts.
        package init(
            name: String, state: String, machine: String, start: Int, end: Int, isMeasured: Bool,
            isCritical: Bool
        ) {
            self.name = name
            self.state = state
            self.machine = machine
            self.start = start
            self.end = end
            self.isMeasured = isMeasured
            self.isCritical = isCritical
        }
    }

    /// The most bars; what is beyond is left out, with a note.
    package static let limit = 500

    private let title: String
    private let bars: [Bar]

    /// A chart with a bar for each step.
    package init(title: String, bars: [Bar]) {
        self.title = title
        self.bars = bars
    }

    /// The picture.
    package func svg() -> String {
        let shown = self.bars.prefix(Self.limit)
        let (left, width, row, top) = (170, 760, 22, 56)
        let height = top + shown.count * row + 40
        let end = max(1, self.bars.map(\.end).max() ?? 1)
        func x(_ time: Int) -> Int { left + time * (width - left - 20) / end }
        let note = self.bars.count > shown.count ? ", showing \(shown.count) of \(self.bars.count) steps" : ""
        let title = SVGFinish.escaped(self.title + note)
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"\(title)\" font-family=\"\(Palette.font)\" font-size=\"11\">",
            "<title>\(title)</title>",
            "<style>text{fill:#27313f}line{stroke:#c9d0da}.critical{stroke-width:2.5}@media (prefers-color-scheme:dark){text{fill:#e8edf4}line{stroke:#4a5564}rect{fill-opacity:.5}}</style>",
            "<text x=\"12\" y=\"22\" font-size=\"15\">\(title)</text>",
        ]
        for tick in 0...4 {
            let time = end * tick / 4
            lines.append(
                "<line x1=\"\(x(time))\" y1=\"38\" x2=\"\(x(time))\" y2=\"\(height - 24)\"/><text x=\"\(x(time))\" y=\"\(height - 10)\" text-anchor=\"middle\">\(Self.time(time))</text>"
            )
        }
        for (number, bar) in shown.enumerated() {
            let y = top + number * row
            let swatch = RunPicture.swatch(bar.state)
            let name = SVGFinish.escaped(String(bar.name.prefix(26)))
            let tooltip = SVGFinish.escaped(
                "\(bar.name): \(bar.state), \(Self.time(bar.start)) to \(Self.time(bar.end))"
                    + (bar.machine.isEmpty ? "" : " on \(bar.machine)") + (bar.isMeasured ? "" : ", expected")
                    + (bar.isCritical ? ", critical" : ""))
            lines.append(
                "<g class=\"bar \(bar.state)\"><title>\(tooltip)</title><text x=\"12\" y=\"\(y + 12)\">\(name)</text>"
                    + "<rect class=\"\(bar.isCritical ? "critical" : "")\" x=\"\(x(bar.start))\" y=\"\(y)\" width=\"\(max(2, x(bar.end) - x(bar.start)))\" height=\"\(row - 6)\" rx=\"3\" fill=\"\(swatch.fill)\" stroke=\"\(bar.isCritical ? "#c2453f" : swatch.border)\"\(bar.isMeasured ? "" : " stroke-dasharray=\"4 3\"")/></g>"
            )
        }
        return lines.joined(separator: "\n") + "\n</svg>\n"
    }

    private static func time(_ milliseconds: Int) -> String {
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 120_000 { return "\(Double(milliseconds / 100) / 10) s" }
        if milliseconds < 7_200_000 { return "\(milliseconds / 60_000) min" }
        return "\(milliseconds / 3_600_000) h"
    }
}

/// What libgvc's SVG lacks for pages: words for those who do not see it, colours for dark pages, and only harmless links.
///
/// O(bytes): one pass that copies.
package enum SVGFinish {
    /// Light and dark by the reader's own setting; no script anywhere.
    private static let style = """
        <style>
        svg{color-scheme:light dark}
        a{text-decoration:none}
        .node a:hover path,.node a:hover polygon,.node a:hover ellipse{stroke-width:2.5}
        @media (prefers-color-scheme:dark){
        text{fill:#e8edf4}
        .node path,.node polygon,.node ellipse{fill-opacity:.22}
        .cluster path,.cluster polygon{stroke:#4a5564}
        .edge path{stroke-opacity:.85}
        }
        </style>

        """

    /// The finished text. `title` is read out for the picture as a whole.
    package static func finished(_ svg: [UInt8], title: String) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(svg.count + 1500)
        let open = Array("<svg ".utf8)
        guard let start = self.find(open, in: svg, from: 0),
            let end = svg[start...].firstIndex(of: UInt8(ascii: ">"))
        else { return svg }
        // The document type names a file that no reader needs.
        output += Array("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n".utf8)
        output += open
        output += Array("role=\"img\" aria-label=\"\(self.escaped(title))\" ".utf8)
        output += svg[(start + open.count)...end]
        output += Array("\n".utf8) + Array(self.style.utf8)
        self.copyLinks(svg, from: end + 1, into: &output)
        return output
    }

    /// Copies the rest; what a link leads to must be a place on this server, in this picture or on the web.
    private static func copyLinks(_ svg: [UInt8], from start: Int, into output: inout [UInt8]) {
        let mark = Array("xlink:href=\"".utf8)
        var at = start
        while let found = self.find(mark, in: svg, from: at) {
            output += svg[at..<found]
            let value = found + mark.count
            guard let close = svg[value...].firstIndex(of: UInt8(ascii: "\"")) else { break }
            if self.isHarmless(svg[value..<close]) { output += svg[found...close] }
            at = close + 1
        }
        output += svg[at...]
    }

    private static func isHarmless(_ link: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: link.prefix(12), as: UTF8.self).lowercased()
        return ["/", "#", "http://", "https://"].contains { text.hasPrefix($0) }
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        var at = start
        while at + needle.count <= bytes.count, let first = bytes[at...].firstIndex(of: needle[0]) {
            if first + needle.count <= bytes.count, bytes[first..<first + needle.count].elementsEqual(needle)
            {
                return first
            }
            at = first + 1
        }
        return nil
    }

    /// A text for an attribute or element of XML.
    package static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped += " "
            case let scalar where scalar.value < 32: break
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

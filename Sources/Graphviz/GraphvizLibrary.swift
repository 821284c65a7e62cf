internal import CGraphviz
internal import Synchronization

/// Formats that pictures can have.
package enum PictureFormat: String, CaseIterable, Sendable {
    /// Vectors for pages.
    case svg
    /// Pixels.
    case png
    /// For printing.
    case pdf
    /// DOT with positions.
    case dot

    /// The media type.
    package var mediaType: String {
        switch self {
        case .svg: "image/svg+xml"
        case .png: "image/png"
        case .pdf: "application/pdf"
        case .dot: "text/vnd.graphviz"
        }
    }
}

/// libcgraph and libgvc in this process. They know no threads, so all calls are behind one lock; a layout
/// cannot be stopped, so a server uses ``PictureProcess`` instead.
package enum GraphvizLibrary {
    /// Attributes that would make Graphviz read files.
    private static let readingAttributes = [
        "image", "shapefile", "imagepath", "fontpath", "_background", "stylesheet",
    ]
    private static let layouts: Set<String> = [
        "dot", "neato", "fdp", "sfdp", "circo", "twopi", "osage", "patchwork",
    ]
    private static let lock = Mutex(())
    /// The longest DOT text, in bytes.
    package static let lengthLimit = 64 << 20

    /// Reads a DOT text. O(bytes).
    /// - Throws: ``GraphvizError/syntax(message:line:)``.
    package static func parse(_ dot: String) throws(GraphvizError) -> DotGraph {
        let result = self.lock.withLock { _ in
            Result { () throws(GraphvizError) in
                let graph = try self.read(dot)
                defer { agclose(graph) }
                return self.value(of: graph, text: dot)
            }
        }
        return try result.get()
    }

    /// Lays a DOT text out and draws it.
    /// - Throws: ``GraphvizError``.
    package static func render(_ dot: String, format: PictureFormat) throws(GraphvizError) -> [UInt8] {
        let result = self.lock.withLock { _ in
            Result { () throws(GraphvizError) in try self.draw(dot, format) }
        }
        return try result.get()
    }

    private static func draw(_ dot: String, _ format: PictureFormat) throws(GraphvizError) -> [UInt8] {
        let graph = try self.read(dot)
        defer { agclose(graph) }
        for kind in [AGRAPH, AGNODE, AGEDGE] {
            for name in self.readingAttributes { _ = plexus_remove_attribute(graph, Int32(kind), name) }
        }
        guard let context = gvContext() else { throw .rendering("libgvc does not start") }
        defer { gvFreeContext(context) }
        let asked = agget(graph, strdup("layout")).map { String(cString: $0) } ?? ""
        let layout = self.layouts.contains(asked) ? asked : "dot"
        guard gvLayout(context, graph, layout) == 0 else { throw .rendering(self.complaint()) }
        defer { gvFreeLayout(context, graph) }
        var data: UnsafeMutablePointer<CChar>?
        var length: UInt32 = 0
        guard gvRenderData(context, graph, format.rawValue, &data, &length) == 0, let data else {
            throw .rendering(self.complaint())
        }
        defer { gvFreeRenderData(data) }
        let bytes = [UInt8](UnsafeRawBufferPointer(start: data, count: Int(length)))
        guard format == .svg else { return bytes }
        let title = agget(graph, strdup("label")).map { String(cString: $0) } ?? ""
        let words = title.replacing("\\l", with: " ").replacing("\\n", with: " ").prefix(300)
        return SVGFinish.finished(bytes, title: words.isEmpty ? self.graphName(graph) : String(words))
    }

    private static func complaint() -> String {
        agerrors() > 0 ? (aglasterr().map { String(cString: $0) } ?? "unknown") : "unknown"
    }

    private static func read(_ dot: String) throws(GraphvizError) -> UnsafeMutablePointer<Agraph_t> {
        guard dot.utf8.count <= self.lengthLimit else {
            throw .syntax(message: "the DOT text is longer than \(self.lengthLimit) bytes", line: nil)
        }
        guard !dot.utf8.contains(0) else {
            throw .syntax(message: "a DOT text cannot hold a NUL byte", line: nil)
        }
        // Line numbers carry over from text to text unless they are reset.
        agreadline(1)
        // Complaints are kept for `aglasterr` instead of going to standard error.
        agseterr(AGMAX)
        // The last complaint stays for ever: only the count since now tells whether it is ours.
        agreseterrors()
        let graph = agmemread(dot)
        let message = graph == nil && agerrors() > 0 ? aglasterr().map { String(cString: $0) } ?? "" : ""
        self.forgetReadAhead()
        guard let graph else { throw self.syntaxError(message) }
        return graph
    }

    /// The scanner keeps what it read past the end of a graph or a mistake, and would give it to the next
    /// caller, with its lines: a text without a graph takes it away.
    private static func forgetReadAhead() {
        for _ in 0..<100 {
            guard let rest = agmemread("") else { break }
            agclose(rest)
        }
    }

    private static func syntaxError(_ message: String) -> GraphvizError {
        let trimmed = message.split(separator: "\n").joined(separator: " ")
        let line = trimmed.split(separator: " ").drop { $0 != "line" }.dropFirst().first.flatMap { Int($0) }
        guard !trimmed.isEmpty else { return .syntax(message: "there is no graph in the text", line: nil) }
        return .syntax(message: trimmed, line: line)
    }

    // MARK: Values

    private static func value(of graph: UnsafeMutablePointer<Agraph_t>, text: String) -> DotGraph {
        let lines = DotLines(text)
        var nodes: [DotGraph.Node] = []
        var edges: [DotGraph.Edge] = []
        var node = agfstnode(graph)
        while let current = node {
            let name = self.name(current)
            nodes.append(
                DotGraph.Node(
                    name: name, attributes: self.attributes(current, graph, AGNODE),
                    line: lines.line(of: name)))
            var edge = agfstout(graph, current)
            while let out = edge {
                edges.append(
                    DotGraph.Edge(
                        tail: self.name(plexus_tail(out)), head: self.name(plexus_head(out)),
                        attributes: self.attributes(out, graph, AGEDGE)))
                edge = agnxtout(graph, out)
            }
            node = agnxtnode(graph, current)
        }
        return DotGraph(
            name: self.graphName(graph), isDirected: agisdirected(graph) != 0,
            attributes: self.attributes(graph, graph, AGRAPH), nodes: nodes, edges: edges,
            subgraphs: self.subgraphs(of: graph, depth: 0))
    }

    private static func subgraphs(of graph: UnsafeMutablePointer<Agraph_t>, depth: Int) -> [DotGraph.Subgraph]
    {
        guard depth < 100 else { return [] }
        var found: [DotGraph.Subgraph] = []
        var next = agfstsubg(graph)
        while let current = next {
            var names: [String] = []
            var node = agfstnode(current)
            while let inside = node {
                names.append(self.name(inside))
                node = agnxtnode(current, inside)
            }
            found.append(
                DotGraph.Subgraph(
                    name: self.graphName(current),
                    attributes: self.attributes(current, agroot(current), AGRAPH),
                    nodes: names))
            found += self.subgraphs(of: current, depth: depth + 1)
            next = agnxtsubg(current)
        }
        return found
    }

    private static func name(_ object: UnsafeMutableRawPointer?) -> String {
        agnameof(object).map { String(cString: $0) } ?? ""
    }

    private static func graphName(_ graph: UnsafeMutablePointer<Agraph_t>) -> String {
        // libcgraph names what has no name `%1`.
        let name = self.name(graph)
        return name.hasPrefix("%") ? "" : name
    }

    private static func attributes(
        _ object: UnsafeMutableRawPointer, _ graph: UnsafeMutablePointer<Agraph_t>?, _ kind: Int32
    ) -> [String: String] {
        var attributes: [String: String] = [:]
        var symbol = agnxtattr(graph, kind, nil)
        while let current = symbol {
            if let value = plexus_get(object, current), value.pointee != 0, let key = plexus_key(current) {
                let (name, text) = (String(cString: key), String(cString: value))
                // libgvc, once started, gives every node the label `\N`, which means its name.
                if name != "label" || text != "\\N" { attributes[name] = text }
            }
            symbol = agnxtattr(graph, kind, current)
        }
        return attributes
    }
}

/// Where names first stand in a DOT text: a scan for words and quoted texts, comments aside.
private struct DotLines {
    private let lines: [String: Int]

    init(_ text: String) {
        let bytes = Array(text.utf8)
        var line = 1
        var at = 0
        var lines: [String: Int] = [:]
        func note(_ name: [UInt8], _ line: Int, _ lines: inout [String: Int]) {
            let name = String(decoding: name, as: UTF8.self)
            if lines[name] == nil { lines[name] = line }
        }
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 10 { line += 1 }
            if byte == UInt8(ascii: "\"") {
                let start = line
                var name: [UInt8] = []
                at += 1
                while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
                    if bytes[at] == 10 { line += 1 }
                    if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count,
                        bytes[at + 1] == UInt8(ascii: "\"")
                    {
                        at += 1
                    }
                    name.append(bytes[at])
                    at += 1
                }
                note(name, start, &lines)
            } else if byte == UInt8(ascii: "/"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "/") {
                while at + 1 < bytes.count, bytes[at + 1] != 10 { at += 1 }
            } else if byte == UInt8(ascii: "/"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "*") {
                while at + 1 < bytes.count,
                    !(bytes[at] == UInt8(ascii: "*") && bytes[at + 1] == UInt8(ascii: "/"))
                {
                    if bytes[at] == 10 { line += 1 }
                    at += 1
                }
            } else if Self.isWord(byte) {
                let start = at
                while at < bytes.count, Self.isWord(bytes[at]) { at += 1 }
                note(Array(bytes[start..<at]), line, &lines)
                continue
            }
            at += 1
        }
        self.lines = lines
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
            || byte >= 0x80
            || byte == 46
    }

    func line(of name: String) -> Int? { self.lines[name] }
}

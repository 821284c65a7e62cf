internal import Graphviz
internal import JSON

/// The OpenAPI document as a page to read: no script, light and dark, fit for a phone.
enum OpenAPIPage {
    static func html(_ document: JSON) -> String {
        var byGroup: [String: [(path: String, method: String, operation: JSON)]] = [:]
        for path in document["paths"]?.object ?? [:] {
            for method in path.value.object ?? [:] {
                let group = method.value["tags"]?.array?.first?.string ?? "Other"
                byGroup[group, default: []].append((path.name, method.name, method.value))
            }
        }
        var groups = (document["tags"]?.array ?? []).map {
            (name: $0["name"]?.string ?? "", description: $0["description"]?.string ?? "")
        }
        if byGroup["Other"] != nil { groups.append(("Other", "")) }
        let version = document["info"]?["version"]?.string ?? ""
        var html = """
            <!doctype html><html lang="en"><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1"><title>Plexus HTTP API</title>
            <style>\(Self.style)</style><main><h1>Plexus HTTP API <small>\(SVGFinish.escaped(version))</small></h1>
            <p>The same for programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Requests carry
            <code>Authorization: Bearer TOKEN</code>; errors are <code>application/problem+json</code> with a
            <code>code</code>, except that each standard API answers errors in its own form.</p><nav>
            """
        for group in groups {
            html += "<a href=\"#\(Self.anchor(group.name))\">\(SVGFinish.escaped(group.name))</a> "
        }
        html += "</nav>"
        let schemas = document["components"]?["schemas"] ?? [:]
        for group in groups {
            html += "<h2 id=\"\(Self.anchor(group.name))\">\(SVGFinish.escaped(group.name))</h2>"
            html += "<p>\(SVGFinish.escaped(group.description))</p>"
            for (path, method, operation) in byGroup[group.name] ?? [] {
                html += "<details><summary><b class=\"\(method)\">\(method.uppercased())</b> <code>"
                html +=
                    "\(SVGFinish.escaped(path))</code> \(Self.text(operation["summary"]?.string ?? ""))</summary>"
                html += Self.body(operation, schemas) + "</details>"
            }
        }
        return html + "</main></html>"
    }

    private static func body(_ operation: JSON, _ schemas: JSON) -> String {
        var html = ""
        for paragraph in (operation["description"]?.string ?? "").split(separator: "\n\n") {
            html += "<p>\(Self.text(String(paragraph)))</p>"
        }
        let parameters = operation["parameters"]?.array ?? []
        if !parameters.isEmpty {
            let names = parameters.map {
                "<code>\(SVGFinish.escaped($0["name"]?.string ?? ""))</code> (\(SVGFinish.escaped($0["in"]?.string ?? "")))"
            }
            html += "<p>Parameters: \(names.joined(separator: ", "))</p>"
        }
        html += Self.content("Takes", operation["requestBody"]?["content"], schemas)
        for answer in operation["responses"]?.object ?? [:] where answer.name != "default" {
            html += Self.content("Answers \(answer.name)", answer.value["content"], schemas)
            if answer.value["content"] == nil { html += "<p>Answers \(answer.name)</p>" }
        }
        return html
    }

    private static func content(_ what: String, _ content: JSON?, _ schemas: JSON) -> String {
        guard let (type, value) = content?.object?.members.first.map({ ($0.name, $0.value) }) else {
            return ""
        }
        var html = "<p>\(what): <code>\(SVGFinish.escaped(type))</code></p>"
        let name = value["schema"]?["$ref"]?.string?.split(separator: "/").last.map(String.init)
        guard let name, let schema = schemas[name] else { return html }
        var rows = ""
        let required = Set(schema["required"]?.array?.compactMap(\.string) ?? [])
        for property in schema["properties"]?.object ?? [:] {
            let kind =
                property.value["type"]?.string
                ?? property.value["enum"]?.array?.compactMap(\.string).joined(separator: " or ")
                ?? property.value["$ref"]?.string?.split(separator: "/").last.map(String.init) ?? "any"
            rows +=
                "<tr><td><code>\(SVGFinish.escaped(property.name))</code>\(required.contains(property.name) ? " *" : "")"
            rows +=
                "<td>\(SVGFinish.escaped(kind))<td>\(Self.text(property.value["description"]?.string ?? ""))</tr>"
        }
        if !rows.isEmpty { html += "<table>\(rows)</table>" }
        if let example = schema["example"] { html += "<pre>\(SVGFinish.escaped(example.text))</pre>" }
        return html
    }

    private static func anchor(_ name: String) -> String {
        String(name.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
    }

    /// Text with `code` in it.
    private static func text(_ text: String) -> String {
        var html = ""
        for (index, part) in text.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            html +=
                index % 2 == 1
                ? "<code>\(SVGFinish.escaped(String(part)))</code>" : SVGFinish.escaped(String(part))
        }
        return html
    }

    private static let style = """
        :root{color-scheme:light dark}body{font:16px/1.45 system-ui,sans-serif;margin:0}
        main{max-width:60rem;margin:auto;padding:1rem}small{opacity:.6;font-weight:400}
        nav a{margin-right:.6rem}h2{margin:1.8rem 0 .2rem}details{border-top:1px solid #8884;padding:.35rem 0}
        summary{cursor:pointer}details>*:not(summary){margin-left:1.2rem}b{display:inline-block;min-width:4.2rem}
        .get{color:#1a7f37}.post{color:#0969da}.put,.patch{color:#9a6700}.delete{color:#cf222e}
        code,pre{font:14px ui-monospace,monospace;overflow-wrap:anywhere}pre{white-space:pre-wrap;background:#8882;padding:.5rem}
        table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0;vertical-align:top}
        @media(prefers-color-scheme:dark){.get{color:#3fb950}.post{color:#58a6ff}.put,.patch{color:#d29922}.delete{color:#f85149}}
        """
}

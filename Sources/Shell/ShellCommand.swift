/// A command of the shell itself, such as `:use films`.
package enum ShellCommand: Hashable, Sendable {
    case help(String?)
    case use(String)
    /// Sets one; the value is an expression in Cypher, or JSON after `=`.
    case setParameter(name: String, value: String, isJSON: Bool)
    case listParameters
    case clearParameters
    case begin, commit, rollback
    case source(String)
    case queries(String?)
    case run(String)
    case explain(String?), profile(String?)
    case graph(String?)
    case timing(Bool?)
    case format(RowFormat)
    case schema
    case exit

    /// What each does: name, arguments, meaning.
    package static let manual: [(name: String, arguments: String, meaning: String)] = [
        ("help", "[COMMAND]", "this list, or one command"),
        ("use", "NAME", "work with another graph; SHOW DATABASES lists them"),
        ("param", "NAME => EXPRESSION", "set a parameter, $NAME in queries; also NAME=JSON"),
        ("params", "[clear]", "list the parameters, or forget them"),
        ("begin", "", "begin a transaction: what follows is kept or undone as a whole"),
        ("commit", "", "keep what the transaction did"),
        ("rollback", "", "undo what the transaction did"),
        ("source", "FILE", "run the statements and commands of a file"),
        ("queries", "[NAME]", "list the named queries, or show one"),
        ("run", "NAME", "run a named query with the parameters that are set"),
        ("explain", "[QUERY]", "show the plan of a query, or of the last one"),
        ("profile", "[QUERY]", "run a query, or the last one, and show what each step of the plan cost"),
        ("graph", "[FILE]", "draw the nodes and relationships of the last result (.svg, .png, .pdf, .dot)"),
        ("schema", "", "list indexes and constraints"),
        ("timing", "[on|off]", "show how long queries take"),
        ("format", "table|json|csv|jsonl", "how rows are shown"),
        ("exit", "", "leave; so does Ctrl-D"),
    ]

    /// Names of all commands.
    package static let names = Self.manual.map(\.name)

    /// Reads a line that begins with `:`.
    /// - Throws: ``ShellError`` that names the nearest command or the argument that is missing.
    package init(_ line: String) throws(ShellError) {
        let text = line.dropFirst().drop { $0 == " " }
        let name = text.prefix { !$0.isWhitespace }.lowercased()
        var argument = String(text.dropFirst(name.count).drop { $0.isWhitespace })
        while let last = argument.last, last.isWhitespace || last == ";" { argument.removeLast() }
        let given = argument.isEmpty ? nil : argument
        func needed(_ what: String) throws(ShellError) -> String {
            guard let given else { throw ShellError("`:\(name)` needs \(what); see `:help \(name)`") }
            return given
        }
        switch name {
        case "help", "h", "?": self = .help(given.map { $0.hasPrefix(":") ? String($0.dropFirst()) : $0 })
        case "use": self = .use(try needed("a graph's name"))
        case "param", "params":
            guard let given else {
                self = .listParameters
                return
            }
            self = given == "clear" ? .clearParameters : try Self.parameter(given)
        case "begin": self = .begin
        case "commit": self = .commit
        case "rollback": self = .rollback
        case "source": self = .source(try needed("a file"))
        case "queries": self = .queries(given)
        case "run": self = .run(try needed("a named query; `:queries` lists them"))
        case "explain": self = .explain(given)
        case "profile": self = .profile(given)
        case "graph": self = .graph(given)
        case "timing":
            guard given == nil || given == "on" || given == "off" else {
                throw ShellError("`:timing` is `on` or `off`")
            }
            self = .timing(given.map { $0 == "on" })
        case "format":
            let format = RowFormat(rawValue: try needed("one of \(RowFormat.list)"))
            guard let format else { throw ShellError("there is no format `\(argument)`: \(RowFormat.list)") }
            self = .format(format)
        case "schema": self = .schema
        case "exit", "quit", "q": self = .exit
        default:
            let near = (1...3).reversed().lazy.compactMap { length in
                Self.names.first { !name.isEmpty && $0.hasPrefix(name.prefix(length)) }
            }.first
            throw ShellError(
                "there is no command `:\(name)`; " + (near.map { "did you mean `:\($0)`? " } ?? "")
                    + "`:help` lists them")
        }
    }

    private static func parameter(_ text: String) throws(ShellError) -> ShellCommand {
        for (separator, isJSON) in [("=>", false), ("=", true), (":", false), (" ", false)] {
            guard let range = text.firstRange(of: separator) else { continue }
            let name = text[..<range.lowerBound].filter { $0 != " " && $0 != "`" && $0 != "$" }
            let value = String(text[range.upperBound...].drop { $0 == " " })
            guard !name.isEmpty, !value.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
            else { continue }
            return .setParameter(name: name, value: value, isJSON: isJSON)
        }
        throw ShellError("write `:param name => expression`, as in `:param since => date('2026-01-31')`")
    }
}

/// What the shell says when it cannot do what was asked.
package struct ShellError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened and what to do.
    package let description: String

    /// An error with its sentence.
    package init(_ description: String) { self.description = description }
}

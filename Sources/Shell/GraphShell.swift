internal import Foundation
package import JSON
internal import Synchronization

/// The admin graph shell: reads statements and commands, from a person or a pipe, and shows what comes of them.
///
/// Rows go to standard output, all else to standard error. To a person an error is told and the next statement awaited;
/// a pipe or a file ends with it.
package final class GraphShell {
    /// How deep files may `:source` others.
    static let sourceDepth = 16

    /// What a shell begins with.
    package struct Settings: Sendable {
        /// The graph.
        package var graph: String
        /// How rows are shown.
        package var format: RowFormat
        /// Parameters of queries.
        package var parameters: JSON.Object
        /// Where the history is kept; nil keeps none.
        package var historyFile: String?

        /// Joins the parts.
        package init(graph: String, format: RowFormat, parameters: JSON.Object, historyFile: String?) {
            self.graph = graph
            self.format = format
            self.parameters = parameters
            self.historyFile = historyFile
        }
    }

    private let backend: any ShellBackend
    private let interrupts = Interrupts()
    private var settings: Settings
    private var showsTime = false
    private var names = GraphNames()
    private var namesAreOld = true
    private var lastStatement: String?
    private var lastAnswer: JSON?
    private var depth = 0
    private var width: Int?

    /// A shell over a backend.
    package init(_ backend: any ShellBackend, _ settings: Settings) {
        self.backend = backend
        self.settings = settings
    }

    /// Talks with whoever is at the other end of standard input, until that ends.
    /// - Throws: what a statement of a pipe failed with, ``ShellError`` with the place in it.
    package func run() async throws {
        if let editor = LineEditor(historyFile: self.settings.historyFile) {
            try await self.converse(editor)
        } else {
            try await self.read(LineSource(STDIN_FILENO), name: nil)
        }
        await self.end()
    }

    /// Runs one text of statements.
    package func run(_ text: String) async throws {
        var reader = StatementReader()
        var items = text.split(separator: "\n", omittingEmptySubsequences: false)
            .flatMap { reader.take(String($0)) }
        if let last = reader.finish() { items.append(last) }
        for item in items { _ = try await self.perform(item) }
        await self.end()
    }

    private func end() async {
        guard await self.backend.isInTransaction() else { return }
        self.tell("the open transaction is undone: it was not committed")
        try? await self.backend.rollback()
    }

    // MARK: A person

    private func converse(_ editor: LineEditor) async throws {
        (self.showsTime, self.width) = (true, TerminalSize.columns())
        self.tell("Plexus graph shell: end a statement with `;`, `:help` for commands, Ctrl-D to leave")
        self.interrupts.begin()
        defer { self.interrupts.end() }
        var reader = StatementReader()
        while true {
            await self.refreshNames()
            let (names, pending) = (self.names, reader.pending)
            let prompt = await self.prompt(isContinued: !pending.isEmpty)
            let line = await editor.read(prompt: prompt) { Completion.of($0, pending: pending, names: names) }
            self.width = TerminalSize.columns()
            switch line {
            case .interrupted: reader.clear()
            case .end:
                if pending.isEmpty { return print() }
                reader.clear()
            case .line(let line):
                for item in reader.take(line) {
                    self.remember(item, editor)
                    if await self.performAndTell(item) { return }
                }
            }
        }
    }

    private func prompt(isContinued: Bool) async -> String {
        let mark = await self.backend.isInTransaction() ? "*" : ""
        let head = self.settings.graph + mark
        return isContinued ? String(repeating: " ", count: head.count) + "| " : head + "> "
    }

    private func remember(_ item: StatementReader.Item, _ editor: LineEditor) {
        switch item {
        case .command(let text): editor.remember(text)
        case .statement(let text):
            guard let line = StatementReader.onOneLine(text) else { return }
            editor.remember(line + ";")
        }
    }

    /// Tells errors; true when the shell is to be left.
    private func performAndTell(_ item: StatementReader.Item) async -> Bool {
        do {
            return try await self.perform(item)
        } catch is CancellationError {
            self.tell("stopped")
        } catch {
            self.tell(self.message(error))
        }
        return false
    }

    private func message(_ error: any Error) -> String {
        (error as? ShellError)?.description ?? self.backend.message(error)
    }

    // MARK: A pipe or a file

    private func read(_ input: LineSource, name: String?) async throws {
        var reader = StatementReader()
        var (number, start) = (0, 1)
        while let lines = try await input.next() {
            for line in lines {
                number += 1
                if reader.pending.isEmpty { start = number }
                for item in reader.take(line) {
                    if try await self.perform(item, at: start, of: name) { return }
                    start = number
                }
            }
        }
        if let last = reader.finish() { _ = try await self.perform(last, at: start, of: name) }
    }

    private func perform(_ item: StatementReader.Item, at line: Int, of name: String?) async throws -> Bool {
        do {
            return try await self.perform(item)
        } catch let error as CancellationError {
            throw error
        } catch {
            let place = name.map { "\($0), line \(line): " } ?? (line > 1 ? "line \(line): " : "")
            throw FailedStatement(message: place + self.message(error), underlying: error)
        }
    }

    // MARK: Statements and commands

    /// True when the shell is to be left.
    private func perform(_ item: StatementReader.Item) async throws -> Bool {
        switch item {
        case .statement(let text): try await self.ask(text)
        case .command(let line):
            let command = try ShellCommand(line)
            if command == .exit { return true }
            try await self.perform(command)
        }
        return false
    }

    private func ask(_ statement: String) async throws {
        let start = ContinuousClock.now
        let isByRow = self.settings.format.isByRow
        let answer = isByRow ? try await self.stream(statement) : try await self.answer(statement)
        self.lastStatement = statement
        self.lastAnswer = answer
        self.show(answer, after: start.duration(to: .now), hasRows: !isByRow)
    }

    /// Prints rows as they come; the answer holds the first ones.
    private func stream(_ statement: String) async throws -> JSON {
        let (backend, parameters, graph) = (self.backend, self.settings.parameters, self.settings.graph)
        let printer = RowPrinter(self.settings.format)
        let answer = try await self.interrupts.running {
            try await backend.stream(statement, parameters: parameters, graph: graph) {
                try printer.take($0, $1)
            }
        }
        return try printer.finish(answer)
    }

    private func answer(_ statement: String) async throws -> JSON {
        let (backend, parameters, graph) = (self.backend, self.settings.parameters, self.settings.graph)
        return try await self.interrupts.running {
            try await backend.run(statement, parameters: parameters, graph: graph)
        }
    }

    private func show(_ answer: JSON, after time: Duration, hasRows: Bool = true) {
        let columns = answer["data"]?["fields"]?.array?.compactMap(\.string) ?? []
        let rows = answer["data"]?["values"]?.array?.map { $0.array ?? [] } ?? []
        if let plan = answer["queryPlan"]?["text"]?.string { self.say(plan) }
        if hasRows, !columns.isEmpty, !(rows.isEmpty && answer["queryPlan"] != nil) {
            self.say(self.settings.format.text(columns, rows, width: self.width))
        }
        let changes = (answer["counters"]?.object ?? JSON.Object()).members
            .compactMap { member in member.value.int.flatMap { $0 > 0 ? "\(member.name) \($0)" : nil } }
        if !changes.isEmpty {
            self.tell(changes.joined(separator: ", "))
            self.namesAreOld = true
        }
        if self.showsTime { self.tell("\(Self.shown(time))") }
    }

    private static func shown(_ time: Duration) -> String {
        let milliseconds = Double(time.components.seconds) * 1e3 + Double(time.components.attoseconds) / 1e15
        return milliseconds < 10
            ? "\((milliseconds * 10).rounded() / 10) ms"
            : milliseconds < 10_000
                ? "\(Int(milliseconds.rounded())) ms" : "\((milliseconds / 100).rounded() / 10) s"
    }

    private func perform(_ command: ShellCommand) async throws {
        switch command {
        case .help(let name): try self.help(name)
        case .use(let graph): try await self.use(graph)
        case .setParameter(let name, let value, let isJSON):
            self.settings.parameters[name] = try await self.value(value, isJSON: isJSON)
            self.namesAreOld = true
        case .listParameters:
            let rows = self.settings.parameters.members.map { [JSON.string($0.name), $0.value] }
            self.say(self.settings.format.text(["parameter", "value"], rows, width: self.width))
        case .clearParameters: self.settings.parameters = JSON.Object()
        case .begin: try await self.backend.begin(graph: self.settings.graph)
        case .commit: try await self.backend.commit()
        case .rollback: try await self.backend.rollback()
        case .source(let file): try await self.source(file)
        case .queries(let name): try self.showQueries(name)
        case .run(let name): try await self.ask(try self.namedQuery(name))
        case .explain(let query): try await self.ask("EXPLAIN " + (try self.plain(query)))
        case .profile(let query): try await self.ask("PROFILE " + (try self.plain(query)))
        case .graph(let file):
            guard let answer = self.lastAnswer else {
                throw ShellError("there is no result to draw yet: run a query that returns nodes")
            }
            self.say(try await self.backend.draw(answer, file: file))
        case .timing(let isOn): self.showsTime = isOn ?? !self.showsTime
        case .format(let format): self.settings.format = format
        case .schema:
            for query in ["SHOW INDEXES", "SHOW CONSTRAINTS"] {
                self.show(try await self.answer(query), after: .zero)
            }
        case .exit: break
        }
    }

    private func help(_ name: String?) throws {
        let manual = ShellCommand.manual.filter { name == nil || $0.name == name }
        guard !manual.isEmpty else { throw ShellError("there is no command `:\(name ?? "")`") }
        let heads = manual.map { ":" + $0.name + ($0.arguments.isEmpty ? "" : " " + $0.arguments) }
        let width = heads.map(\.count).max() ?? 0
        for (head, entry) in zip(heads, manual) {
            self.say(head + String(repeating: " ", count: width - head.count + 2) + entry.meaning)
        }
    }

    private func use(_ graph: String) async throws {
        guard await !self.backend.isInTransaction() else {
            throw ShellError("a transaction belongs to one graph: `:commit` or `:rollback` first")
        }
        // The graph is asked for, so that a wrong name is told now and not with the next query.
        _ = try await self.backend.run("RETURN 1", parameters: JSON.Object(), graph: graph)
        self.settings.graph = graph
        self.namesAreOld = true
    }

    /// The value of a parameter: JSON, or an expression that the graph evaluates.
    private func value(_ text: String, isJSON: Bool) async throws -> JSON {
        if isJSON { return (try? JSON.parse(text)) ?? .string(text) }
        let answer = try await self.answer("RETURN " + text + " AS value")
        return answer["data"]?["values"]?.array?.first?.array?.first ?? .null
    }

    private func source(_ file: String) async throws {
        guard self.depth < Self.sourceDepth else {
            throw ShellError(
                "\(file): files that run files are \(Self.sourceDepth) deep: does one run itself?")
        }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ShellError("\(file): \(String(cString: strerror(errno)))") }
        self.depth += 1
        defer {
            self.depth -= 1
            close(descriptor)
        }
        try await self.read(LineSource(descriptor), name: file)
    }

    private func showQueries(_ name: String?) throws {
        if let name {
            let text = self.backend.namedQueries()[name]
            guard let text else {
                throw ShellError("there is no named query `\(name)`; `:queries` lists them")
            }
            return self.say(text)
        }
        let rows = self.backend.namedQueries().sorted { $0.key < $1.key }.map { name, text in
            let comment = text.split(separator: "\n").prefix { $0.hasPrefix("//") }
                .map { $0.dropFirst(2).trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
            return [JSON.string(name), .string(comment)]
        }
        self.say(self.settings.format.text(["query", "gives"], rows, width: self.width))
    }

    private func namedQuery(_ name: String) throws -> String {
        guard let text = self.backend.namedQueries()[name] else {
            throw ShellError("there is no named query `\(name)`; `:queries` lists them")
        }
        return text
    }

    /// A query, or the last one, without EXPLAIN or PROFILE in front.
    private func plain(_ query: String?) throws -> String {
        guard let query = query ?? self.lastStatement else { throw ShellError("there is no query yet") }
        return query.replacing(/^(?i)\s*(EXPLAIN|PROFILE)\s+/, with: "")
    }

    // MARK: Names for completion

    /// Asks for names again when something may have changed; what cannot be asked for is left out.
    private func refreshNames() async {
        guard self.namesAreOld else { return }
        self.namesAreOld = false
        var names = GraphNames()
        // In a transaction, a question that fails would end it.
        guard await !self.backend.isInTransaction() else { return }
        names.labels = await self.column("CALL db.labels()")
        names.types = await self.column("CALL db.relationshipTypes()")
        names.keys = await self.column("CALL db.propertyKeys()")
        names.procedures = await self.column("SHOW PROCEDURES YIELD name")
        names.functions = await self.column("SHOW FUNCTIONS YIELD name")
        names.graphs = await self.column("SHOW DATABASES YIELD name")
        names.queries = self.backend.namedQueries().keys.sorted()
        names.parameters = self.settings.parameters.members.map(\.name)
        self.names = names
    }

    private func column(_ query: String) async -> [String] {
        let answer = try? await self.backend.run(query, parameters: JSON.Object(), graph: self.settings.graph)
        return answer?["data"]?["values"]?.array?.compactMap { $0.array?.first?.string } ?? []
    }

    // MARK: Output

    private func say(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    private func tell(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}

/// A statement of a pipe or a file that failed, and where it is.
package struct FailedStatement: Error {
    /// The place and what happened.
    package let message: String
    /// The error.
    package let underlying: any Error
}

/// Ctrl-C ends the statement that runs, not the shell.
private final class Interrupts: Sendable {
    private struct State: ~Copyable {
        var cancel: (@Sendable () -> Void)?
        var source: (any DispatchSourceSignal)?
    }
    private let state = Mutex(State())

    func begin() {
        signal(SIGINT, SIG_IGN)
        self.state.withLock { state in
            let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
            source.setEventHandler { [self] in self.interrupt() }
            source.activate()
            state.source = source
        }
    }

    func end() {
        self.state.withLock { state in
            state.source?.cancel()
            state.source = nil
        }
        signal(SIGINT, SIG_DFL)
    }

    private func interrupt() {
        let cancel = self.state.withLock { $0.cancel }
        cancel?()
    }

    func running<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws
        -> Result
    {
        let task = Task { try await body() }
        self.state.withLock { $0.cancel = { task.cancel() } }
        defer { self.state.withLock { $0.cancel = nil } }
        return try await task.value
    }
}

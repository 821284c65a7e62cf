internal import Foundation
internal import JSON
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// Draws and parses in a helper process, so that a hostile graph can cost time but never the server.
///
/// Each graph has a process of its own. A service keeps the next one ready: its program is loaded, and so are Graphviz's plug-ins and
/// the fonts, which together take longer than to draw a small graph.
///
/// Finished pictures are kept by their DOT text and format, the last used ones, up to ``cacheBytes``.
package final class PictureProcess: Sendable {
    /// How long a picture may take.
    package static let timeLimit = Duration.seconds(20)
    /// How many bytes a picture may have.
    package static let sizeLimit = 64 << 20
    /// How many bytes of finished pictures are kept.
    package static let cacheBytes = 32 << 20

    private struct Key: Hashable {
        let dot: String
        let format: PictureFormat
    }

    private struct Cache {
        var pictures: [Key: (bytes: [UInt8], used: Int)] = [:]
        var size = 0
        var clock = 0
    }

    private let executable: String
    private let keepsReady: Bool
    private let ready = Mutex<ReadyHelper?>(nil)
    private let cache = Mutex(Cache())

    /// - Parameters:
    ///   - executable: a program that calls ``GraphvizHelper/run(arguments:)`` when its first argument is `graphviz-helper`.
    ///   - keepsReady: whether a process is kept for the next graph, from the first one on.
    package init(executable: String, keepsReady: Bool = false) {
        self.executable = executable
        self.keepsReady = keepsReady
    }

    deinit { self.ready.withLock { $0?.process.cancel() } }

    /// Draws a DOT text.
    /// - Throws: ``GraphvizError``.
    package func render(_ dot: String, format: PictureFormat) async throws -> [UInt8] {
        let key = Key(dot: dot, format: format)
        if let known = self.cached(key) { return known }
        let bytes = try await self.run(["render", format.rawValue], dot)
        self.keep(bytes, key)
        return bytes
    }

    private func cached(_ key: Key) -> [UInt8]? {
        self.cache.withLock { cache in
            cache.clock += 1
            cache.pictures[key]?.used = cache.clock
            return cache.pictures[key]?.bytes
        }
    }

    private func keep(_ bytes: [UInt8], _ key: Key) {
        self.cache.withLock { cache in
            // Two who asked at once may both have drawn it.
            guard cache.pictures[key] == nil else { return }
            cache.pictures[key] = (bytes, cache.clock)
            cache.size += bytes.count + key.dot.utf8.count
            while cache.size > Self.cacheBytes,
                let oldest = cache.pictures.min(by: { $0.value.used < $1.value.used })
            {
                cache.pictures[oldest.key] = nil
                cache.size -= oldest.value.bytes.count + oldest.key.dot.utf8.count
            }
        }
    }

    /// Reads a DOT text.
    /// - Throws: ``GraphvizError``.
    package func parse(_ dot: String) async throws -> DotGraph {
        let bytes = try await self.run(["parse"], dot)
        guard let json = try? JSON.parse(utf8: bytes), let graph = DotGraph(json: json) else {
            throw GraphvizError.helperFailed("its answer is unreadable")
        }
        return graph
    }

    private func run(_ arguments: [String], _ dot: String) async throws -> [UInt8] {
        let process = try await self.process(arguments, dot)
        let result = try await withThrowingTaskGroup(of: HelperAnswer?.self) { group in
            group.addTask {
                try await withTaskCancellationHandler {
                    try await process.value
                } onCancel: {
                    process.cancel()
                }
            }
            group.addTask {
                try await Task.sleep(for: Self.timeLimit)
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            return first
        }
        // Now, when nobody waits for the processor.
        if self.keepsReady { await self.makeReady() }
        guard let result else {
            throw GraphvizError.limit(
                "the picture took longer than \(Self.timeLimit); draw less of the graph")
        }
        if result.status.isSuccess { return result.output }
        guard let problem = try? JSON.parse(result.error), let message = problem["message"]?.string
        else {
            throw GraphvizError.helperFailed("it ended with \(result.status)")
        }
        switch problem["kind"]?.string {
        case "syntax": throw GraphvizError.syntax(message: message, line: problem["line"]?.int)
        case "rendering": throw GraphvizError.rendering(message)
        default: throw GraphvizError.helperFailed(message)
        }
    }
}

extension PictureProcess {
    /// A process that works on a graph: the one that is ready, or a new one.
    private func process(_ arguments: [String], _ dot: String) async throws -> Task<HelperAnswer, any Error> {
        let ready = self.ready.withLock { ready in
            defer { ready = nil }
            return ready
        }
        if let ready, !ready.hasEnded, (try? await HelperInput.give(arguments, dot, to: ready.input)) != nil {
            return ready.process
        }
        ready?.process.cancel()
        return Self.start(
            self.executable, arguments, try await HelperInput.file { try HelperInput.filled(dot) })
    }

    private func makeReady() async {
        let isThere = self.ready.withLock { $0 != nil }
        guard !isThere, let input = try? await HelperInput.file({ try HelperInput.locked() }) else { return }
        let process = Self.start(self.executable, [GraphvizHelper.waiting], input.reading)
        let made = ReadyHelper(input: input.writing, process: process)
        let surplus = self.ready.withLock { ready in
            // Two graphs may end at once.
            guard ready == nil else { return made as ReadyHelper? }
            ready = made
            return nil
        }
        surplus?.process.cancel()
    }

    private static func start(
        _ executable: String, _ arguments: [String], _ input: FileDescriptor
    ) -> Task<HelperAnswer, any Error> {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = []
        // Not a part of whoever asks: the process that is ready outlives them.
        return Task.detached { [options] in
            let result = try await Subprocess.run(
                .path(FilePath(executable)), arguments: Arguments(["graphviz-helper"] + arguments),
                platformOptions: options, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                output: .bytes(limit: Self.sizeLimit), error: .string(limit: 1 << 16))
            return HelperAnswer(
                status: result.terminationStatus, output: result.standardOutput, error: result.standardError)
        }
    }
}

/// A helper that waits for its graph.
private final class ReadyHelper: Sendable {
    let input: FileDescriptor
    let process: Task<HelperAnswer, any Error>
    private let ended = Mutex(false)

    init(input: FileDescriptor, process: Task<HelperAnswer, any Error>) {
        self.input = input
        self.process = process
        Task { [weak self] in
            _ = await process.result
            self?.ended.withLock { $0 = true }
        }
    }

    deinit { try? self.input.close() }

    /// Whether it ended while it waited.
    var hasEnded: Bool { self.ended.withLock { $0 } }
}

/// The input of a helper: a file without a name. Not a pipe: a helper that dies before it has read all of one would end this
/// process, by SIGPIPE or by a trap in swift-subprocess 1.0.2 ("FileDescriptor was not closed").
private enum HelperInput {
    private static let queue = DispatchQueue(label: "plexus.picture-input")

    /// Makes one on a thread that may block.
    static func file<Made: Sendable>(_ make: @escaping @Sendable () throws -> Made) async throws -> Made {
        try await withCheckedThrowingContinuation { continuation in
            self.queue.async { continuation.resume(with: Result { try make() }) }
        }
    }

    /// With the DOT text, from its start.
    static func filled(_ dot: String) throws -> FileDescriptor {
        let (writing, reading) = try self.opened()
        defer { try? writing.close() }
        do {
            try writing.writeAll(Array(dot.utf8))
        } catch {
            try? reading.close()
            throw error
        }
        return reading
    }

    /// Empty and locked: who reads it waits for the lock, which goes with ``give(_:_:to:)`` or with this process.
    static func locked() throws -> (writing: FileDescriptor, reading: FileDescriptor) {
        let both = try self.opened()
        flock(both.writing.rawValue, LOCK_EX)
        return both
    }

    /// Writes what is to be done and the DOT text, and lets the helper read them.
    static func give(_ arguments: [String], _ dot: String, to input: FileDescriptor) async throws {
        try await self.file {
            try input.writeAll(Array((arguments.joined(separator: " ") + "\n" + dot).utf8))
            flock(input.rawValue, LOCK_UN)
        }
    }

    /// Opened twice: a lock holds against the other opening only.
    private static func opened() throws -> (writing: FileDescriptor, reading: FileDescriptor) {
        let path = NSTemporaryDirectory() + "plexus-picture-" + UUID().uuidString
        let writing = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite
        )
        defer { unlink(path) }
        do {
            return (writing, try FileDescriptor.open(path, .readOnly, options: [.closeOnExec]))
        } catch {
            try? writing.close()
            throw error
        }
    }
}

private struct HelperAnswer: Sendable {
    let status: TerminationStatus
    let output: [UInt8]
    let error: String
}

/// The other side of ``PictureProcess``: the helper's main function.
package enum GraphvizHelper {
    /// How much memory the helper may have: 2 GiB.
    private static let memoryLimit: rlim_t = 2 << 30

    /// The argument of a helper that gets ready and waits: what is to be done is then the first line of its input.
    static let waiting = "wait"

    /// Reads DOT from standard input; writes the picture (`render FORMAT`) or the graph as JSON (`parse`).
    /// - Returns: the exit code; problems are JSON on standard error.
    package static func run(arguments: [String]) -> Int32 {
        var limit = rlimit(rlim_cur: self.memoryLimit, rlim_max: self.memoryLimit)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        // Graphviz's own switch (lib/common/utils.c, safefile): on a server, and without GV_FILE_PATH, no file is read, not even for
        // `<IMG SRC=...>` in labels.
        setenv("SERVER_NAME", "plexus", 1)
        unsetenv("GV_FILE_PATH")
        var arguments = arguments
        let isWaiting = arguments.first == self.waiting
        if isWaiting {
            // Loads plug-ins and fonts.
            _ = try? GraphvizLibrary.render("digraph { a [label=\"a\"] a -> a }", format: .svg)
            while flock(FileHandle.standardInput.fileDescriptor, LOCK_SH) != 0, errno == EINTR {}
        }
        var input = FileHandle.standardInput.readDataToEndOfFile()
        if isWaiting {
            let line = input.prefix { $0 != UInt8(ascii: "\n") }
            arguments = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
            input = input.dropFirst(line.count + 1)
        }
        guard let dot = String(data: input, encoding: .utf8) ?? String(data: input, encoding: .isoLatin1)
        else {
            return self.fail(.syntax(message: "the text is neither UTF-8 nor Latin-1", line: nil))
        }
        do throws(GraphvizError) {
            switch arguments.first {
            case "render":
                let format = arguments.dropFirst().first.flatMap(PictureFormat.init) ?? .svg
                let bytes = try GraphvizLibrary.render(dot, format: format)
                try? FileHandle.standardOutput.write(contentsOf: Data(bytes))
            case "parse":
                let graph = try GraphvizLibrary.parse(dot)
                try? FileHandle.standardOutput.write(contentsOf: Data(graph.json.text.utf8))
            default: return 2
            }
            return 0
        } catch {
            return self.fail(error)
        }
    }

    private static func fail(_ error: GraphvizError) -> Int32 {
        var problem: JSON.Object = ["message": .string(error.description)]
        switch error {
        case .syntax(_, let line):
            problem["kind"] = "syntax"
            problem["line"] = line.map(JSON.int)
        case .rendering(let message):
            problem["kind"] = "rendering"
            problem["message"] = .string(message)
        default: problem["kind"] = "other"
        }
        try? FileHandle.standardError.write(contentsOf: Data(JSON.object(problem).text.utf8))
        return 1
    }
}

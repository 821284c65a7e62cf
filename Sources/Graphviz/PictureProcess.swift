internal import Foundation
internal import JSON
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// Draws and parses in a helper process, so that a hostile graph can cost time but never the server.
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
    private let cache = Mutex(Cache())

    /// - Parameter executable: a program that calls ``GraphvizHelper/run(arguments:)`` when its first
    ///   argument is `graphviz-helper`.
    package init(executable: String) {
        self.executable = executable
    }

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
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = []
        let (executable, settings) = (self.executable, options)
        let input = try await Self.inputFile(dot)
        let result = try await withThrowingTaskGroup(
            of: HelperAnswer?.self
        ) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    .path(FilePath(executable)), arguments: Arguments(["graphviz-helper"] + arguments),
                    platformOptions: settings, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                    output: .bytes(limit: Self.sizeLimit),
                    error: .string(limit: 1 << 16))
                return HelperAnswer(
                    status: result.terminationStatus, output: result.standardOutput,
                    error: result.standardError)
            }
            group.addTask {
                try await Task.sleep(for: Self.timeLimit)
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            return first
        }
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
    private static let fileQueue = DispatchQueue(label: "plexus.picture-input")

    /// The DOT text in a file without a name. Not a pipe: a helper that dies before it has read all of one would end
    /// this process, by SIGPIPE or by a trap in swift-subprocess 1.0.2 ("FileDescriptor was not closed").
    private static func inputFile(_ dot: String) async throws -> FileDescriptor {
        try await withCheckedThrowingContinuation { continuation in
            self.fileQueue.async { continuation.resume(with: Result { try self.writeInput(dot) }) }
        }
    }

    private static func writeInput(_ dot: String) throws -> FileDescriptor {
        let path = NSTemporaryDirectory() + "plexus-picture-" + UUID().uuidString
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite
        )
        unlink(path)
        do {
            try file.writeAll(Array(dot.utf8))
            try file.seek(offset: 0, from: .start)
            return file
        } catch {
            try? file.close()
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

    /// Reads DOT from standard input; writes the picture (`render FORMAT`) or the graph as JSON (`parse`).
    /// - Returns: the exit code; problems are JSON on standard error.
    package static func run(arguments: [String]) -> Int32 {
        var limit = rlimit(rlim_cur: self.memoryLimit, rlim_max: self.memoryLimit)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        // Graphviz's own switch (lib/common/utils.c, safefile): on a server, and without GV_FILE_PATH, no file is read, not even for
        // `<IMG SRC=...>` in labels.
        setenv("SERVER_NAME", "plexus", 1)
        unsetenv("GV_FILE_PATH")
        let input = FileHandle.standardInput.readDataToEndOfFile()
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

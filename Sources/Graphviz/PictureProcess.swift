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
    package init(executable: String) { self.executable = executable }

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
        let result = try await withThrowingTaskGroup(
            of: HelperAnswer?.self
        ) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    .path(FilePath(executable)), arguments: Arguments(["graphviz-helper"] + arguments),
                    platformOptions: settings, input: .array(Array(dot.utf8)),
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
                FileHandle.standardOutput.write(Data(bytes))
            case "parse":
                FileHandle.standardOutput.write(Data(try GraphvizLibrary.parse(dot).json.text.utf8))
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
        FileHandle.standardError.write(Data(JSON.object(problem).text.utf8))
        return 1
    }
}

internal import Foundation
internal import Glibc

/// Lines of a file, a pipe or a terminal, as they come.
struct LineSource: Sendable {
    private static let blockSize = 65_536

    private let descriptor: Int32
    private let rest = Rest()

    /// The beginning of a line whose end has not come.
    ///
    /// `@unchecked Sendable`: ``next()`` is called by one loop, each call after the one before.
    private final class Rest: @unchecked Sendable {
        var bytes: [UInt8] = []
        var isAtEnd = false
    }

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The next lines, at least one, without their ends; nil at the end. Reads on a thread of its own.
    /// - Throws: ``ShellError`` when reading fails.
    func next() async throws -> [String]? {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try self.read() }) }
            thread.name = "plexus-input"
            thread.start()
        }
    }

    private func read() throws -> [String]? {
        while !self.rest.isAtEnd {
            let block = try self.block()
            self.rest.isAtEnd = block.isEmpty
            guard let end = block.lastIndex(of: 0x0A) else {
                self.rest.bytes += block
                guard self.rest.isAtEnd, !self.rest.bytes.isEmpty else { continue }
                return [String(decoding: self.rest.bytes, as: UTF8.self)]
            }
            let lines = (self.rest.bytes + block[..<end]).split(
                separator: 0x0A, omittingEmptySubsequences: false)
            self.rest.bytes = Array(block[(end + 1)...])
            return lines.map { String(decoding: $0, as: UTF8.self) }
        }
        return nil
    }

    private func block() throws -> [UInt8] {
        while true {
            var count = 0
            let block = [UInt8](unsafeUninitializedCapacity: Self.blockSize) { buffer, initialized in
                count = Glibc.read(self.descriptor, buffer.baseAddress, buffer.count)
                initialized = max(0, count)
            }
            if count >= 0 { return block }
            guard errno == EINTR else {
                throw ShellError("cannot read: \(String(cString: strerror(errno)))")
            }
        }
    }
}

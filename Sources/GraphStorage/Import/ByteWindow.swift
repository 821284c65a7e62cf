internal import Foundation

/// Where the bytes of an import come from. It can be opened more than once: relationships that stand before
/// their nodes are read in a second pass.
package enum ImportSource: Sendable, Hashable {
    /// A file, by its path.
    case file(String)
    /// A file packed by `gzip`, by its path; the program of that name unpacks it.
    case gzip(String)
    /// Bytes in memory.
    case bytes([UInt8])

    /// The file at a path: packed if its name ends in `.gz`.
    package init(path: String) { self = path.hasSuffix(".gz") ? .gzip(path) : .file(path) }

    func open(name: String) throws(ImportError) -> ByteWindow {
        switch self {
        case .bytes(let bytes): return ByteWindow(bytes, name: name)
        case .file(let path):
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw ImportError(file: name, "cannot be opened: \(String(cString: strerror(errno)))")
            }
            return ByteWindow(handle, unpacking: nil, name: name)
        case .gzip(let path):
            let (process, pipe) = (Process(), Pipe())
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["gzip", "-dc", "--", path]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = pipe
            process.standardError = FileHandle.nullDevice
            do {
                try process.run()
            } catch {
                throw ImportError(file: name, "cannot be unpacked: \(error.localizedDescription)")
            }
            return ByteWindow(pipe.fileHandleForReading, unpacking: process, name: name)
        }
    }
}

/// A stretch of bytes in place: valid until the window it came from moves.
struct ByteSlice {
    let start: UnsafePointer<UInt8>
    let count: Int

    init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    /// The same bytes; nil when there are none.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return nil }
        self.init(start: start, count: bytes.count)
    }

    var isEmpty: Bool { self.count == 0 }

    /// The text, or nil when it is not UTF-8.
    var text: String? {
        String(validating: UnsafeBufferPointer(start: self.start, count: self.count), as: UTF8.self)
    }

    /// The text, with U+FFFD for what is not UTF-8: for messages.
    var shown: String {
        String(decoding: UnsafeBufferPointer(start: self.start, count: min(self.count, 60)), as: UTF8.self)
    }

    func equals(_ word: StaticString) -> Bool {
        self.count == word.utf8CodeUnitCount && memcmp(self.start, word.utf8Start, self.count) == 0
    }
}

/// A window that moves over a stream: the bytes from ``at`` to ``end`` are in memory, contiguous, and may be
/// changed in place.
///
/// Memory: 1 MiB, more only for a record that is longer. Readers look at `base[at..<end]`, move `at` behind
/// what they have taken, and ask for ``more()`` when a record is not whole; that moves the bytes, so pointers
/// taken before are invalid then.
final class ByteWindow {
    /// How many bytes are read at once.
    static let block = 1 << 20
    /// The most bytes of one record.
    static let recordLimit = 256 << 20

    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var end: Int
    /// Whether nothing comes after ``end``.
    private(set) var isLast: Bool
    /// The next byte to take.
    var at = 0
    /// The position in the stream of the first byte of the window.
    private(set) var origin = 0
    private let name: String
    private var capacity: Int
    private let handle: FileHandle?
    private let unpacking: Process?

    init(_ bytes: [UInt8], name: String) {
        self.capacity = max(bytes.count, 1)
        let base = UnsafeMutablePointer<UInt8>.allocate(capacity: self.capacity)
        bytes.withUnsafeBufferPointer { copy in
            if let start = copy.baseAddress { base.update(from: start, count: copy.count) }
        }
        self.base = base
        self.end = bytes.count
        self.isLast = true
        self.handle = nil
        self.unpacking = nil
        self.name = name
    }

    init(_ handle: FileHandle, unpacking: Process?, name: String) {
        self.capacity = Self.block
        self.base = .allocate(capacity: self.capacity)
        self.end = 0
        self.isLast = false
        self.handle = handle
        self.unpacking = unpacking
        self.name = name
    }

    deinit {
        self.base.deallocate()
        try? self.handle?.close()
        if let process = self.unpacking, process.isRunning { process.terminate() }
    }

    /// Whether there is a byte to take; reads when the window is used up.
    func hasBytes() throws(ImportError) -> Bool {
        while self.at == self.end {
            if self.isLast { return false }
            try self.more()
        }
        return true
    }

    /// Moves the bytes from ``at`` on to the window's start and reads behind them.
    func more() throws(ImportError) {
        guard let handle = self.handle, !self.isLast else { return }
        let kept = self.end - self.at
        if kept > 0, self.at > 0 { memmove(self.base, self.base + self.at, kept) }
        self.origin += self.at
        self.at = 0
        self.end = kept
        if self.capacity - kept < Self.block / 2 { try self.grow() }
        let count = read(handle.fileDescriptor, self.base + kept, self.capacity - kept)
        guard count >= 0 else {
            if errno == EINTR { return }
            throw ImportError(file: self.name, "cannot be read: \(String(cString: strerror(errno)))")
        }
        self.end += count
        if count == 0 { try self.finish() }
    }

    private func grow() throws(ImportError) {
        guard self.capacity < Self.recordLimit else {
            throw ImportError(
                file: self.name, "one record has more than \(Self.recordLimit) bytes; is a quote not closed?")
        }
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: self.capacity * 2)
        larger.update(from: self.base, count: self.end)
        self.base.deallocate()
        self.base = larger
        self.capacity *= 2
    }

    private func finish() throws(ImportError) {
        self.isLast = true
        guard let process = self.unpacking else { return }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ImportError(file: self.name, "is damaged or not packed by gzip")
        }
    }
}

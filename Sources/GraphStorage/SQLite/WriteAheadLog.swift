internal import Foundation

/// Looks whether a write-ahead log has lost commits in its middle.
///
/// SQLite reads such a log up to the first frame whose checksum is wrong and forgets the rest without a word. That is
/// right for a commit that a crash cut off, and wrong for a flipped byte in a commit that was acknowledged. The
/// difference shows in the file: with `synchronous=FULL` a later commit is written only after the one before is on the
/// disk, so a bad frame with the end of its commit and more behind it was good once. The end of the log itself can not be
/// told from a commit cut off. Format: https://sqlite.org/fileformat2.html#walformat. O(size of the log).
enum WriteAheadLog {
    private static let headerSize = 32
    private static let frameHeaderSize = 24

    /// - Throws: ``StorageError/damaged(_:)`` when commits would be lost.
    static func check(path: String) throws(StorageError) {
        let log = path + "-wal"
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: log), options: .mappedIfSafe),
            data.count > self.headerSize + self.frameHeaderSize
        else { return }
        let problem = data.withUnsafeBytes { Scan(bytes: $0)?.problem ?? "its header is damaged" }
        if !problem.isEmpty { throw .damaged("\(log): \(problem)") }
    }

    private struct Scan {
        let bytes: UnsafeRawBufferPointer
        let pageSize: Int
        let isBigEndian: Bool
        var sums: (UInt32, UInt32) = (0, 0)

        /// Nil when the header is damaged: it was on the disk before the first frame was written.
        init?(bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
            let magic = Self.word(bytes, 0)
            guard magic & 0xFFFF_FFFE == 0x377F_0682 else { return nil }
            self.isBigEndian = magic & 1 == 1
            self.pageSize = Int(Self.word(bytes, 8))
            guard self.pageSize.nonzeroBitCount == 1, (512...65_536).contains(self.pageSize) else {
                return nil
            }
            self.add(from: 0, count: 24)
            guard self.sums.0 == Self.word(bytes, 24), self.sums.1 == Self.word(bytes, 28) else { return nil }
        }

        private var frameSize: Int { WriteAheadLog.frameHeaderSize + self.pageSize }
        private var frameCount: Int { (self.bytes.count - WriteAheadLog.headerSize) / self.frameSize }
        private func start(_ frame: Int) -> Int { WriteAheadLog.headerSize + frame * self.frameSize }

        /// Empty when no commit is lost.
        var problem: String {
            var scan = self
            var frame = 0
            while frame < self.frameCount, scan.isGood(frame) { frame += 1 }
            guard frame < self.frameCount else { return "" }
            // Frames of an older round of the log, with other salts, are left over and mean nothing.
            var hasCommitEnded = false
            for later in frame..<self.frameCount where self.isOfThisRound(later) {
                if hasCommitEnded {
                    return "frame \(frame + 1) is damaged, and commits that were on the disk follow it"
                }
                if Self.word(self.bytes, self.start(later) + 4) != 0 { hasCommitEnded = true }
            }
            return ""
        }

        private func isOfThisRound(_ frame: Int) -> Bool {
            let start = self.start(frame)
            return Self.word(self.bytes, start + 8) == Self.word(self.bytes, 16)
                && Self.word(self.bytes, start + 12) == Self.word(self.bytes, 20)
        }

        private mutating func isGood(_ frame: Int) -> Bool {
            guard self.isOfThisRound(frame) else { return false }
            let start = self.start(frame)
            self.add(from: start, count: 8)
            self.add(from: start + WriteAheadLog.frameHeaderSize, count: self.pageSize)
            return self.sums.0 == Self.word(self.bytes, start + 16)
                && self.sums.1 == Self.word(self.bytes, start + 20)
        }

        /// The log's running checksum over pairs of 32-bit words.
        private mutating func add(from start: Int, count: Int) {
            for offset in stride(from: start, to: start + count, by: 8) {
                let (a, b) = (self.native(offset), self.native(offset + 4))
                self.sums.0 = self.sums.0 &+ a &+ self.sums.1
                self.sums.1 = self.sums.1 &+ b &+ self.sums.0
            }
        }

        private func native(_ offset: Int) -> UInt32 {
            let word = self.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            return self.isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
        }

        private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
            UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
    }
}

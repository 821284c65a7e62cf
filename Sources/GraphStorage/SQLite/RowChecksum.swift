internal import CXXHash

/// Checksums of rows: 48 bits of XXH3 over numbers and texts, so that a flipped byte is named and never taken for data.
/// The sum over all rows of a graph stands beside each commit: a row that is missing, old or there twice is seen too.
struct RowChecksum {
    private var bytes: [UInt8] = []

    mutating func begin() { self.bytes.removeAll(keepingCapacity: true) }

    mutating func add(_ number: Int64) {
        withUnsafeBytes(of: number.littleEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        self.bytes.append(contentsOf: text)
        // 0xFF is in no UTF-8 text: what stands in one column cannot move to the next.
        self.bytes.append(0xFF)
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { self.add($0) }
    }

    /// The checksum of what was added, 0 to 2^48 - 1.
    var value: Int64 {
        self.bytes.withUnsafeBytes { Int64(XXH3_64bits($0.baseAddress, $0.count) >> 16) }
    }
}

internal import CXXHash

/// Checksums of rows: 48 bits of XXH3 over numbers and texts, so that a flipped byte is named and never taken for data.
/// The sum over all rows of a graph stands beside each commit: a row that is missing, old or there twice is seen too.
struct RowChecksum: ~Copyable {
    // Memory of its own: an array asks at each number whether it is shared, and each row adds three to five times.
    private var bytes: UnsafeMutableRawPointer
    private var capacity = 512
    private var count = 0

    init() { self.bytes = .allocate(byteCount: self.capacity, alignment: 8) }

    deinit { self.bytes.deallocate() }

    mutating func begin() { self.count = 0 }

    mutating func add(_ number: Int64) {
        self.reserve(8)
        self.bytes.storeBytes(of: number.littleEndian, toByteOffset: self.count, as: Int64.self)
        self.count += 8
    }

    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        self.reserve(text.count + 1)
        if let start = text.baseAddress {
            (self.bytes + self.count).copyMemory(from: start, byteCount: text.count)
        }
        // 0xFF is in no UTF-8 text: what stands in one column cannot move to the next.
        self.bytes.storeBytes(of: 0xFF, toByteOffset: self.count + text.count, as: UInt8.self)
        self.count += text.count + 1
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { self.add($0) }
    }

    /// The checksum of what was added, 0 to 2^48 - 1.
    var value: Int64 { Int64(XXH3_64bits(self.bytes, self.count) >> 16) }

    /// The checksum of a node's row.
    mutating func ofNode(
        _ id: Int64, labels: UnsafeBufferPointer<UInt8>, _ properties: UnsafeBufferPointer<UInt8>
    ) -> Int64 {
        self.begin()
        self.add(id)
        self.add(labels)
        self.add(properties)
        return self.value
    }

    /// The checksum of a relationship's row.
    mutating func ofRelationship(
        _ id: Int64, type: UnsafeBufferPointer<UInt8>, _ source: Int64, _ target: Int64,
        _ properties: UnsafeBufferPointer<UInt8>
    ) -> Int64 {
        self.begin()
        self.add(id)
        self.add(type)
        self.add(source)
        self.add(target)
        self.add(properties)
        return self.value
    }

    private mutating func reserve(_ more: Int) {
        guard self.count + more > self.capacity else { return }
        self.capacity = max(self.count + more, self.capacity * 2)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 8)
        larger.copyMemory(from: self.bytes, byteCount: self.count)
        self.bytes.deallocate()
        self.bytes = larger
    }
}

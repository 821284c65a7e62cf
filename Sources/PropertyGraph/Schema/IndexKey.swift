/// Property values as indexes order them: bytes that compare as Cypher compares the values.
///
/// Each value is a byte for its type, then bytes whose order is the values' order; the encoding of one value is never the
/// beginning of another's, so keys of several values are put together end to end, and equality of the first of them, a
/// range, and texts with a common beginning are all ranges of bytes. Numbers that are equal are the same key, whether
/// integer or float; moments are ordered by instant. Texts are ordered by code point. Idea: FoundationDB's tuple layer.
package struct IndexKey: Hashable, Comparable, Sendable {
    /// The first 16 bytes as big-endian numbers, zeros behind: most comparisons end here.
    private let head: (UInt64, UInt64)
    /// How many bytes the key has.
    private let count: Int
    /// The bytes from the 17th on.
    private let tail: ContiguousArray<UInt8>?

    /// The key of the values, or nil when one of them is null or NaN, which no index holds.
    package init?(_ values: [Value]) {
        var bytes = ContiguousArray<UInt8>()
        for value in values {
            guard Self.append(value, to: &bytes) else { return nil }
        }
        self.init(bytes: bytes)
    }

    /// The key of a text; a short one is made without memory of its own.
    package init(text: String) {
        var (first, second): (UInt64, UInt64) = (UInt64(Tag.string) << 56, 0)
        let count = text.utf8.count
        // A byte for the type before, two zeros behind.
        guard count <= 13 else {
            self.init(bytes: Self.bytes(text))
            return
        }
        var place = 1
        for byte in text.utf8 {
            // A zero byte is written otherwise.
            guard byte != 0 else {
                self.init(bytes: Self.bytes(text))
                return
            }
            let shifted = UInt64(byte) << UInt64(56 - place % 8 * 8)
            if place < 8 { first |= shifted } else { second |= shifted }
            place += 1
        }
        self.init(head: (first, second), count: count + 3)
    }

    /// A key of at most 16 bytes.
    private init(head: (UInt64, UInt64), count: Int) {
        self.head = head
        self.count = count
        self.tail = nil
    }

    private static func bytes(_ text: String) -> ContiguousArray<UInt8> {
        var bytes = ContiguousArray<UInt8>()
        _ = Self.append(.string(text), to: &bytes)
        return bytes
    }

    init(bytes: ContiguousArray<UInt8>) {
        self.count = bytes.count
        self.head = (Self.word(bytes, at: 0), Self.word(bytes, at: 8))
        self.tail = bytes.count > 16 ? ContiguousArray(bytes[16...]) : nil
    }

    private static func word(_ bytes: ContiguousArray<UInt8>, at start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<start + 8 { word = word << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
        return word
    }

    /// Orders by bytes; a beginning comes before what it begins.
    package static func < (left: IndexKey, right: IndexKey) -> Bool {
        if left.head.0 != right.head.0 { return left.head.0 < right.head.0 }
        if left.head.1 != right.head.1 { return left.head.1 < right.head.1 }
        if let a = left.tail, let b = right.tail, a != b { return a.lexicographicallyPrecedes(b) }
        return left.count < right.count
    }

    /// Whether the bytes are the same.
    package static func == (left: IndexKey, right: IndexKey) -> Bool {
        left.head == right.head && left.count == right.count && left.tail == right.tail
    }

    /// Feeds the bytes.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.head.0)
        hasher.combine(self.head.1)
        hasher.combine(self.tail)
    }

    // MARK: Encoding

    private enum Tag {
        static let boolean: UInt8 = 0x10
        static let number: UInt8 = 0x20
        static let string: UInt8 = 0x30
        static let date: UInt8 = 0x40
        static let localTime: UInt8 = 0x41
        static let time: UInt8 = 0x42
        static let localDateTime: UInt8 = 0x43
        static let dateTime: UInt8 = 0x44
        static let duration: UInt8 = 0x45
        static let point: UInt8 = 0x50
        static let list: UInt8 = 0x60
    }

    /// The type's byte, to find all values of one type; nil for what no index holds.
    static func tag(of value: Value) -> UInt8? {
        var bytes = ContiguousArray<UInt8>()
        return self.append(value, to: &bytes) ? bytes.first : nil
    }

    /// Adds a value's bytes; false for what no index holds.
    static func append(_ value: Value, to bytes: inout ContiguousArray<UInt8>) -> Bool {
        switch value {
        case .null, .map, .node, .relationship, .path: return false
        case .boolean(let truth): bytes += [Tag.boolean, truth ? 1 : 0]
        case .integer(let number):
            bytes.append(Tag.number)
            self.append(Double(number), rest: self.rest(number), to: &bytes)
        case .float(let number):
            if number.isNaN { return false }
            bytes.append(Tag.number)
            self.append(number == 0 ? 0 : number, rest: 0, to: &bytes)
        case .string(let text):
            bytes.append(Tag.string)
            self.append(text, to: &bytes)
            bytes += [0, 0]
        case .date(let date): self.append(Tag.date, [date.days], to: &bytes)
        case .localTime(let time): self.append(Tag.localTime, [time.nanosecondOfDay], to: &bytes)
        case .time(let time):
            let instant = time.local.nanosecondOfDay - time.offsetSeconds * 1_000_000_000
            self.append(Tag.time, [instant], to: &bytes)
        case .localDateTime(let moment):
            self.append(Tag.localDateTime, [moment.seconds, moment.nanosecond], to: &bytes)
        case .dateTime(let moment):
            self.append(Tag.dateTime, [moment.seconds, moment.nanosecond], to: &bytes)
        case .duration(let amount):
            let parts = [amount.months, amount.days, amount.seconds, amount.nanosecond]
            self.append(Tag.duration, parts, to: &bytes)
        case .point(let point):
            bytes.append(Tag.point)
            self.append(UInt64(point.system.rawValue), to: &bytes)
            for number in [point.x, point.y, point.z ?? 0] {
                if number.isNaN { return false }
                self.append(self.ordered(number == 0 ? 0 : number), to: &bytes)
            }
        case .list(let elements):
            bytes.append(Tag.list)
            for element in elements { guard self.append(element, to: &bytes) else { return false } }
            bytes.append(0)
        }
        return true
    }

    /// A text's bytes without an end: zero bytes are followed by 0xFF, so that two zeros can end it.
    static func append(_ text: String, to bytes: inout ContiguousArray<UInt8>) {
        for byte in text.utf8 {
            bytes.append(byte)
            if byte == 0 { bytes.append(0xFF) }
        }
    }

    private static func append(_ tag: UInt8, _ parts: [Int], to bytes: inout ContiguousArray<UInt8>) {
        bytes.append(tag)
        for part in parts { self.append(UInt64(bitPattern: Int64(part)) ^ (1 << 63), to: &bytes) }
    }

    private static func append(_ word: UInt64, to bytes: inout ContiguousArray<UInt8>) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    private static func append(_ number: Double, rest: Int, to bytes: inout ContiguousArray<UInt8>) {
        self.append(self.ordered(number), to: &bytes)
        let biased = UInt16(rest + 0x8000)
        bytes += [UInt8(biased >> 8), UInt8(biased & 0xFF)]
    }

    /// A float's bits in an order of unsigned numbers.
    private static func ordered(_ number: Double) -> UInt64 {
        let bits = number.bitPattern
        return bits >> 63 == 1 ? ~bits : bits | (1 << 63)
    }

    /// How much an integer is above the float nearest to it: at most 512 either way.
    private static func rest(_ number: Int) -> Int {
        let nearest = Double(number)
        // 2^63 is no Int: the greatest integers are rounded up to it.
        if nearest == 0x1p63 { return number - Int.max - 1 }
        return number - Int(nearest)
    }
}

/// A stretch of an index: keys from one on, up to but not including another.
package struct IndexRange: Hashable, Sendable {
    let lower: IndexKey
    let upper: IndexKey

    /// Where a bound of a range lies.
    package enum Bound: Hashable, Sendable {
        /// The value itself is inside.
        case including(Value)
        /// The value itself is outside.
        case excluding(Value)
    }

    /// The entries whose first keys equal the values, all keys or fewer; nil when a value is in no index.
    package init?(equal values: [Value]) {
        guard let bytes = Self.bytes(values) else { return nil }
        self.init(beginning: bytes)
    }

    /// The entries whose first keys equal the values and whose next key is a text that begins with `prefix`.
    package init?(equal values: [Value] = [], startingWith prefix: String) {
        guard var bytes = Self.bytes(values), let tag = IndexKey.tag(of: .string("")) else { return nil }
        bytes.append(tag)
        IndexKey.append(prefix, to: &bytes)
        self.init(beginning: bytes)
    }

    /// The entries whose first keys equal the values and whose next key lies between two bounds, of which at least one
    /// is given; values of other types than the bounds' are outside. Nil when nothing can lie there.
    package init?(equal values: [Value] = [], from lower: Bound?, to upper: Bound?) {
        guard let base = Self.bytes(values),
            let tag = (lower ?? upper).flatMap({ IndexKey.tag(of: $0.value) })
        else { return nil }
        if let lower, let upper, IndexKey.tag(of: lower.value) != IndexKey.tag(of: upper.value) { return nil }
        var (low, high) = (base + [tag], base + [tag + 1])
        if let lower {
            guard let bytes = Self.edge(base, lower, isUpper: false) else { return nil }; low = bytes
        }
        if let upper {
            guard let bytes = Self.edge(base, upper, isUpper: true) else { return nil }; high = bytes
        }
        self.lower = IndexKey(bytes: low)
        self.upper = IndexKey(bytes: high)
        guard self.lower < self.upper else { return nil }
    }

    private init(beginning bytes: ContiguousArray<UInt8>) {
        self.lower = IndexKey(bytes: bytes)
        self.upper = IndexKey(bytes: Self.successor(bytes))
    }

    private static func bytes(_ values: [Value]) -> ContiguousArray<UInt8>? {
        var bytes = ContiguousArray<UInt8>()
        for value in values { guard IndexKey.append(value, to: &bytes) else { return nil } }
        return bytes
    }

    private static func edge(_ base: ContiguousArray<UInt8>, _ bound: Bound, isUpper: Bool)
        -> ContiguousArray<UInt8>?
    {
        var bytes = base
        guard IndexKey.append(bound.value, to: &bytes) else { return nil }
        return bound.isIncluding == isUpper ? self.successor(bytes) : bytes
    }

    /// The least bytes after everything that begins with these: no encoding has a last byte 0xFF before its end.
    private static func successor(_ bytes: ContiguousArray<UInt8>) -> ContiguousArray<UInt8> {
        var bytes = bytes
        while let last = bytes.last, last == 0xFF { bytes.removeLast() }
        if let last = bytes.last { bytes[bytes.count - 1] = last + 1 } else { bytes = [0xFF] }
        return bytes
    }
}

extension IndexRange.Bound {
    var value: Value {
        switch self {
        case .including(let value), .excluding(let value): value
        }
    }

    var isIncluding: Bool {
        if case .including = self { true } else { false }
    }
}

/// One property key's values on one page: packed, of one type where they are of one type.
///
/// A value stands only for each slot that has one, at the slot's rank, so a key that few nodes have costs little.
/// Reading is O(1), writing O(128). Values of one type lie side by side: numbers, truth values, times and
/// points as such, texts as one-byte codes into a dictionary of the page, lists and mixtures as ``Value``.
struct PropertyColumn: Sendable {
    let key: PropertyKeyID
    private(set) var present = Bitmap128()
    private(set) var values: Values = .integers([])

    enum Values: Sendable {
        case integers(ContiguousArray<Int>)
        case floats(ContiguousArray<Double>)
        /// By slot, not by rank.
        case booleans(Bitmap128)
        case strings(StringColumn)
        case dates(ContiguousArray<CalendarDate>)
        case localTimes(ContiguousArray<LocalTime>)
        case times(ContiguousArray<ZonedTime>)
        case localDateTimes(ContiguousArray<LocalDateTime>)
        case dateTimes(ContiguousArray<ZonedDateTime>)
        case durations(ContiguousArray<TemporalDuration>)
        case points(ContiguousArray<Point>)
        case mixed(ContiguousArray<Value>)
    }

    init(key: PropertyKeyID) { self.key = key }

    /// The value of a slot; null when it has none.
    subscript(slot: Int) -> Value {
        guard self.present[slot] else { return .null }
        let rank = self.present.rank(slot)
        switch self.values {
        case .integers(let values): return .integer(values[rank])
        case .floats(let values): return .float(values[rank])
        case .booleans(let values): return .boolean(values[slot])
        case .strings(let values): return .string(values[rank])
        case .dates(let values): return .date(values[rank])
        case .localTimes(let values): return .localTime(values[rank])
        case .times(let values): return .time(values[rank])
        case .localDateTimes(let values): return .localDateTime(values[rank])
        case .dateTimes(let values): return .dateTime(values[rank])
        case .durations(let values): return .duration(values[rank])
        case .points(let values): return .point(values[rank])
        case .mixed(let values): return values[rank]
        }
    }

    /// Sets a slot's value or, with null, takes it away.
    mutating func set(_ slot: Int, _ value: Value) {
        if value.isNull { return self.remove(slot) }
        let isNew = !self.present[slot]
        if self.present.isEmpty { self.values = Self.empty(for: value) }
        let rank = self.present.rank(slot)
        if !self.place(value, slot, rank, isNew: isNew) {
            self.values = .mixed(ContiguousArray(self.all))
            _ = self.place(value, slot, rank, isNew: isNew)
        }
        self.present[slot] = true
    }

    private static func empty(for value: Value) -> Values {
        switch value {
        case .integer: .integers([])
        case .float: .floats([])
        case .boolean: .booleans(Bitmap128())
        case .string: .strings(StringColumn())
        case .date: .dates([])
        case .localTime: .localTimes([])
        case .time: .times([])
        case .localDateTime: .localDateTimes([])
        case .dateTime: .dateTimes([])
        case .duration: .durations([])
        case .point: .points([])
        default: .mixed([])
        }
    }

    /// What stands in for the payload while it is out of the enum to be changed: with two holders its array would be copied.
    private static var moving: Values { .booleans(Bitmap128()) }

    private static func put<Element>(
        _ value: Element, _ values: inout ContiguousArray<Element>, _ rank: Int, _ isNew: Bool
    ) {
        if isNew { values.insert(value, at: rank) } else { values[rank] = value }
    }

    /// Puts a value where it belongs; false when the column's type is another.
    private mutating func place(_ value: Value, _ slot: Int, _ rank: Int, isNew: Bool) -> Bool {
        switch (self.values, value) {
        case (.integers(var values), .integer(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .integers(values)
        case (.floats(var values), .float(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .floats(values)
        case (.booleans(var values), .boolean(let truth)):
            values[slot] = truth
            self.values = .booleans(values)
        case (.strings(var values), .string(let text)):
            self.values = Self.moving
            if isNew { values.insert(text, at: rank) } else { values.replace(rank, with: text) }
            self.values = .strings(values)
        case (.dates(var values), .date(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .dates(values)
        case (.localTimes(var values), .localTime(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .localTimes(values)
        case (.times(var values), .time(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .times(values)
        case (.localDateTimes(var values), .localDateTime(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .localDateTimes(values)
        case (.dateTimes(var values), .dateTime(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .dateTimes(values)
        case (.durations(var values), .duration(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .durations(values)
        case (.points(var values), .point(let value)):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .points(values)
        case (.mixed(var values), _):
            self.values = Self.moving
            Self.put(value, &values, rank, isNew)
            self.values = .mixed(values)
        default: return false
        }
        return true
    }

    private mutating func remove(_ slot: Int) {
        guard self.present[slot] else { return }
        let rank = self.present.rank(slot)
        self.present[slot] = false
        switch self.values {
        case .integers(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .integers(values)
        case .floats(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .floats(values)
        case .booleans(var values):
            values[slot] = false
            self.values = .booleans(values)
        case .strings(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .strings(values)
        case .dates(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .dates(values)
        case .localTimes(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .localTimes(values)
        case .times(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .times(values)
        case .localDateTimes(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .localDateTimes(values)
        case .dateTimes(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .dateTimes(values)
        case .durations(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .durations(values)
        case .points(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .points(values)
        case .mixed(var values):
            self.values = Self.moving
            values.remove(at: rank)
            self.values = .mixed(values)
        }
    }

    /// The values of all slots that have one, in order.
    private var all: [Value] {
        var all: [Value] = []
        self.present.forEach { all.append(self[$0]) }
        return all
    }
}

/// Texts of a page: a byte a text, and each different text once, found by 32 bits of its hash.
struct StringColumn: Sendable {
    private(set) var codes: ContiguousArray<UInt8> = []
    private(set) var dictionary: ContiguousArray<String> = []
    private var hashes: ContiguousArray<UInt32> = []

    subscript(rank: Int) -> String { self.dictionary[Int(self.codes[rank])] }

    mutating func insert(_ text: String, at rank: Int) {
        let code = self.madeCode(of: text)
        self.codes.insert(code, at: rank)
    }

    mutating func replace(_ rank: Int, with text: String) { self.codes[rank] = self.madeCode(of: text) }

    mutating func remove(at rank: Int) { self.codes.remove(at: rank) }

    /// The text's code; nil when no text of the page was it. O(different texts), 4 bytes each.
    func code(of text: String) -> UInt8? { self.code(of: text, hash: textHash(text)) }

    private func code(of text: String, hash: UInt32) -> UInt8? {
        for code in self.hashes.indices where self.hashes[code] == hash {
            if sameBytes(self.dictionary[code], text) { return UInt8(code) }
        }
        return nil
    }

    private mutating func madeCode(of text: String) -> UInt8 {
        let hash = textHash(text)
        if let code = self.code(of: text, hash: hash) { return code }
        if self.dictionary.count == 255 { self.compact() }
        self.dictionary.append(text)
        self.hashes.append(hash)
        return UInt8(self.dictionary.count - 1)
    }

    /// Drops texts that no slot holds any more. At most 128 remain.
    private mutating func compact() {
        var (kept, hashes) = (ContiguousArray<String>(), ContiguousArray<UInt32>())
        var places = [UInt8?](repeating: nil, count: 256)
        for rank in self.codes.indices {
            let old = Int(self.codes[rank])
            let place = places[old] ?? UInt8(kept.count)
            if places[old] == nil {
                places[old] = place
                kept.append(self.dictionary[old])
                hashes.append(self.hashes[old])
            }
            self.codes[rank] = place
        }
        (self.dictionary, self.hashes) = (kept, hashes)
    }
}

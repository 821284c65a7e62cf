/// Columns of one page, in no order; few, so they are searched one by one.
struct PropertyColumns: Sendable {
    private(set) var columns: ContiguousArray<PropertyColumn> = []

    func column(_ key: PropertyKeyID) -> PropertyColumn? {
        self.columns.first { $0.key == key }
    }

    @inline(__always)
    func value(_ key: PropertyKeyID, _ slot: Int) -> Value {
        for index in self.columns.indices where self.columns[index].key == key {
            return self.columns[index][slot]
        }
        return .null
    }

    /// All properties of a slot, sorted by key.
    func properties(_ slot: Int) -> Properties {
        var properties = Properties()
        for column in self.columns {
            let value = column[slot]
            if !value.isNull { properties.set(column.key, value) }
        }
        return properties
    }

    mutating func set(_ key: PropertyKeyID, _ slot: Int, _ value: Value) {
        if let index = self.columns.firstIndex(where: { $0.key == key }) {
            self.columns[index].set(slot, value)
            if self.columns[index].present.isEmpty { self.columns.remove(at: index) }
        } else if !value.isNull {
            var column = PropertyColumn(key: key)
            column.set(slot, value)
            self.columns.append(column)
        }
    }

    /// Makes the slot's properties just these.
    mutating func replace(_ slot: Int, with properties: Properties) {
        for index in self.columns.indices.reversed()
        where self.columns[index].present[slot] && properties[self.columns[index].key].isNull {
            self.set(self.columns[index].key, slot, .null)
        }
        for entry in properties { self.set(entry.key, slot, entry.value) }
    }
}

/// What the graph holds of 128 neighbouring nodes, their relationships aside.
///
/// `@unchecked Sendable`: see ``StoredPage``.
final class NodePage: StoredPage, @unchecked Sendable {
    static let shift = PageShape.shift
    /// The number that means "no node".
    static let none = UInt32.max
    /// The node's label set by slot, ``none`` where no node is.
    var labelSets: ContiguousArray<UInt32>
    var properties: PropertyColumns

    init() {
        self.labelSets = ContiguousArray(repeating: Self.none, count: PageShape.size)
        self.properties = PropertyColumns()
    }

    private init(labelSets: ContiguousArray<UInt32>, properties: PropertyColumns) {
        self.labelSets = labelSets
        self.properties = properties
    }

    func copied() -> Self { Self(labelSets: self.labelSets, properties: self.properties) }
}

/// What the graph holds of 128 neighbouring relationships.
///
/// `@unchecked Sendable`: see ``StoredPage``.
final class RelationshipPage: StoredPage, @unchecked Sendable {
    static let shift = PageShape.shift
    /// The type that means "no relationship".
    static let none = UInt32.max
    private let words: UnsafeMutablePointer<UInt32>
    var properties = PropertyColumns()

    init() {
        self.words = .allocate(capacity: 3 * PageShape.size)
        self.words.initialize(repeating: Self.none, count: 3 * PageShape.size)
    }

    private init(copying other: RelationshipPage) {
        self.words = .allocate(capacity: 3 * PageShape.size)
        self.words.initialize(from: other.words, count: 3 * PageShape.size)
        self.properties = other.properties
    }

    func copied() -> Self { Self(copying: self) }

    func type(_ slot: Int) -> UInt32 { self.words[slot] }
    func source(_ slot: Int) -> UInt32 { self.words[PageShape.size + slot] }
    func target(_ slot: Int) -> UInt32 { self.words[2 * PageShape.size + slot] }

    func set(_ slot: Int, type: UInt32, source: UInt32, target: UInt32) {
        self.words[slot] = type
        self.words[PageShape.size + slot] = source
        self.words[2 * PageShape.size + slot] = target
    }

    deinit { self.words.deallocate() }
}

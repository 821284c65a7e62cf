internal import PropertyGraph

/// A node or relationship as a reader gives it: names as numbers of the graph, ids in place. One is used for
/// all records of a file, so that its arrays are made once.
struct ImportRow {
    enum Kind {
        case node
        case relationship
    }

    /// One end of a relationship, and how to find it in the graph when the import does not hold it.
    struct End {
        var id: ImportID
        var label: LabelID?
        var key: ByteSlice?
    }

    var kind = Kind.node
    /// The file the record stands in, when it is not the one that is read: see ``JSONLinesReader``.
    var file: String
    /// The line that the record starts at, from 1.
    var line = 0
    /// Where the record starts in its stream, in bytes.
    var offset = 0
    /// A node's id.
    var id: ImportID
    var labels: [LabelID] = []
    /// The property by which the graph knows the node, with ``labels``' first.
    var key: PropertyKeyID?
    /// Whether two nodes with equal ids and only those have equal values under ``key``.
    var isKeyedByID = false
    var type = RelationshipTypeID(0)
    var start: End
    var end: End
    var properties: [(key: PropertyKeyID, value: Value)] = []

    init(file: String, window: ByteWindow) {
        let nothing = ImportID(text: ByteSlice(start: UnsafePointer(window.base), count: 0))
        self.file = file
        self.id = nothing
        self.start = End(id: nothing)
        self.end = End(id: nothing)
    }
}

/// Numbers for the names in a file: those of the graph, remembered by their bytes.
struct NameCache {
    let transaction: GraphTransaction
    private var labels = ByteTable()
    private var types = ByteTable()
    private var keys = ByteTable()

    init(_ transaction: GraphTransaction) { self.transaction = transaction }

    /// The label's number; nil when the text is not UTF-8.
    mutating func label(_ text: ByteSlice) throws(GraphError) -> LabelID? {
        if let number = self.labels.number(text) { return LabelID(number) }
        guard let name = text.text else { return nil }
        let label = try self.transaction.label(name)
        _ = self.labels.set(text, label.index)
        return label
    }

    /// The type's number; nil when the text is not UTF-8.
    mutating func type(_ text: ByteSlice) throws(GraphError) -> RelationshipTypeID? {
        if let number = self.types.number(text) { return RelationshipTypeID(number) }
        guard let name = text.text else { return nil }
        let type = try self.transaction.relationshipType(name)
        _ = self.types.set(text, type.index)
        return type
    }

    /// The key's number; nil when the text is not UTF-8.
    mutating func key(_ text: ByteSlice) throws(GraphError) -> PropertyKeyID? {
        if let number = self.keys.number(text) { return PropertyKeyID(number) }
        guard let name = text.text else { return nil }
        let key = try self.transaction.propertyKey(name)
        _ = self.keys.set(text, key.index)
        return key
    }
}

internal import GraphDatabase
package import NIOCore
package import PropertyGraph
package import QueryEngine

/// Rows as messages in chunks, ready to be sent, and where each of them ends.
package struct EncodedRows: Sendable {
    /// The messages.
    package fileprivate(set) var bytes: ByteBuffer
    /// Where each row ends, in bytes from the first one's beginning. 4 bytes a row.
    fileprivate var ends: [UInt32] = []
    /// How many rows were taken from the front.
    private var taken = 0

    fileprivate init() { self.bytes = ByteBuffer() }

    /// How many rows there are.
    package var count: Int { self.ends.count - self.taken }

    /// Takes rows from the front, all if there are fewer.
    package mutating func take(_ count: Int) -> ByteBuffer {
        let first = self.taken
        self.taken = min(self.taken + count, self.ends.count)
        guard self.taken > first else { return ByteBuffer() }
        let start = first == 0 ? 0 : self.ends[first - 1]
        return self.bytes.readSlice(length: Int(self.ends[self.taken - 1] - start)) ?? ByteBuffer()
    }
}

/// Makes RECORD messages of rows.
package struct RecordEncoder: RowEncoder {
    private static let capacity = 80 << 10
    private var writer: ValueWriter
    private var piece = EncodedRows()

    /// An encoder of rows whose nodes and relationships are those of a snapshot.
    package init(snapshot: GraphSnapshot, version: BoltVersion, utcPatch: Bool) {
        self.writer = ValueWriter(
            PackStreamWriter(), snapshot: snapshot, version: version, utcPatch: utcPatch)
    }

    /// How many rows the next piece has so far.
    package var rows: Int { self.piece.ends.count }
    /// How many bytes it has so far.
    package var bytes: Int { self.writer.packer.buffer.writerIndex }

    /// Puts a row into the next piece.
    package mutating func append(_ row: ResultRow) {
        let start = self.begin(columns: row.count)
        for column in 0..<row.count { self.writer.write(row[column]) }
        self.end(start)
    }

    /// Puts a row into the next piece.
    package mutating func append(_ values: [Value]) {
        let start = self.begin(columns: values.count)
        for value in values { self.writer.write(value) }
        self.end(start)
    }

    private mutating func begin(columns: Int) -> Int {
        let start = self.writer.packer.buffer.beginMessage()
        self.writer.packer.beginStructure(0x71, fields: 1)
        self.writer.packer.beginList(columns)
        return start
    }

    private mutating func end(_ start: Int) {
        self.writer.packer.buffer.endMessage(start)
        self.piece.ends.append(UInt32(clamping: self.writer.packer.buffer.writerIndex))
    }

    /// Gives the piece and begins another.
    package mutating func take() -> EncodedRows {
        var piece = self.piece
        piece.bytes = self.writer.packer.buffer
        self.piece = EncodedRows()
        // The next piece is about as long. The first one grew from nothing: it may be the only one.
        self.writer.packer.buffer = ByteBuffer()
        self.writer.packer.buffer.reserveCapacity(min(piece.bytes.readableBytes, Self.capacity))
        return piece
    }
}

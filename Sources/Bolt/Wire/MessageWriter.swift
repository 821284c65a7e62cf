package import GraphDatabase
package import NIOCore
package import PropertyGraph

/// Writes a server's messages, in chunks, into a buffer that goes to the client.
package struct MessageWriter {
    /// What was written and is to be sent.
    package var buffer: ByteBuffer { self.writer.packer.buffer }
    private var writer: ValueWriter
    private static let capacity = 256
    private let version: BoltVersion
    /// Metadata hold no nodes and relationships.
    private static let nothing = GraphSnapshot()

    /// A writer for a version of the protocol.
    package init(version: BoltVersion, buffer: ByteBuffer = ByteBuffer()) {
        self.version = version
        self.writer = ValueWriter(
            PackStreamWriter(buffer: buffer), snapshot: Self.nothing, version: version)
    }

    /// Gives away what was written and begins anew.
    package mutating func take() -> ByteBuffer {
        guard self.buffer.readableBytes > 0 else { return ByteBuffer() }
        defer { self.writer.packer.buffer = ByteBuffer() }
        return self.writer.packer.buffer
    }

    /// SUCCESS with what is to be known.
    package mutating func success(_ metadata: Metadata) { self.message(0x70, metadata) }

    /// IGNORED.
    package mutating func ignored() {
        self.chunked { writer in writer.packer.beginStructure(0x7E, fields: 0) }
    }

    /// FAILURE with its reason.
    package mutating func failure(_ status: Neo4jStatus) {
        self.message(0x7F, GQLStatus.failure(status, version))
    }

    /// Rows that are messages already.
    package mutating func write(_ rows: ByteBuffer) {
        self.writer.packer.buffer.writeImmutableBuffer(rows)
    }

    private mutating func message(_ tag: UInt8, _ metadata: Metadata) {
        self.chunked { writer in
            writer.packer.beginStructure(tag, fields: 1)
            writer.write(metadata)
        }
    }

    private mutating func chunked(_ body: (inout ValueWriter) -> Void) {
        // Most answers fit: growing byte by byte costs more than writing.
        self.writer.packer.buffer.reserveCapacity(minimumWritableBytes: Self.capacity)
        let start = self.writer.packer.buffer.beginMessage()
        body(&self.writer)
        self.writer.packer.buffer.endMessage(start)
    }
}

/// What a SUCCESS or FAILURE says, in order.
package typealias Metadata = [(name: String, value: Value)]

extension ValueWriter {
    /// A map whose members have an order.
    mutating func write(_ metadata: Metadata) {
        self.packer.beginMap(metadata.count)
        for (name, value) in metadata {
            self.packer.write(name)
            self.write(value)
        }
    }
}

extension ByteBuffer {
    /// Leaves room for the length of a message that follows.
    mutating func beginMessage() -> Int {
        defer { self.writeInteger(0 as UInt16) }
        return self.writerIndex
    }

    /// Fills the length in and ends the message; one of more than 65,535 bytes is cut into chunks.
    mutating func endMessage(_ start: Int) {
        let length = self.writerIndex - start - 2
        if let short = UInt16(exactly: length) {
            self.setInteger(short, at: start)
            self.writeInteger(0 as UInt16)
            return
        }
        guard let message = self.getSlice(at: start + 2, length: length) else { return }
        self.moveWriterIndex(to: start)
        MessageAssembler.write(message, to: &self)
    }
}

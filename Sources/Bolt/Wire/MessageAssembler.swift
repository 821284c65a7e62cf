package import NIOCore

/// Puts messages together from chunks: two bytes of length, then as many bytes; an empty chunk ends the message.
package struct MessageAssembler {
    /// Why the bytes cannot be a conversation that this server goes on with.
    package enum Failure: Error, Hashable, Sendable {
        /// A message is longer than the limit, in bytes.
        case tooLong(limit: Int)
    }

    /// The most bytes that a message may have.
    package var limit: Int
    private var message = ByteBuffer()

    /// An assembler that refuses messages of more than `limit` bytes.
    package init(limit: Int) { self.limit = limit }

    /// The next whole message of what has come in, nil when more must come; takes whole chunks only.
    /// An empty chunk before a message keeps the connection alive and means nothing.
    package mutating func next(_ input: inout ByteBuffer) throws(Failure) -> ByteBuffer? {
        while let size = input.getInteger(at: input.readerIndex, as: UInt16.self) {
            guard input.readableBytes >= Int(size) + 2 else { return nil }
            input.moveReaderIndex(forwardBy: 2)
            if size == 0 {
                guard self.message.readableBytes > 0 else { continue }
                defer { self.message = ByteBuffer() }
                return self.message
            }
            guard self.message.readableBytes + Int(size) <= self.limit else {
                throw .tooLong(limit: self.limit)
            }
            guard var chunk = input.readSlice(length: Int(size)) else { return nil }
            self.message.writeBuffer(&chunk)
        }
        return nil
    }

    /// Appends a message in chunks.
    package static func write(_ message: ByteBuffer, to output: inout ByteBuffer) {
        var rest = message
        while rest.readableBytes > 0 {
            let size = min(rest.readableBytes, Int(UInt16.max))
            guard let chunk = rest.readSlice(length: size) else { break }
            output.writeInteger(UInt16(size))
            output.writeImmutableBuffer(chunk)
        }
        output.writeInteger(0 as UInt16)
    }
}

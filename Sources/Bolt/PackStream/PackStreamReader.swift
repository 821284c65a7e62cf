package import NIOCore
package import PropertyGraph

/// Reads values out of one message. Never allocates more than the message has bytes for.
package struct PackStreamReader {
    /// How deep lists, maps and structures may lie in each other, in levels.
    package static let depthLimit = 128

    private var buffer: ByteBuffer

    /// A reader over the bytes of one message.
    package init(_ buffer: ByteBuffer) { self.buffer = buffer }

    /// Whether all bytes are read.
    package var isAtEnd: Bool { self.buffer.readableBytes == 0 }

    /// Whether these bytes come next; then they are read.
    mutating func skip(_ bytes: [UInt8]) -> Bool {
        guard self.buffer.readableBytes >= bytes.count else { return false }
        for (offset, byte) in bytes.enumerated()
        where self.buffer.getInteger(at: self.buffer.readerIndex + offset, as: UInt8.self) != byte {
            return false
        }
        self.buffer.moveReaderIndex(forwardBy: bytes.count)
        return true
    }

    /// The tag and number of fields of the structure that begins here.
    package mutating func readStructure() throws(PackStreamError) -> (tag: UInt8, fields: Int) {
        let marker = try self.integer(UInt8.self)
        guard marker & 0xF0 == 0xB0 else { throw .unknownMarker(marker) }
        return (try self.integer(UInt8.self), Int(marker & 0x0F))
    }

    /// The next value.
    package mutating func readValue() throws(PackStreamError) -> Value { try self.value(depth: 0) }

    private mutating func value(depth: Int) throws(PackStreamError) -> Value {
        guard depth <= Self.depthLimit else { throw .tooDeep }
        let marker = try self.integer(UInt8.self)
        switch marker {
        case 0x00...0x7F, 0xF0...0xFF: return .integer(Int(Int8(bitPattern: marker)))
        case 0xC0: return .null
        case 0xC1: return .float(Double(bitPattern: try self.integer(UInt64.self)))
        case 0xC2, 0xC3: return .boolean(marker == 0xC3)
        case 0xC8: return .integer(Int(try self.integer(Int8.self)))
        case 0xC9: return .integer(Int(try self.integer(Int16.self)))
        case 0xCA: return .integer(Int(try self.integer(Int32.self)))
        case 0xCB: return .integer(Int(try self.integer(Int64.self)))
        case 0xCC...0xCE: throw .unsupportedParameter("BYTES")
        case 0x80...0x8F, 0xD0...0xD2: return .string(try self.text(marker))
        case 0x90...0x9F, 0xD4...0xD6: return try self.list(try self.size(marker, base: 0xD4), depth)
        case 0xA0...0xAF, 0xD8...0xDA: return try self.map(try self.size(marker, base: 0xD8), depth)
        case 0xB0...0xBF: return try self.structure(fields: Int(marker & 0x0F), depth)
        default: throw .unknownMarker(marker)
        }
    }

    private mutating func list(_ count: Int, _ depth: Int) throws(PackStreamError) -> Value {
        // A value has at least one byte: a count that lies is found before memory is taken for it.
        guard count <= self.buffer.readableBytes else { throw .cutOff }
        var elements: [Value] = []
        for _ in 0..<count { elements.append(try self.value(depth: depth + 1)) }
        return .list(elements)
    }

    private mutating func map(_ count: Int, _ depth: Int) throws(PackStreamError) -> Value {
        guard count <= self.buffer.readableBytes / 2 else { throw .cutOff }
        var entries: [String: Value] = [:]
        for _ in 0..<count {
            let marker = try self.integer(UInt8.self)
            guard (0x80...0x8F).contains(marker) || (0xD0...0xD2).contains(marker) else {
                throw .invalidMapKey
            }
            let name = try self.text(marker)
            guard entries.updateValue(try self.value(depth: depth + 1), forKey: name) == nil else {
                throw .invalidMapKey
            }
        }
        return .map(entries)
    }

    private mutating func structure(fields: Int, _ depth: Int) throws(PackStreamError) -> Value {
        let tag = try self.integer(UInt8.self)
        var values: [Value] = []
        for _ in 0..<fields { values.append(try self.value(depth: depth + 1)) }
        return try TemporalStructure.value(tag, values)
    }

    private mutating func text(_ marker: UInt8) throws(PackStreamError) -> String {
        let size = try self.size(marker, base: 0xD0)
        guard let bytes = self.buffer.readSlice(length: size) else { throw .cutOff }
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            throw .invalidText
        }
        return text
    }

    /// The size after a marker: in its low half when it is a tiny one, else in 1, 2 or 4 bytes.
    private mutating func size(_ marker: UInt8, base: UInt8) throws(PackStreamError) -> Int {
        if marker < 0xB0 { return Int(marker & 0x0F) }
        return switch marker - base {
        case 0: Int(try self.integer(UInt8.self))
        case 1: Int(try self.integer(UInt16.self))
        default: Int(try self.integer(UInt32.self))
        }
    }

    private mutating func integer<Number: FixedWidthInteger>(
        _ type: Number.Type
    ) throws(PackStreamError) -> Number {
        guard let number = self.buffer.readInteger(as: type) else { throw .cutOff }
        return number
    }
}

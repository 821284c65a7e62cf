package import NIOCore

/// Writes PackStream: markers, sizes and scalars into a buffer. Big-endian, integers in their shortest form.
package struct PackStreamWriter: Sendable {
    /// What was written so far.
    package var buffer: ByteBuffer

    /// A writer that appends to a buffer.
    package init(buffer: ByteBuffer = ByteBuffer()) { self.buffer = buffer }

    /// The null marker.
    package mutating func writeNull() { self.buffer.writeInteger(0xC0 as UInt8) }

    /// A truth value.
    package mutating func write(_ truth: Bool) { self.buffer.writeInteger(truth ? 0xC3 : 0xC2 as UInt8) }

    /// An integer in 1, 2, 3, 5 or 9 bytes.
    package mutating func write(_ number: Int) {
        if (-16...127).contains(number) {
            self.buffer.writeInteger(Int8(truncatingIfNeeded: number))
        } else if let small = Int8(exactly: number) {
            self.buffer.writeMultipleIntegers(0xC8 as UInt8, small)
        } else if let medium = Int16(exactly: number) {
            self.buffer.writeMultipleIntegers(0xC9 as UInt8, medium)
        } else if let large = Int32(exactly: number) {
            self.buffer.writeMultipleIntegers(0xCA as UInt8, large)
        } else {
            self.buffer.writeMultipleIntegers(0xCB as UInt8, Int64(number))
        }
    }

    /// A double, its bits as they are.
    package mutating func write(_ number: Double) {
        self.buffer.writeMultipleIntegers(0xC1 as UInt8, number.bitPattern)
    }

    /// A text with its length in UTF-8.
    package mutating func write(_ text: String) {
        self.writeSize(text.utf8.count, tiny: 0x80, markers: (0xD0, 0xD1, 0xD2))
        self.buffer.writeString(text)
    }

    /// The beginning of a list; its elements follow.
    package mutating func beginList(_ count: Int) {
        self.writeSize(count, tiny: 0x90, markers: (0xD4, 0xD5, 0xD6))
    }

    /// The beginning of a map; names and values follow in turns.
    package mutating func beginMap(_ count: Int) {
        self.writeSize(count, tiny: 0xA0, markers: (0xD8, 0xD9, 0xDA))
    }

    /// The beginning of a structure of at most 15 fields; they follow.
    package mutating func beginStructure(_ tag: UInt8, fields: UInt8) {
        self.buffer.writeMultipleIntegers(0xB0 | (fields & 0x0F), tag)
    }

    private mutating func writeSize(_ size: Int, tiny: UInt8, markers: (UInt8, UInt8, UInt8)) {
        if size < 16 {
            self.buffer.writeInteger(tiny | UInt8(size))
        } else if let small = UInt8(exactly: size) {
            self.buffer.writeMultipleIntegers(markers.0, small)
        } else if let medium = UInt16(exactly: size) {
            self.buffer.writeMultipleIntegers(markers.1, medium)
        } else {
            self.buffer.writeMultipleIntegers(markers.2, UInt32(clamping: size))
        }
    }
}

/// A text that equals others by its bytes: names that are spelled differently are different names.
struct ExactText: Hashable, Sendable {
    let text: String

    static func == (left: ExactText, right: ExactText) -> Bool { sameBytes(left.text, right.text) }

    func hash(into hasher: inout Hasher) { hasher.combine(bytesOf: self.text) }
}

/// Whether two texts are the same bytes. `==` would also hold for other spellings of the same characters, and storing one
/// in place of the other would change what was stored.
package func sameBytes(_ left: String, _ right: String) -> Bool {
    var (left, right) = (left, right)
    return left.withUTF8 { left in
        right.withUTF8 { right in left.count == right.count && left.elementsEqual(right) }
    }
}

extension Hasher {
    /// Feeds the bytes of a text, so that texts are equal where ``sameBytes(_:_:)`` says so.
    mutating func combine(bytesOf text: String) {
        var text = text
        text.withUTF8 { self.combine(bytes: UnsafeRawBufferPointer($0)) }
        self.combine(UInt8(0xFF))
    }
}

/// 32 bits of a hash of a text's bytes, the same in every run. Eight bytes a step: multiply and fold, as wyhash does.
func textHash(_ text: String) -> UInt32 {
    var text = text
    return text.withUTF8 { bytes in
        let raw = UnsafeRawBufferPointer(bytes)
        var hash = UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset + 8 <= raw.count {
            hash = fold(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < raw.count {
            rest = rest << 8 | UInt64(raw[offset])
            offset += 1
        }
        return UInt32(truncatingIfNeeded: fold(hash ^ rest))
    }
}

private func fold(_ word: UInt64) -> UInt64 {
    let product = word.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    return product.high ^ product.low
}

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

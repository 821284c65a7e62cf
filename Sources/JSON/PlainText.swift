/// What a string may hold as it is: all but quotes, backslashes and control characters (RFC 8259, 7).
enum PlainText {
    /// The first place from `start` on with something else; the end when there is none. O(bytes), 16 at a time.
    static func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        let quotes = SIMD16<UInt8>(repeating: UInt8(ascii: "\""))
        let backslashes = SIMD16<UInt8>(repeating: UInt8(ascii: "\\"))
        let spaces = SIMD16<UInt8>(repeating: 0x20)
        while index + 16 <= bytes.count {
            let block = bytes.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
            if any((block .== quotes) .| (block .== backslashes) .| (block .< spaces)) { break }
            index += 16
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }
}

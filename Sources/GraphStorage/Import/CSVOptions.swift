/// How tables are written: what stands between values, and between the elements of a list.
package struct CSVOptions: Hashable, Sendable {
    /// Between values: `,` unless said otherwise.
    package let delimiter: UInt8
    /// Between elements of a list, and between labels: `;` unless said otherwise.
    package let arrayDelimiter: UInt8

    /// The usual ones.
    package static let standard = CSVOptions(delimiter: UInt8(ascii: ","), arrayDelimiter: UInt8(ascii: ";"))

    private init(delimiter: UInt8, arrayDelimiter: UInt8) {
        self.delimiter = delimiter
        self.arrayDelimiter = arrayDelimiter
    }

    /// Each a single ASCII character, `\t` or `TAB`, as neo4j-admin takes them; nil when one is not, is a quote or a
    /// line's end, or when both are the same.
    package init?(delimiter: String, arrayDelimiter: String) {
        guard let first = Self.byte(delimiter), let second = Self.byte(arrayDelimiter), first != second else {
            return nil
        }
        self.init(delimiter: first, arrayDelimiter: second)
    }

    private static func byte(_ text: String) -> UInt8? {
        if ["\\t", "TAB", "\t"].contains(text) { return 9 }
        guard text.utf8.count == 1, let byte = text.utf8.first, ![10, 13, UInt8(ascii: "\"")].contains(byte)
        else { return nil }
        return byte
    }
}

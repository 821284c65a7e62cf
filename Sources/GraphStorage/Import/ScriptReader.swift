internal import Foundation

/// Reads a Cypher script piece by piece, cut between statements, so that scripts longer than a query may be are run
/// without being in memory. Knows quotes, backticks and comments, nothing else of the language.
package struct ScriptReader {
    private enum Place {
        case plain
        case quoted(UInt8)
        case lineComment
        case blockComment
    }

    private let window: ByteWindow
    private var line = 1

    /// How many bytes a piece has, unless one statement has more.
    private static let piece = 1 << 20

    /// Opens a script.
    /// - Parameters:
    ///   - source: where it is.
    ///   - name: the file's name, for messages.
    /// - Throws: ``ImportError`` when it cannot be read.
    package init(_ source: ImportSource, name: String) throws(ImportError) {
        self.window = try source.open(name: name)
    }

    /// The next statements, whole, and the line at which they start, from 1; nil at the end.
    /// - Returns: the text and its place.
    /// - Throws: ``ImportError`` when the file cannot be read.
    package mutating func next() throws(ImportError) -> (text: String, line: Int)? {
        guard try self.window.hasBytes() else { return nil }
        var place = Place.plain
        // Relative to the window's `at`, which stays until the piece is cut.
        var (offset, cut) = (0, 0)
        while true {
            let (base, count) = (self.window.base + self.window.at, self.window.end - self.window.at)
            while offset < count, cut < Self.piece {
                // A mark of two bytes, or an escape, may not be divided.
                if offset + 1 == count, !self.window.isLast { break }
                let next = offset + 1 < count ? base[offset + 1] : 0
                offset += Self.step(base[offset], next, &place)
                if case .plain = place, base[offset - 1] == UInt8(ascii: ";") { cut = offset }
            }
            if cut >= Self.piece { break }
            guard !self.window.isLast else {
                cut = count
                break
            }
            try self.window.more()
        }
        let bytes = UnsafeBufferPointer(start: UnsafePointer(self.window.base + self.window.at), count: cut)
        let text = String(decoding: bytes, as: UTF8.self)
        let start = self.line
        for byte in bytes where byte == 10 { self.line += 1 }
        self.window.at += cut
        return (text, start)
    }

    /// How many bytes are taken.
    private static func step(_ byte: UInt8, _ next: UInt8, _ place: inout Place) -> Int {
        switch place {
        case .plain:
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): place = .quoted(byte)
            case UInt8(ascii: "/") where next == UInt8(ascii: "/"): place = .lineComment
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"):
                place = .blockComment
                return 2
            default: break
            }
        case .quoted(let quote):
            if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "`") { return 2 }
            if byte == quote { place = .plain }
        case .lineComment: if byte == 10 { place = .plain }
        case .blockComment:
            if byte == UInt8(ascii: "*"), next == UInt8(ascii: "/") {
                place = .plain
                return 2
            }
        }
        return 1
    }
}

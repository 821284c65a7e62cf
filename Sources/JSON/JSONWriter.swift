extension JSON {
    /// The text in one line, members in their order.
    package var text: String {
        var bytes: [UInt8] = []
        self.write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text indented by two spaces, for people.
    package var prettyText: String {
        var bytes: [UInt8] = []
        self.writePretty(to: &bytes, indent: 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text in one line as UTF-8.
    package func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let truth): bytes.append(contentsOf: (truth ? "true" : "false").utf8)
        case .int(let number): bytes.append(contentsOf: String(number).utf8)
        case .double(let number): Self.write(number, to: &bytes)
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends a string in quotes, escaped. Bytes that need no escape are copied in runs.
    package static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            while true {
                let end = PlainText.end(in: UnsafeRawBufferPointer(utf8), from: start)
                bytes.append(contentsOf: utf8[start..<end])
                guard end < utf8.count else { break }
                Self.writeEscape(utf8[end], to: &bytes)
                start = end + 1
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func writeEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
        case 10: bytes.append(contentsOf: "\\n".utf8)
        case 13: bytes.append(contentsOf: "\\r".utf8)
        case 9: bytes.append(contentsOf: "\\t".utf8)
        default:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: ("\\u00" + (digits.utf8.count == 1 ? "0" : "") + digits).utf8)
        }
    }

    /// Appends a number that reads back as a double; JSON has no NaN or infinity, they become `null`.
    private static func write(_ number: Double, to bytes: inout [UInt8]) {
        guard number.isFinite else {
            bytes.append(contentsOf: "null".utf8)
            return
        }
        bytes.append(contentsOf: "\(number)".utf8)
    }

    private func writePretty(to bytes: inout [UInt8], indent: Int) {
        let inner = "\n" + String(repeating: "  ", count: indent + 1)
        let outer = "\n" + String(repeating: "  ", count: indent)
        switch self {
        case .array(let elements) where !elements.isEmpty:
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                bytes.append(contentsOf: ((index > 0 ? "," : "") + inner).utf8)
                element.writePretty(to: &bytes, indent: indent + 1)
            }
            bytes.append(contentsOf: (outer + "]").utf8)
        case .object(let object) where !object.members.isEmpty:
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                bytes.append(contentsOf: ((index > 0 ? "," : "") + inner).utf8)
                Self.write(member.name, to: &bytes)
                bytes.append(contentsOf: ": ".utf8)
                member.value.writePretty(to: &bytes, indent: indent + 1)
            }
            bytes.append(contentsOf: (outer + "}").utf8)
        default: self.write(to: &bytes)
        }
    }
}

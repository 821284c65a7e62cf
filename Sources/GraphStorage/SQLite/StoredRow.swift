internal import Glibc
internal import JSON
internal import PropertyGraph

// Rows as JSON text, written and read without trees: start-up decodes every entity. The form is that of
// `Value.storedJSON`, which these must agree with.

enum StoredRow {
    /// Appends `["A","B"]`.
    static func write(labels: [LabelID], _ graph: GraphSnapshot, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, label) in labels.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSON.write(graph.tokens.name(label), to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Appends `{"key":value,...}`.
    static func write(_ properties: Properties, _ graph: GraphSnapshot, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for entry in properties {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            JSON.write(graph.tokens.name(entry.key), to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            self.write(entry.value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func write(_ value: Value, to bytes: inout [UInt8]) {
        switch value {
        case .integer(let number): self.write(number, to: &bytes)
        case .string(let text): JSON.write(text, to: &bytes)
        default: (value.storedJSON ?? .null).write(to: &bytes)
        }
    }

    static func write(_ number: Int, to bytes: inout [UInt8]) {
        if number < 0 { return bytes.append(contentsOf: String(number).utf8) }
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}

/// Reads the properties of one row, a JSON object, a member at a time.
struct StoredRowReader {
    private let text: UnsafeBufferPointer<UInt8>
    private var at = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// Whether the object begins.
    mutating func begin() -> Bool { self.take("{") }

    /// The next member's name, nil at the object's end; `isWrong` tells when it is not what was written.
    mutating func name(isWrong: inout Bool) -> UnsafeBufferPointer<UInt8>? {
        if self.take("}") {
            isWrong = self.at != self.text.count
            return nil
        }
        _ = self.take(",")
        guard self.take("\"") else {
            isWrong = true
            return nil
        }
        let start = self.at
        while self.at < self.text.count, self.text[self.at] != UInt8(ascii: "\"") {
            self.at += self.text[self.at] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(self.at, self.text.count)
        self.at += 1
        guard self.take(":") else {
            isWrong = true
            return nil
        }
        return UnsafeBufferPointer(rebasing: self.text[start..<end])
    }

    /// A name with its escapes resolved.
    static func string(_ name: UnsafeBufferPointer<UInt8>) -> String? {
        guard name.contains(UInt8(ascii: "\\")) else { return String(decoding: name, as: UTF8.self) }
        return (try? JSON.parse(utf8: [UInt8(ascii: "\"")] + name + [UInt8(ascii: "\"")]))?.string
    }

    /// The member's value; nil when it is not what was written.
    mutating func value() -> Value? {
        guard self.at < self.text.count else { return nil }
        switch self.text[self.at] {
        case UInt8(ascii: "\""): return self.string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return self.number()
        default:
            let start = self.at
            guard self.skip() else { return nil }
            return (try? JSON.parse(utf8: Array(self.text[start..<self.at]))).flatMap(Value.init(storedJSON:))
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.at < self.text.count, self.text[self.at] == UInt8(ascii: character) else { return false }
        self.at += 1
        return true
    }

    private mutating func string() -> Value? {
        let start = self.at + 1
        var end = start
        while end < self.text.count {
            let byte = self.text[end]
            if byte == UInt8(ascii: "\"") {
                self.at = end + 1
                return .string(String(decoding: self.text[start..<end], as: UTF8.self))
            }
            if byte == UInt8(ascii: "\\") { break }
            end += 1
        }
        let whole = self.at
        guard self.skip() else { return nil }
        return (try? JSON.parse(utf8: Array(self.text[whole..<self.at])))?.string.map(Value.string)
    }

    private mutating func number() -> Value? {
        let start = self.at
        let isNegative = self.take("-")
        var number = 0
        var digits = 0
        while self.at < self.text.count, case let digit = self.text[self.at] &- UInt8(ascii: "0"), digit < 10
        {
            number = number &* 10 &+ Int(digit)
            digits += 1
            self.at += 1
        }
        let isWhole = self.at == self.text.count || ![46, 69, 101].contains(self.text[self.at])
        // 18 digits cannot overflow.
        if isWhole, digits > 0, digits <= 18 { return .integer(isNegative ? -number : number) }
        while self.at < self.text.count, ![44, 93, 125].contains(self.text[self.at]) { self.at += 1 }
        let digitsText = String(decoding: self.text[start..<self.at], as: UTF8.self)
        if isWhole { return Int(digitsText).map(Value.integer) }
        return Double(digitsText).map(Value.float)
    }

    /// Goes past one value of any kind; false when it does not end.
    private mutating func skip() -> Bool {
        var depth = 0
        while self.at < self.text.count {
            switch self.text[self.at] {
            case UInt8(ascii: "\""):
                self.at += 1
                while self.at < self.text.count, self.text[self.at] != UInt8(ascii: "\"") {
                    self.at += self.text[self.at] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard self.at < self.text.count else { return false }
                self.at += 1
                if depth == 0 { return true }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                self.at += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if depth == 0 { return true }
                depth -= 1
                self.at += 1
                if depth == 0 { return true }
            case UInt8(ascii: ",") where depth == 0: return true
            default: self.at += 1
            }
        }
        return depth == 0
    }
}

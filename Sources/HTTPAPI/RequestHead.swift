/// The head of a request of HTTP/1.1, as places in its bytes: what ``HotRoutes`` must know to answer it, and where it ends.
///
/// It reads a strict part of RFC 9112: what everybody reads the same way. For anything else (lines that end without a
/// carriage return, folded lines, chunks, two lengths, upgrades, other versions) it says that it does not know where the
/// request ends, and the real parser is asked.
package struct RequestHead: Equatable {
    package enum Method { case get, post, other }

    /// What the bytes so far are.
    package enum Reading: Equatable {
        case head(RequestHead)
        /// The head is not all there.
        case partial
        /// Where the request ends cannot be told.
        case unframed
    }

    /// Longer heads are not read.
    package static let limit = 8 << 10

    package fileprivate(set) var method = Method.other
    /// The target, as it was written.
    package fileprivate(set) var path = 0..<0
    /// Values of headers, empty where there is none.
    package fileprivate(set) var authorization = 0..<0
    package fileprivate(set) var contentType = 0..<0
    package fileprivate(set) var requestID = 0..<0
    /// Nothing in the headers asks for more than an answer, and then for the next request.
    package fileprivate(set) var isUsual = true
    /// Bytes of the head, with the empty line at its end.
    package fileprivate(set) var length = 0
    /// Bytes of the body.
    package fileprivate(set) var bodyLength = 0

    /// Reads a head. O(bytes of the head), no allocation.
    package static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        var reader = Reader(bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.limit)))
        var head = RequestHead()
        let isWhole = reader.read(&head)
        if isWhole { return .head(head) }
        return reader.isAtEnd && bytes.count < Self.limit ? .partial : .unframed
    }
}

private struct Reader {
    let bytes: UnsafeRawBufferPointer
    private var at = 0
    /// Whether the bytes ended before the head did.
    private(set) var isAtEnd = false

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func read(_ head: inout RequestHead) -> Bool {
        let method = self.at
        guard self.token(), self.take(32) else { return false }
        switch self.bytes[method..<self.at] {
        case let name where name.elementsEqual("POST ".utf8): head.method = .post
        case let name where name.elementsEqual("GET ".utf8): head.method = .get
        case let name where name.elementsEqual("CONNECT ".utf8): return false
        default: break
        }
        let path = self.at
        while let byte = self.peek(), byte > 32, byte < 127 { self.at += 1 }
        head.path = path..<self.at
        guard !head.path.isEmpty, self.take(" HTTP/1.1\r\n") else { return false }
        var hasLength = false
        while true {
            guard let first = self.peek() else { return false }
            if first == 13 {
                guard self.take("\r\n") else { return false }
                head.length = self.at
                return true
            }
            guard self.header(&head, &hasLength) else { return false }
        }
    }

    private mutating func header(_ head: inout RequestHead, _ hasLength: inout Bool) -> Bool {
        let name = self.at
        guard self.token() else { return false }
        let names = name..<self.at
        guard self.take(58) else { return false }
        while let byte = self.peek(), byte == 32 || byte == 9 { self.at += 1 }
        let start = self.at
        while let byte = self.peek(), byte >= 32 && byte != 127 || byte == 9 { self.at += 1 }
        var end = self.at
        guard self.take("\r\n") else { return false }
        while end > start, self.bytes[end - 1] == 32 || self.bytes[end - 1] == 9 { end -= 1 }
        return self.note(names, start..<end, &head, &hasLength)
    }

    private func note(
        _ name: Range<Int>, _ value: Range<Int>, _ head: inout RequestHead, _ hasLength: inout Bool
    ) -> Bool {
        switch name.count {
        case 6: if self.isSame(name, "expect") { head.isUsual = false }
        case 7: if self.isSame(name, "upgrade") { return false }
        case 10:
            if self.isSame(name, "connection"), !self.isSame(value, "keep-alive") { head.isUsual = false }
        case 12:
            if self.isSame(name, "content-type") { Self.set(&head.contentType, value, &head.isUsual) }
            if self.isSame(name, "x-request-id") { Self.set(&head.requestID, value, &head.isUsual) }
        case 13:
            if self.isSame(name, "authorization") { Self.set(&head.authorization, value, &head.isUsual) }
        case 14:
            if self.isSame(name, "content-length") {
                // Fifteen digits are more than anybody sends, and no overflow.
                guard !hasLength, (1...15).contains(value.count) else { return false }
                hasLength = true
                for byte in self.bytes[value] {
                    guard byte >= 48, byte <= 57 else { return false }
                    head.bodyLength = head.bodyLength * 10 + Int(byte - 48)
                }
            }
        case 15: if self.isSame(name, "plexus-bookmark") { head.isUsual = false }
        case 17: if self.isSame(name, "transfer-encoding") { return false }
        default: break
        }
        return true
    }

    /// Which of two headers of one name counts is for others to say.
    private static func set(_ place: inout Range<Int>, _ value: Range<Int>, _ isUsual: inout Bool) {
        if !place.isEmpty { isUsual = false }
        place = value
    }

    private mutating func peek() -> UInt8? {
        guard self.at < self.bytes.count else {
            self.isAtEnd = true
            return nil
        }
        return self.bytes[self.at]
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.peek() == byte else { return false }
        self.at += 1
        return true
    }

    private mutating func take(_ text: StaticString) -> Bool {
        for offset in 0..<text.utf8CodeUnitCount where !self.take(text.utf8Start[offset]) { return false }
        return true
    }

    /// One byte or more that names are made of (RFC 9110, 5.6.2).
    private mutating func token() -> Bool {
        let start = self.at
        while let byte = self.peek(), Self.isTokenByte(byte) { self.at += 1 }
        return self.at > start
    }

    @inline(__always)
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 97...122, 65...90, 48...57, 45, 95, 46, 33, 35...39, 42, 43, 94, 96, 124, 126: true
        default: false
        }
    }

    /// Whether bytes are a text of small letters, whatever their case.
    private func isSame(_ place: Range<Int>, _ text: StaticString) -> Bool {
        guard place.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<place.count {
            let byte = self.bytes[place.lowerBound + offset]
            let small = byte >= 65 && byte <= 90 ? byte | 32 : byte
            if small != text.utf8Start[offset] { return false }
        }
        return true
    }
}

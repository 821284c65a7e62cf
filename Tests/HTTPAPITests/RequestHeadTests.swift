import HTTPAPI
import Testing

@Suite("The head of a request, as hot routes read it")
struct RequestHeadTests {
    private static func read(_ text: String) -> RequestHead.Reading {
        Array(text.utf8).withUnsafeBytes { RequestHead.read($0) }
    }

    private static func part(_ range: Range<Int>, of text: String) -> String {
        String(decoding: Array(text.utf8)[range], as: UTF8.self)
    }

    @Test("says where what it needs is, whatever the case of names and the white space around values")
    func places() throws {
        let text =
            "POST /stores/a/check HTTP/1.1\r\nhost: x\r\nAUTHORIZATION: \t Bearer t \r\nContent-type:application/json\r\n"
            + "x-request-id: 7\r\nX-Other: \u{e9}\r\ncontent-length: 12\r\n\r\n{\"a\": 12345}"
        guard case .head(let head) = Self.read(text) else { Issue.record("no head"); return }
        #expect(head.method == .post)
        #expect(Self.part(head.path, of: text) == "/stores/a/check")
        #expect(Self.part(head.authorization, of: text) == "Bearer t")
        #expect(Self.part(head.contentType, of: text) == "application/json")
        #expect(Self.part(head.requestID, of: text) == "7")
        #expect(head.isUsual)
        #expect(head.bodyLength == 12)
        #expect(head.length + head.bodyLength == text.utf8.count)
    }

    @Test("every beginning of a head is a part, and what follows a head does not change it")
    func prefixes() {
        let text = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Keep-Alive\r\n\r\n"
        let whole = Self.read(text)
        for count in 0..<text.utf8.count {
            #expect(Self.read(String(decoding: text.utf8.prefix(count), as: UTF8.self)) == .partial)
        }
        #expect(Self.read(text + "POST / HTTP") == whole)
        #expect(Self.read(text + "\u{0}\u{1}") == whole)
        guard case .head(let head) = whole else { Issue.record("no head"); return }
        #expect(head.length == text.utf8.count)
        #expect(head.isUsual)
    }

    @Test(
        "where others might see another end, it sees none",
        arguments: [
            "POST / HTTP/1.1\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\n\n",
            "POST / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", "POST / HTTP/1.1\r\nHost : x\r\n\r\n",
            "POST / HTTP/1.1\r\n: x\r\n\r\n", "POST / HTTP/1.1\r\nA: b\u{0}c\r\n\r\n",
            "POST / HTTP/1.1\r\nA: b\rc\r\n\r\n",
            "POST / HTTP/1.0\r\n\r\n", "POST / HTTP/2.0\r\n\r\n", "POST /  HTTP/1.1\r\n\r\n",
            "POST  / HTTP/1.1\r\n\r\n",
            "POST /\u{e9} HTTP/1.1\r\n\r\n", " POST / HTTP/1.1\r\n\r\n", "\r\nPOST / HTTP/1.1\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\n",
            "CONNECT x:1 HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: identity\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: \r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "\u{16}\u{3}\u{1}", "{\"a\": 1}", "GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 20_000),
        ])
    func unframed(text: String) { #expect(Self.read(text) == .unframed) }

    @Test(
        "what asks for more than an answer is not usual",
        arguments: [
            "Connection: close", "Connection: keep-alive, upgrade", "Expect: 100-continue",
            "Plexus-Bookmark: x",
            "Authorization: a\r\nAuthorization: b", "Content-Type: a\r\nContent-Type: b",
            "X-Request-ID: a\r\nX-Request-ID: b",
        ])
    func unusual(lines: String) {
        guard case .head(let head) = Self.read("POST / HTTP/1.1\r\nHost: x\r\n\(lines)\r\n\r\n") else {
            Issue.record("no head")
            return
        }
        #expect(!head.isUsual)
    }

    @Test("bytes at random are read without a trap, and a head never reaches past them")
    func randomBytes() {
        var random = SystemRandomNumberGenerator()
        let words = [
            "POST ", "GET ", "/", " HTTP/1.1", "\r\n", "Host", ":", " ", "Content-Length", "9", "\n", "\t",
            "x", "é",
        ]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                words.randomElement(using: &random) ?? ""
            }
            .joined()
            guard case .head(let head) = Self.read(text) else { continue }
            #expect(head.length <= text.utf8.count)
            #expect(text.utf8.prefix(head.length).suffix(4).elementsEqual("\r\n\r\n".utf8))
        }
    }
}

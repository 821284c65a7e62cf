import Testing

@testable import HTTPAPI

@Suite("Parts of blobs")
struct ByteRangeTests {
    @Test(
        "A range is read as RFC 9110 has it",
        arguments: [
            ("bytes=0-0", ByteRange.part(0...0)), ("bytes=0-", .part(0...99)),
            ("bytes=90-200", .part(90...99)),
            ("bytes=-1", .part(99...99)), ("bytes=-200", .part(0...99)), ("bytes=99-99", .part(99...99)),
            ("bytes=100-", .unsatisfiable), ("bytes=100-200", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=5-99999999999999999999", .part(5...99)),
            ("bytes=5-4", .whole), ("bytes=-", .whole), ("bytes=", .whole), ("bytes=a-b", .whole),
            ("bytes=0-1,3-4", .whole), ("lines=0-1", .whole), ("bytes=+1-2", .whole), ("", .whole),
        ])
    func reading(header: String, range: ByteRange) {
        #expect(ByteRange(header, of: 100) == range)
    }

    @Test("Of nothing there is no part", arguments: ["bytes=0-", "bytes=-1", "bytes=0-0"])
    func empty(header: String) {
        #expect(ByteRange(header, of: 0) == .unsatisfiable)
    }
}

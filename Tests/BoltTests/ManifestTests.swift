import Bolt
import NIOCore
import Testing

struct ManifestTests {
    @Test func theOfferNamesRanges() {
        let expected: [UInt8] = [0, 0, 1, 0xFF, 2, 0, 8, 8, 5, 0, 0, 4, 4, 0]
        #expect(Array(Manifest.offer().readableBytesView) == expected)
    }

    @Test func aChoiceIsTakenOnceItIsWhole() throws {
        let bytes: [UInt8] = [0, 0, 7, 5, 0x80, 0]
        for length in 0..<bytes.count {
            var part = ByteBuffer(bytes: bytes.prefix(length))
            #expect(try Manifest.choice(&part) == nil)
            #expect(part.readableBytes == length)
        }
        var whole = ByteBuffer(bytes: bytes)
        #expect(try Manifest.choice(&whole) == BoltVersion(5, 7))
        #expect(whole.readableBytes == 0)
    }

    @Test func whatWasNotOfferedIsRefused() {
        var input = ByteBuffer(bytes: [0, 0, 9, 5, 0])
        #expect(throws: Manifest.Failure.notOffered(BoltVersion(5, 9))) { try Manifest.choice(&input) }
    }

    @Test func capabilitiesWithoutEndAreRefused() {
        var input = ByteBuffer(bytes: [0, 0, 8, 5] + Array(repeating: 0x80, count: 20))
        #expect(throws: Manifest.Failure.invalidCapabilities) { try Manifest.choice(&input) }
    }
}

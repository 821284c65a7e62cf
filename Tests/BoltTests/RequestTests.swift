import Bolt
import NIOCore
import PropertyGraph
import TestSupport
import Testing

struct RequestTests {
    /// A message of a tag and fields.
    static func message(_ tag: UInt8, _ fields: Value...) -> ByteBuffer {
        var writer = ValueWriter(
            PackStreamWriter(), snapshot: GraphSnapshot(), version: BoltVersion(5, 8))
        writer.packer.beginStructure(tag, fields: UInt8(fields.count))
        for field in fields { writer.write(field) }
        return writer.packer.buffer
    }

    static let messages: [(ByteBuffer, BoltRequest)] = [
        (message(0x01, .map(["user_agent": .string("a")])), .hello(["user_agent": .string("a")])),
        (message(0x6A, .map([:])), .logon([:])), (message(0x6B), .logoff), (message(0x02), .goodbye),
        (message(0x0F), .reset),
        (
            message(0x10, .string("RETURN $x"), .map(["x": .integer(1)]), .map([:])),
            .run("RETURN $x", ["x": .integer(1)], [:])
        ),
        (message(0x11, .map([:])), .begin([:])), (message(0x12), .commit), (message(0x13), .rollback),
        (message(0x3F, .map(["n": .integer(1000)])), .pull(count: 1000, result: -1)),
        (
            message(0x3F, .map(["n": .integer(-1), "qid": .integer(3)])), .pull(count: -1, result: 3)
        ),
        (message(0x2F, .map(["n": .integer(-1)])), .discard(count: -1, result: -1)),
        (message(0x54, .integer(2)), .telemetry(2)),
        (
            message(0x66, .map([:]), .list([]), .map(["db": .string("a")])),
            .route([:], ["db": .string("a"), "bookmarks": .list([])])
        ),
    ]

    @Test(arguments: Self.messages)
    func messagesAreRead(message: ByteBuffer, request: BoltRequest) throws {
        #expect(try BoltRequest(message) == request)
    }

    @Test(arguments: [
        message(0x77), message(0x10, .string("x")), message(0x10, .integer(1), .map([:]), .map([:])),
        message(0x3F, .map([:])), message(0x3F, .map(["n": .integer(0)])),
        message(0x3F, .map(["n": .integer(-2)])),
        message(0x3F, .map(["n": .integer(1), "qid": .string("a")])), message(0x01, .null),
        message(0x12, .null), ByteBuffer(), ByteBuffer(bytes: [0x01]), ByteBuffer(bytes: [0xB1, 0x01, 0xA1]),
    ])
    func whatIsNoMessageIsAViolation(message: ByteBuffer) {
        do {
            Issue.record("read as \(try BoltRequest(message))")
        } catch {
            guard case .violation = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test(arguments: [
        [0xB3, 0x10, 0x80, 0xA1, 0x81, 0x78, 0xCC, 0x01, 0x00, 0xA0] as [UInt8],
        [0xB3, 0x10, 0x80, 0xA1, 0x81, 0x78, 0xB1, 0x4E, 0x01, 0xA0],
    ])
    func valuesThatNoParameterMayHaveDoNotEndTheConversation(bytes: [UInt8]) {
        do {
            Issue.record("read as \(try BoltRequest(ByteBuffer(bytes: bytes)))")
        } catch {
            guard case .unusableValue = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func noBytesTrap(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for (message, _) in Self.messages {
            for _ in 0..<40 {
                var bytes = Array(message.readableBytesView)
                for _ in 0...Int.random(in: 0...3, using: &random) {
                    let place = Int.random(in: 0...bytes.count, using: &random)
                    switch Int.random(in: 0...2, using: &random) {
                    case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                    case 1: bytes.removeSubrange(place...)
                    default:
                        if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
                    }
                }
                _ = try? BoltRequest(ByteBuffer(bytes: bytes))
            }
        }
    }
}

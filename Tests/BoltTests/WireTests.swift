import Bolt
import NIOCore
import Testing

struct WireTests {
    @Test(
        arguments: [
            ([0x0008_0805, 0, 0, 0], BoltVersion(5, 8)),
            ([0x0000_0105, 0x0000_0404, 0, 0], BoltVersion(5, 1)),
            ([0x0000_0006, 0x0002_0404, 0, 0], BoltVersion(4, 4)),
            ([0x0003_0A05, 0, 0, 0], BoltVersion(5, 8)),
            ([0x0001_0A05, 0x0000_0003, 0, 0], nil),
        ] as [([UInt32], BoltVersion?)])
    func theFirstProposalThatFitsIsTaken(proposals: [UInt32], version: BoltVersion?) {
        #expect(Handshake.choose(proposals) == version)
    }

    @Test(arguments: [1, 65_535, 65_536, 200_000])
    func messagesComeWholeHoweverTheyArrive(size: Int) throws {
        let message = ByteBuffer(repeating: 7, count: size)
        var wire = ByteBuffer()
        MessageAssembler.write(message, to: &wire)
        var assembler = MessageAssembler(limit: 1 << 20)
        var input = ByteBuffer()
        while var piece = wire.readSlice(length: min(1009, wire.readableBytes)), piece.readableBytes > 0 {
            #expect(try assembler.next(&input) == nil)
            input.writeBuffer(&piece)
        }
        #expect(try assembler.next(&input) == message)
        #expect(input.readableBytes == 0)
    }

    @Test func emptyChunksBetweenMessagesMeanNothing() throws {
        var input = ByteBuffer(bytes: [0, 0, 0, 0, 0, 1, 9, 0, 0])
        var assembler = MessageAssembler(limit: 10)
        #expect(try assembler.next(&input) == ByteBuffer(bytes: [9]))
    }

    @Test func longMessagesAreRefused() {
        var input = ByteBuffer()
        MessageAssembler.write(ByteBuffer(repeating: 1, count: 11), to: &input)
        var assembler = MessageAssembler(limit: 10)
        #expect(throws: MessageAssembler.Failure.tooLong(limit: 10)) { try assembler.next(&input) }
    }
}

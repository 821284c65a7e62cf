// A server that does nothing: it answers each message of Bolt with bytes that were prepared beforehand, on the same set-up of
// SwiftNIO as Plexus. What a client reaches with it is the floor of what it can reach with Plexus. Prints its port and runs
// until it is killed.
import Foundation
import NIOCore
import NIOPosix

/// Answers by the tag of the message; nothing else of it is looked at.
private final class Answers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let hello: [UInt8] = success(
        [0xA2, 0x86] + text("server") + [0x8C] + text("Neo4j/5.26.0") + [0x8D] + text("connection_id")
            + [0x86] + text("bolt-1"))
    private static let empty = success([0xA0])
    /// What Plexus says to `RETURN 1`: fields, a row, a summary.
    private static let run = success(
        [0xA3, 0x87] + text("t_first") + [0x00, 0x86] + text("fields") + [0x91, 0x81] + text("1") + [0x82]
            + text("db") + [0x86] + text("plexus"))
    private static let pull: [UInt8] =
        [0, 4, 0xB1, 0x71, 0x91, 1, 0, 0]
        + success(
            [0xA5, 0x84] + text("type") + [0x81] + text("r") + [0x88] + text("bookmark") + [0x8F]
                + text("plexus:plexus:1") + [0x86] + text("t_last") + [0x00, 0x82] + text("db") + [0x86]
                + text("plexus") + [0x88] + text("statuses") + [0x91, 0xA2, 0x8A] + text("gql_status") + [
                    0x85
                ]
                + text("00000") + [0xD0, 18] + text("status_description") + [0xD0, 27]
                + text("note: successful completion"))

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func success(_ metadata: [UInt8]) -> [UInt8] {
        let length = metadata.count + 2
        return [UInt8(length >> 8), UInt8(length & 0xFF), 0xB1, 0x70] + metadata + [0, 0]
    }

    private var input = ByteBuffer()
    private var hasShakenHands = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if self.input.readableBytes == 0 { self.input = bytes } else { self.input.writeBuffer(&bytes) }
        var output = context.channel.allocator.buffer(capacity: 256)
        if !self.hasShakenHands {
            guard self.input.readableBytes >= 20 else { return }
            self.input.moveReaderIndex(forwardBy: 20)
            self.hasShakenHands = true
            output.writeInteger(0x0000_0805 as UInt32)
        }
        while let tag = self.message() {
            switch tag {
            case 0x01: output.writeBytes(Self.hello)
            case 0x10: output.writeBytes(Self.run)
            case 0x3F: output.writeBytes(Self.pull)
            default: output.writeBytes(Self.empty)
            }
        }
        if output.readableBytes > 0 { context.writeAndFlush(self.wrapOutboundOut(output), promise: nil) }
    }

    /// The tag of the next whole message, which is of one chunk.
    private func message() -> UInt8? {
        guard let length = self.input.getInteger(at: self.input.readerIndex, as: UInt16.self),
            self.input.readableBytes >= Int(length) + 4
        else { return nil }
        defer { self.input.moveReaderIndex(forwardBy: Int(length) + 4) }
        return self.input.getInteger(at: self.input.readerIndex + 3)
    }
}

let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .serverChannelOption(.backlog, value: 512)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answers()) }
    }
    .bind(host: "127.0.0.1", port: 0).get()
print("bolt listening on bolt://127.0.0.1:\(channel.localAddress?.port ?? 0)")
fflush(nil)
try await channel.closeFuture.get()

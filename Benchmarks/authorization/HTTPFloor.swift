import NIOCore
import NIOHTTP1
import NIOPosix

/// A server that does nothing: it answers each request with bytes as long as those of a check, on the same SwiftNIO as Plexus.
/// What a client reaches with it is the floor of what it can reach with Plexus.
private final class Hello: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let body = #"{"allowed":true,"resolution":""}"#

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = self.unwrapInboundIn(data) else { return }
        let headers: HTTPHeaders = [
            "Content-Type": "application/json", "Content-Length": "\(Self.body.utf8.count)",
            "Server": "floor",
        ]
        context.write(
            self.wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))),
            promise: nil)
        context.write(
            self.wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(string: Self.body)))),
            promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}

/// Serves until the program is ended; prints where.
func serveFloor() async throws {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .serverChannelOption(.backlog, value: 512)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                try channel.pipeline.syncOperations.addHandler(Hello())
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    print("listening on http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
    flushOutput()
    try await channel.closeFuture.get()
}

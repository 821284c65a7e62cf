internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
package import NIOSSL

extension HTTPServerBuilder {
    /// HTTP/1.1, the hot routes first; with a certificate also HTTPS on the same port.
    ///
    /// Then who comes from another machine must use TLS, as tokens would else be seen on the way; plain HTTP stays for this
    /// machine's own probes and scripts.
    package static func plexus(_ services: Services, tls: NIOSSLContext?) -> HTTPServerBuilder {
        let configuration = HTTP1Channel.Configuration(additionalChannelHandlers: [
            AnswerEnd(), ConnectionEnd(),
        ])
        return HTTPServerBuilder { responder in
            ServerChannel(
                base: HTTP1Channel(responder: responder, configuration: configuration), services: services,
                context: tls)
        }
    }
}

/// A connection that may begin with TLS, and whose requests ``HotRoutes`` sees first.
private struct ServerChannel<Base: ServerChildChannel>: ServerChildChannel {
    typealias Value = Base.Value

    let base: Base
    let services: Services
    /// Nil for plain HTTP only.
    let context: NIOSSLContext?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            if let context = self.context {
                try channel.pipeline.syncOperations.addHandler(FirstByte(context: context))
            }
            try channel.pipeline.syncOperations.addHandler(HotRoutes(self.services))
        }.flatMap {
            self.base.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await self.base.handle(value: value, logger: logger)
    }
}

/// Tells by a connection's first byte whether TLS follows: its handshake records begin with 22 (RFC 8446, 5.1), which no
/// method of HTTP does.
private final class FirstByte: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private static let handshake: UInt8 = 22

    private let context: NIOSSLContext

    init(context: NIOSSLContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return }
        let pipeline = context.pipeline.syncOperations
        if first == Self.handshake {
            do {
                let handler = NIOSSLServerHandler(context: self.context)
                try pipeline.addHandler(handler, position: .after(self))
            } catch {
                context.close(promise: nil)
                return
            }
        } else if !Self.isOfThisMachine(context.remoteAddress) {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
        pipeline.removeHandler(self, promise: nil)
    }

    private static func isOfThisMachine(_ address: SocketAddress?) -> Bool {
        guard let text = address?.ipAddress else { return false }
        return text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.")
    }
}

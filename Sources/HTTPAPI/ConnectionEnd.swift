internal import NIOCore

/// Knows when the other side of a connection is gone, for those who would work for it in vain. Hummingbird lets a side that has
/// sent its request close its half, so that nothing else tells.
final class ConnectionEnd: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
    private var count = 0
    private var isOver = false

    /// A stream that ends when the other side of a channel closes its half, or the channel is closed; never brings an element.
    static func of(_ channel: any Channel) -> AsyncStream<Void> {
        AsyncStream { continuation in
            channel.eventLoop.execute {
                let handler = try? channel.pipeline.syncOperations.handler(type: ConnectionEnd.self)
                guard let handler, !handler.isOver else { return continuation.finish() }
                handler.count += 1
                let number = handler.count
                handler.waiting[number] = continuation
                // A connection lives for many requests: each is forgotten with its answer.
                continuation.onTermination = { _ in
                    channel.eventLoop.execute {
                        let handler = try? channel.pipeline.syncOperations.handler(type: ConnectionEnd.self)
                        handler?.waiting[number] = nil
                    }
                }
            }
        }
    }

    private func end() {
        self.isOver = true
        for continuation in self.waiting.values { continuation.finish() }
        self.waiting = [:]
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { self.end() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.end() }
}

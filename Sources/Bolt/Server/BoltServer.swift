internal import GraphDatabase
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Listens for Neo4j's drivers.
package final class BoltServer: Sendable {
    /// Bytes that may wait in a channel before rows stop coming, and below which they come again.
    private static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)

    private let channel: any Channel
    private let clients: ClientChannels

    /// Where it listens.
    package var port: Int { self.channel.localAddress?.port ?? 0 }

    /// How many clients are connected.
    package var connections: Int { self.clients.count }

    private init(channel: any Channel, clients: ClientChannels) {
        self.channel = channel
        self.clients = clients
    }

    /// Starts to listen.
    /// - Throws: `IOError` when that is not possible.
    package static func start(_ configuration: BoltConfiguration) async throws -> BoltServer {
        let clients = ClientChannels(limit: configuration.limits.connections)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 512)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: self.waterMark)
            .childChannelInitializer { channel in
                guard let number = clients.add(channel) else {
                    configuration.logger.warning("too many bolt connections; one was refused")
                    return channel.close()
                }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls = configuration.tls {
                        try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
                    }
                    try pipeline.addHandler(Connection(configuration, id: "bolt-\(number)"))
                }
            }
            .bind(host: configuration.host, port: configuration.port)
            .get()
        return BoltServer(channel: channel, clients: clients)
    }

    /// Waits until it listens no more.
    /// - Throws: what the channel failed with.
    package func wait() async throws { try await self.channel.closeFuture.get() }

    /// Takes no more clients and ends all connections; what goes on in them is given up.
    package func close() async {
        try? await self.channel.close()
        await self.clients.close()
    }
}

/// The connections there are.
private final class ClientChannels: Sendable {
    private struct State {
        var channels: [Int: any Channel] = [:]
        var last = 0
        var isClosed = false
    }
    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { self.state.withLock { $0.channels.count } }

    /// Counts a connection in until it is closed; nil when there are too many.
    func add(_ channel: any Channel) -> Int? {
        let number: Int? = self.state.withLock { state in
            guard !state.isClosed, state.channels.count < self.limit else { return nil }
            state.last += 1
            state.channels[state.last] = channel
            return state.last
        }
        guard let number else { return nil }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { _ = $0.channels.removeValue(forKey: number) }
        }
        return number
    }

    func close() async {
        let channels = self.state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in channels { try? await channel.close() }
    }
}

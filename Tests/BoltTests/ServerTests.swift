import AccessControl
import Authorization
import Bolt
import Foundation
import GraphDatabase
import GraphStorage
import Logging
import NIOCore
import NIOPosix
import PropertyGraph
import QueryEngine
import Synchronization
import TestSupport
import Testing

/// Gathers what a server says until it hangs up.
private final class Listener: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    let heard = Mutex<[UInt8]>([])
    /// How many bytes it hears before it hangs up itself.
    private let patience: Int

    init(patience: Int = .max) { self.patience = patience }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        let count = self.heard.withLock { heard in
            heard += Array(bytes.readableBytesView)
            return heard.count
        }
        if count >= self.patience { context.close(promise: nil) }
    }
}

/// What a client sends: well-formed, then damaged by a seed.
private struct Script {
    var random: SplitMix
    private var bytes: [UInt8] = []

    init(seed: UInt64) {
        self.random = SplitMix(seed: seed)
        self.write()
    }

    static let handshake: [UInt8] = [0x60, 0x60, 0xB0, 0x17, 0, 8, 8, 5, 0, 0, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0]
    static let manifest: [UInt8] =
        [0x60, 0x60, 0xB0, 0x17, 0, 0, 1, 0xFF, 0, 8, 8, 5, 0, 0, 4, 4, 0, 0, 0, 0] + [0, 0, 7, 5, 0]

    static func chunked(_ message: ByteBuffer) -> [UInt8] {
        var wire = ByteBuffer()
        MessageAssembler.write(message, to: &wire)
        return Array(wire.readableBytesView)
    }

    private static let queries = [
        "RETURN 1", "UNWIND range(1, 3000) AS x RETURN x, [x]", "MATCH (n) RETURN n LIMIT 5", "no query",
        "CREATE (n:Fuzz {x: 1}) RETURN n", "RETURN 1 / 0",
        "CREATE CONSTRAINT f FOR (f:Fuzz) REQUIRE f.x IS UNIQUE",
        "UNWIND range(1, 3000) AS x UNWIND range(1, 3000) AS y WITH x WHERE x < 0 RETURN x",
    ]

    private mutating func write() {
        self.bytes += Bool.random(using: &self.random) ? Self.handshake : Self.manifest
        var messages = [RequestTests.message(0x01, .map(["user_agent": .string("fuzz")]))]
        messages.append(RequestTests.message(0x6A, .map(["scheme": .string("none")])))
        for _ in 0...Int.random(in: 0...8, using: &self.random) {
            let number = Int.random(in: 0..<RequestTests.messages.count + 6, using: &self.random)
            if number < RequestTests.messages.count {
                messages.append(RequestTests.messages[number].0)
            } else {
                let query = Self.queries.randomElement(using: &self.random) ?? ""
                messages.append(RequestTests.message(0x10, .string(query), .map([:]), .map([:])))
                messages.append(RequestTests.message(0x3F, .map(["n": .integer(number * 100)])))
            }
        }
        for message in messages { self.bytes += Self.chunked(message) }
    }

    /// Cut off, changed in places, with bytes that do not belong there, or with pieces in another order.
    mutating func damaged() -> [UInt8] {
        for _ in 0...Int.random(in: 0...3, using: &self.random) {
            let place = Int.random(in: 0..<max(1, self.bytes.count), using: &self.random)
            switch Int.random(in: 0...4, using: &self.random) {
            case 0: self.bytes.removeSubrange(min(place, self.bytes.count)...)
            case 1: if place < self.bytes.count { self.bytes[place] ^= 1 << UInt8(place % 8) }
            case 2:
                let noise = (0..<Int.random(in: 1...40, using: &self.random)).map { _ in
                    UInt8.random(in: 0...255, using: &self.random)
                }
                self.bytes.insert(contentsOf: noise, at: min(place, self.bytes.count))
            case 3:
                let middle = self.bytes[place...]
                self.bytes =
                    Array(self.bytes[..<place].prefix(20)) + Array(middle) + Array(self.bytes[..<place])
            default: continue
            }
        }
        return self.bytes
    }
}

@Suite(.timeLimit(.minutes(5)))
struct ServerTests {
    /// Runs the body with a server that lets everybody in.
    private static func withServer(_ body: (BoltServer, GraphCatalog) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "plexus-bolt-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let catalog = try await GraphCatalog(folder: folder, durability: .relaxed, creating: true)
        var logger = Logger(label: "bolt")
        logger.logLevel = .critical
        let server = try await BoltServer.start(
            BoltConfiguration(
                host: "127.0.0.1", port: 0, catalog: catalog, authenticator: nil,
                access: try openGuard(catalog), logger: logger))
        try await body(server, catalog)
        await server.close()
        try await catalog.close()
    }

    /// What happens when all is said.
    private enum Manner {
        /// The server hangs up, because it was said goodbye or because of what was said.
        case listens
        /// The client says that it says no more.
        case endsOutput
        /// The client hangs up when it has heard so many bytes.
        case hangsUp(after: Int)
    }

    /// Sends bytes and listens until somebody hangs up.
    private static func talk(
        _ bytes: [UInt8], to server: BoltServer, _ manner: Manner = .listens
    ) async throws -> [UInt8] {
        var patience = Int.max
        if case .hangsUp(let count) = manner { patience = count }
        let listener = Listener(patience: patience)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { $0.pipeline.addHandler(listener) }
            .connect(host: "127.0.0.1", port: server.port).get()
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        if case .endsOutput = manner { try? await channel.close(mode: .output) }
        try? await channel.closeFuture.get()
        return listener.heard.withLock { $0 }
    }

    private static let goodbye = Script.chunked(RequestTests.message(0x02))
    private static let conversation =
        Script.handshake
        + [
            RequestTests.message(0x01, .map(["user_agent": .string("a")])),
            RequestTests.message(0x6A, .map(["scheme": .string("none")])),
            RequestTests.message(0x10, .string("RETURN 1"), .map([:]), .map([:])),
            RequestTests.message(0x3F, .map(["n": .integer(-1)])),
        ].flatMap(Script.chunked) + goodbye

    @Test func aConversationIsAnswered() async throws {
        try await Self.withServer { server, _ in
            let heard = try await Self.talk(Self.conversation, to: server)
            #expect(heard.prefix(4) == [0, 0, 8, 5])
            // The row.
            #expect(heard.contains(sequence: [0, 4, 0xB1, 0x71, 0x91, 1, 0, 0]))
        }
    }

    /// A thousand conversations that are damaged or cut off, a hundred a seed.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func damagedConversationsHurtNobodyElse(seed: UInt64) async throws {
        try await Self.withServer { server, catalog in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<100 as Range<UInt64> {
                    if number >= 8 { await group.next() }
                    group.addTask {
                        var script = Script(seed: seed << 32 | number)
                        let bytes = script.damaged()
                        // Only when the handshake is whole there is an answer in any case.
                        let isWhole = bytes.starts(with: Script.handshake)
                        let hangsUp = isWhole && Bool.random(using: &script.random)
                        let count = Int.random(in: 1...4, using: &script.random)
                        _ = try? await Self.talk(
                            bytes, to: server, hangsUp ? .hangsUp(after: count) : .endsOutput)
                    }
                }
            }
            let heard = try await Self.talk(Self.conversation, to: server)
            #expect(heard.contains(sequence: [0, 4, 0xB1, 0x71, 0x91, 1, 0, 0]))
            // Nobody holds the writer, no query runs on, and nobody is connected.
            _ = try await catalog.network.write { try $0.createNode(labels: ["After"]) }
            for _ in 0..<1_000_000 where !catalog.engine.running.all.isEmpty || server.connections > 0 {
                await Task.yield()
            }
            #expect(catalog.engine.running.all.isEmpty)
            #expect(server.connections == 0)
            #expect(catalog.network.snapshot().inconsistencies() == [])
        }
    }

    @Test func connectionsBeyondTheLimitAreRefused() async throws {
        try await Self.withServer { _, catalog in
            var limits = BoltConfiguration.Limits()
            limits.connections = 0
            let server = try await BoltServer.start(
                BoltConfiguration(
                    host: "127.0.0.1", port: 0, catalog: catalog, authenticator: nil,
                    access: try openGuard(catalog),
                    logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }, limits: limits))
            #expect(try await Self.talk(Self.conversation, to: server).isEmpty)
            await server.close()
        }
    }

    @Test func whoeverDoesNotSayWhoItIsIsHungUpOn() async throws {
        try await Self.withServer { _, catalog in
            var limits = BoltConfiguration.Limits()
            limits.strangerTime = .milliseconds(20)
            let server = try await BoltServer.start(
                BoltConfiguration(
                    host: "127.0.0.1", port: 0, catalog: catalog, authenticator: nil,
                    access: try openGuard(catalog),
                    logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }, limits: limits))
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: server.port).get()
            try await channel.closeFuture.get()
            await server.close()
        }
    }
}

extension [UInt8] {
    fileprivate func contains(sequence: [UInt8]) -> Bool {
        guard self.count >= sequence.count else { return false }
        return (0...self.count - sequence.count).contains { self[$0...].starts(with: sequence) }
    }
}

/// A guard that nobody asks: all callers of these tests are unchecked.
private func openGuard(_ catalog: GraphCatalog) throws -> Guard {
    Guard(model: try AuthorizationModel.parse("model\n  schema 1.1\ntype user\n"), database: catalog.network)
}

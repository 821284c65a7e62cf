import Foundation
import JSON
import NIOCore
import NIOPosix
import Synchronization

/// Asks a server over some connections for some seconds, and says how many answers came and how late.
///
/// Each connection has one question open. With a rate, questions leave at fixed times, and what an answer waited for its turn
/// counts as its time.
struct HTTPLoad {
    let port: Int
    /// Whole requests, asked in turn.
    let requests: [[UInt8]]
    let connections: Int
    let seconds: Double
    /// Questions a second over all connections; 0 for as many as can be.
    let rate: Double

    func run() async throws {
        let results = Results()
        let end = NIODeadline.now() + .nanoseconds(Int64(self.seconds * 1e9))
        let (requests, port) = (self.requests, self.port)
        let pause = self.rate > 0 ? Int64(Double(self.connections) / self.rate * 1e9) : 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<self.connections {
                let first = number * requests.count / self.connections
                group.addTask {
                    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                        .channelInitializer { channel in
                            channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandler(
                                    Asker(requests, first: first, pause: pause, end: end, results))
                            }
                        }
                        .connect(host: "127.0.0.1", port: port).get()
                    try await channel.closeFuture.get()
                }
            }
            try await group.waitForAll()
        }
        let (times, failures) = results.all
        guard !times.isEmpty else { throw BenchError(description: "no answer came") }
        let line: JSON.Object = [
            "q": "http", "count": .int(times.count),
            "per_second": .double(Double(times.count) / self.seconds),
            "p50_us": .double(Double(times[times.count / 2]) / 1000),
            "p99_us": .double(Double(times[times.count * 99 / 100]) / 1000),
            "failures": .int(failures),
        ]
        print(JSON.object(line).text)
    }
}

/// What all connections measured.
private final class Results: Sendable {
    private let state = Mutex<(times: [Int64], failures: Int)>(([], 0))

    func add(_ times: [Int64], hasFailed: Bool) {
        self.state.withLock { state in
            state.times += times
            state.failures += hasFailed ? 1 : 0
        }
    }

    /// Sorted times in nanoseconds, and how many connections saw a refusal.
    var all: (times: [Int64], failures: Int) { self.state.withLock { ($0.times.sorted(), $0.failures) } }
}

/// One connection of ``HTTPLoad``.
private final class Asker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let requests: [[UInt8]]
    private var next: Int
    private let pause: Int64
    private let end: NIODeadline
    private let results: Results
    private var times: [Int64] = []
    private var due = NIODeadline.now()
    private var answer = ByteBuffer()
    private var hasFailed = false

    init(_ requests: [[UInt8]], first: Int, pause: Int64, end: NIODeadline, _ results: Results) {
        self.requests = requests
        self.next = first
        self.pause = pause
        self.end = end
        self.results = results
    }

    func channelActive(context: ChannelHandlerContext) {
        self.due = .now()
        self.ask(context)
    }

    private func ask(_ context: ChannelHandlerContext) {
        guard NIODeadline.now() < self.end else { return context.close(promise: nil) }
        if self.pause == 0 { self.due = .now() }
        let request = self.requests[self.next % self.requests.count]
        self.next += 1
        context.writeAndFlush(
            self.wrapOutboundOut(context.channel.allocator.buffer(bytes: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.answer.writeBuffer(&bytes)
        guard self.isWhole() else { return }
        self.answer.clear()
        self.times.append((NIODeadline.now() - self.due).nanoseconds)
        guard self.pause > 0 else { return self.ask(context) }
        self.due = self.due + .nanoseconds(self.pause)
        if self.due <= NIODeadline.now() { return self.ask(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(deadline: self.due) {
            let (me, context) = bound.value
            me.ask(context)
        }
    }

    /// All of the answer is there: its head ends, and its body is as long as the head says.
    private func isWhole() -> Bool {
        let view = self.answer.readableBytesView
        guard let text = String(bytes: view, encoding: .utf8), let head = text.range(of: "\r\n\r\n") else {
            return false
        }
        if !text.hasPrefix("HTTP/1.1 200") { self.hasFailed = true }
        guard let field = text.range(of: "content-length: ", options: .caseInsensitive),
            let length = Int(text[field.upperBound...].prefix { $0.isNumber })
        else { return true }
        return text[head.upperBound...].utf8.count >= length
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.results.add(self.times, hasFailed: self.hasFailed)
        context.fireChannelInactive()
    }
}

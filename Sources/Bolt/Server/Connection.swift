internal import AccessControl
internal import GraphDatabase
internal import Logging
internal import NIOCore
internal import PropertyGraph
internal import QueryEngine

/// One client: bytes to requests, requests one after another through the ``Conversation``, answers to bytes.
///
/// All of it happens on the connection's event loop, which never waits: queries run on threads of their own, except those
/// that are done within microseconds (`PlannedQuery.isBrief`), for which waking a thread would cost more than they do.
/// What runs elsewhere comes back with the number of its job; when a RESET or the end of the connection came in between, the
/// number is not the newest any more and what came is dropped.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case handshake
        /// The client picks a version.
        case manifest
        case conversation
        case closed
    }

    /// A message that came in and whose turn has not come.
    private enum Incoming {
        case read(Result<BoltRequest, BoltRequest.Failure>)
        /// It is long: reading it would hold the event loop.
        case unread(ByteBuffer)
    }

    /// Messages of more bytes are read on a thread for queries.
    private static let longMessage = 128 << 10

    /// A request that is being done elsewhere, or waits for rows.
    struct Running {
        let request: BoltRequest
        let job: Int
        /// What a RESET cancels.
        var cancel: () -> Void = {}
    }

    /// A PULL or DISCARD that is being done.
    struct Demand {
        let number: Int
        let result: OpenResult
        /// How many rows are still wanted.
        var left: Int
        let isDiscard: Bool
    }

    // Touched on the event loop only, several times a request: checks of exclusive access cost more than the work.
    let configuration: BoltConfiguration
    let id: String
    var logger: Logger { self.configuration.logger }
    @exclusivity(unchecked) private var phase = Phase.handshake
    @exclusivity(unchecked) private var input = ByteBuffer()
    @exclusivity(unchecked) var assembler: MessageAssembler
    @exclusivity(unchecked) private var requests: [Incoming] = []
    @exclusivity(unchecked) var version = BoltVersion(5, 0)
    @exclusivity(unchecked) var conversation = Conversation(version: BoltVersion(5, 0))
    @exclusivity(unchecked) var writer = MessageWriter(version: BoltVersion(5, 0))
    @exclusivity(unchecked) var usesUTC = true
    @exclusivity(unchecked) var isKnown = false
    /// Who the client is.
    @exclusivity(unchecked) var caller = Caller.nobody
    @exclusivity(unchecked) var filter = NotificationFilter()

    @exclusivity(unchecked) var running: Running?
    @exclusivity(unchecked) var demand: Demand?
    @exclusivity(unchecked) private var lastJob = 0
    @exclusivity(unchecked) var results: [Int: OpenResult] = [:]
    @exclusivity(unchecked) var transaction: ExplicitTransaction?
    /// What was said when the transaction began.
    @exclusivity(unchecked) var transactionOptions: StatementOptions?

    @exclusivity(unchecked) var context: ChannelHandlerContext?
    @exclusivity(unchecked) private var isReadHeld = false
    @exclusivity(unchecked) private var isProcessing = false
    @exclusivity(unchecked) var strangerTimer: Scheduled<Void>?

    init(_ configuration: BoltConfiguration, id: String) {
        self.configuration = configuration
        self.id = id
        self.assembler = MessageAssembler(limit: configuration.limits.strangerMessageBytes)
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.strangerTimer = context.eventLoop.scheduleTask(in: self.configuration.limits.strangerTime) {
            me.value.closeIfUnknown()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.end() }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.logger.debug("bolt connection failed", metadata: ["id": "\(self.id)", "error": "\(error)"])
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.phase != .closed else { return }
        var bytes = self.unwrapInboundIn(data)
        if self.input.readableBytes == 0 { self.input = bytes } else { self.input.writeBuffer(&bytes) }
        self.advance()
    }

    func read(context: ChannelHandlerContext) {
        if self.isFull { self.isReadHeld = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.pump() }
        context.fireChannelWritabilityChanged()
    }

    private func closeIfUnknown() {
        guard !self.isKnown, self.phase != .closed else { return }
        self.logger.debug("bolt client did not say who it is", metadata: ["id": "\(self.id)"])
        self.context?.close(promise: nil)
    }

    /// Gives up all that goes on.
    private func end() {
        guard self.phase != .closed else { return }
        self.phase = .closed
        self.strangerTimer?.cancel()
        self.abandon()
        self.requests = []
        self.input = ByteBuffer()
        self.context = nil
    }

    /// Whether no more is to be read from the socket now.
    private var isFull: Bool {
        self.phase == .conversation && self.requests.count >= self.requestLimit
    }

    /// What a client asks before it is known is read one by one: each may change how the next one is read.
    private var requestLimit: Int { self.isKnown ? self.configuration.limits.queuedRequests : 1 }

    // MARK: From bytes to requests

    /// Does what can be done with what has come in.
    func advance() {
        // An answer that could be written at once may come back here while the outer call goes on anyway.
        guard !self.isProcessing else { return }
        self.isProcessing = true
        defer { self.isProcessing = false }
        switch self.phase {
        case .handshake: self.shakeHands()
        case .manifest: self.readChoice()
        default: break
        }
        while self.phase == .conversation {
            self.readRequests()
            guard self.running == nil, !self.requests.isEmpty else { break }
            switch self.requests.removeFirst() {
            case .read(let request): self.perform(request)
            case .unread(let message): self.readElsewhere(message)
            }
        }
        self.flush()
        if self.isReadHeld, !self.isFull {
            self.isReadHeld = false
            self.context?.read()
        }
    }

    private func shakeHands() {
        guard let magic = self.input.getInteger(at: self.input.readerIndex, as: UInt32.self) else { return }
        guard magic == Handshake.magic else { return self.close() }
        guard self.input.readableBytes >= 20 else { return }
        self.input.moveReaderIndex(forwardBy: 4)
        let proposals = (0..<4).compactMap { _ in self.input.readInteger(as: UInt32.self) }
        if proposals.contains(Handshake.manifestProposal) {
            self.phase = .manifest
            self.send(Manifest.offer())
            return self.readChoice()
        }
        guard let version = Handshake.choose(proposals) else {
            self.send(ByteBuffer(integer: 0 as UInt32))
            return self.close()
        }
        self.send(ByteBuffer(integer: version.word))
        self.begin(version)
    }

    private func readChoice() {
        do {
            if let version = try Manifest.choice(&self.input) { self.begin(version) }
        } catch {
            self.logger.debug("bolt version refused", metadata: ["id": "\(self.id)", "error": "\(error)"])
            self.close()
        }
    }

    private func begin(_ version: BoltVersion) {
        self.version = version
        self.usesUTC = version.major >= 5
        self.conversation = Conversation(version: version)
        self.writer = MessageWriter(version: version)
        self.phase = .conversation
    }

    private func readRequests() {
        while self.requests.count < self.requestLimit {
            do {
                guard let message = try self.assembler.next(&self.input) else { break }
                self.take(message)
            } catch {
                self.requests.append(
                    .read(.failure(.violation("a message is longer than \(self.assembler.limit) bytes"))))
                self.input = ByteBuffer()
                break
            }
        }
        if self.input.readableBytes == 0 { self.input = ByteBuffer() } else { self.input.discardReadBytes() }
    }

    private func take(_ message: ByteBuffer) {
        guard message.readableBytes <= Self.longMessage else { return self.requests.append(.unread(message)) }
        do {
            let request = try BoltRequest(message)
            self.conversation.arrive(request)
            if request == .reset { self.interrupt() }
            self.requests.append(.read(.success(request)))
        } catch {
            self.requests.append(.read(.failure(error)))
        }
    }

    /// Reads a long message, which is a RUN with many parameters, and does what it asks for.
    private func readElsewhere(_ message: ByteBuffer) {
        let back = self.start(.run("", [:], [:]))
        self.configuration.catalog.network.threads.run {
            let request = Result { () throws(BoltRequest.Failure) in try BoltRequest(message) }
            back { connection in connection.perform(request) }
        }
    }

    // MARK: From requests to answers

    private func perform(_ item: Result<BoltRequest, BoltRequest.Failure>) {
        switch item {
        case .failure(.violation(let reason)): self.refuse(reason)
        case .failure(.unusableValue(let reason)):
            // Only RUN has values of the client's own.
            let run = BoltRequest.run("", [:], [:])
            switch self.conversation.admit(run) {
            case .ignore: self.writer.ignored()
            case .refuse(let reason): self.refuse(reason)
            case .perform:
                self.fail(run, Neo4jStatus("Neo.ClientError.Statement.TypeError", reason))
            }
        case .success(let request):
            switch self.conversation.admit(request) {
            case .ignore: self.writer.ignored()
            case .refuse(let reason): self.refuse(reason)
            case .perform(let result): self.perform(request, result)
            }
        }
    }

    private func perform(_ request: BoltRequest, _ result: Int) {
        switch request {
        case .hello(let entries): self.hello(request, entries)
        case .logon(let entries): self.logon(request, entries)
        case .goodbye: self.close()
        case .reset:
            self.abandon()
            self.succeed(request)
        case .logoff: self.forget(request)
        case .telemetry: self.succeed(request)
        case .route(let routing, let options): self.route(request, routing, options)
        case .begin(let options): self.begin(request, options)
        case .run(let text, let parameters, let options): self.run(request, text, parameters, options)
        case .commit: self.commit(request)
        case .rollback:
            self.dropResults()
            self.transaction?.rollback()
            self.transaction = nil
            self.succeed(request)
        case .pull(let count, _): self.ask(request, result, count, isDiscard: false)
        case .discard(let count, _): self.ask(request, result, count, isDiscard: true)
        }
    }

    func succeed(_ request: BoltRequest, _ metadata: Metadata = [], hasMore: Bool = false) {
        self.conversation.conclude(request, with: .success(hasMore: hasMore))
        self.writer.success(metadata)
    }

    /// Answers with FAILURE; a transaction in which something fails is over.
    func fail(_ request: BoltRequest, _ status: Neo4jStatus) {
        self.abandon()
        self.conversation.conclude(request, with: .failure)
        self.writer.failure(status)
        if self.conversation.stage == .defunct { self.close() }
    }

    func fail(_ request: BoltRequest, _ error: any Error) {
        if let denied = error as? AccessDenied {
            return self.fail(
                request, Neo4jStatus("Neo.ClientError.Security.Forbidden", denied.description))
        }
        if let status = Neo4jStatus(error) { return self.fail(request, status) }
        if error is CancellationError {
            return self.fail(
                request, Neo4jStatus("Neo.ClientError.Transaction.Terminated", "the work was cancelled"))
        }
        self.logger.error(
            "bolt request failed",
            metadata: ["id": "\(self.id)", "request": "\(request.name)", "error": "\(error)"])
        self.fail(request, Neo4jStatus.defect(self.id))
    }

    /// The client does not keep to the protocol.
    private func refuse(_ reason: String) {
        self.abandon()
        self.writer.failure(Neo4jStatus("Neo.ClientError.Request.Invalid", reason))
        self.close()
    }

    func close() {
        self.flush()
        let context = self.context
        self.end()
        context?.close(promise: nil)
    }

    func flush() {
        let bytes = self.writer.take()
        if bytes.readableBytes > 0 { self.send(bytes) }
        self.context?.flush()
    }

    func send(_ bytes: ByteBuffer) { self.context?.write(self.wrapOutboundOut(bytes), promise: nil) }

    // MARK: What runs elsewhere

    /// Notes that a request is being done elsewhere.
    /// - Returns: how that ends: on any thread, with what is to be done here, unless the request was given up meanwhile.
    func start(
        _ request: BoltRequest, cancel: @escaping () -> Void = {}
    ) -> @Sendable (@escaping @Sendable (Connection) -> Void) -> Void {
        guard let loop = self.context?.eventLoop else { return { _ in } }
        self.lastJob += 1
        let job = self.lastJob
        self.running = Running(request: request, job: job, cancel: cancel)
        let me = NIOLoopBound(self, eventLoop: loop)
        return { body in
            loop.execute { me.value.come(back: job, body) }
        }
    }

    /// Notes that a request waits for rows, or for the client to read.
    func await(_ request: BoltRequest) {
        self.lastJob += 1
        self.running = Running(request: request, job: self.lastJob)
    }

    private func come(back job: Int, _ body: (Connection) -> Void) {
        guard self.running?.job == job else { return }
        self.running = nil
        body(self)
        self.advance()
    }

    /// A RESET has come in: what is being done is given up at once, before its turn. A COMMIT is not: nobody could tell the
    /// client what became of it.
    private func interrupt() {
        guard let running = self.running, running.request != .commit else { return }
        running.cancel()
        self.running = nil
        self.demand = nil
        self.abandon()
        self.conversation.conclude(running.request, with: .ignored)
        self.writer.ignored()
    }

    /// Ends the transaction and all results.
    func abandon() {
        self.running?.cancel()
        self.running = nil
        self.demand = nil
        self.dropResults()
        self.transaction?.rollback()
        self.transaction = nil
    }

    func dropResults() {
        for result in self.results.values { result.cancel() }
        self.results = [:]
    }
}

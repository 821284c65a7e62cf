internal import AccessControl
internal import Authorization
internal import GraphDatabase
internal import Hummingbird
internal import Identity
internal import JSON
internal import Logging
internal import NIOCore
internal import NIOHTTPTypes
internal import PropertyGraph

/// Answers what other services ask all day on the event loop, in front of Hummingbird and of its parser:
/// `POST /stores/{id}/check`, `POST /access/v1/evaluation` and `GET /healthz`.
///
/// It answers only what it can answer with a decision at once. Everything else goes on byte by byte as it came, to the routes,
/// and so do requests that are wrong, refused, larger or rarer than usual: errors have one home. While a request that went on
/// is not answered, those that follow on the connection go on too, so that answers keep the order of their questions. Once
/// it cannot tell where a request ends, all of the connection's bytes go on.
final class HotRoutes: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// An answer to a request that went on has left.
    struct AnswerEnded {}

    /// Longer bodies go on.
    private static let bodyLimit = 64 << 10

    private enum Stage {
        /// At the beginning of a request.
        case open
        /// So many bytes of a request go on.
        case passing(Int)
        /// Everything goes on.
        case closed
    }
    private let answerer: HotAnswerer
    private var stage = Stage.open
    /// The beginning of a request.
    private var pending: ByteBuffer?
    /// Requests that went on and are not answered yet.
    private var unanswered = 0
    private var needsFlush = false

    init(_ services: Services) { self.answerer = HotAnswerer(services) }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if var pending = self.pending {
            self.pending = nil
            pending.writeBuffer(&bytes)
            bytes = pending
        }
        while bytes.readableBytes > 0 {
            switch self.stage {
            case .closed: return context.fireChannelRead(self.wrapInboundOut(bytes))
            case .passing(let count):
                let part = min(count, bytes.readableBytes)
                self.stage = part == count ? .open : .passing(count - part)
                if let slice = bytes.readSlice(length: part) {
                    context.fireChannelRead(self.wrapInboundOut(slice))
                }
            case .open:
                guard self.begin(&bytes, context) else {
                    // The rest of the request is waited for.
                    self.pending = bytes
                    return
                }
            }
        }
    }

    /// Answers the first request of bytes, or decides that it goes on; false when too little of it is there to tell.
    private func begin(_ bytes: inout ByteBuffer, _ context: ChannelHandlerContext) -> Bool {
        let isFree = self.unanswered == 0 && context.channel.isWritable
        enum Next { case wait, close, pass(Int), answered(Int) }
        let next: Next = bytes.withUnsafeReadableBytes { bytes in
            switch RequestHead.read(bytes) {
            case .partial: return .wait
            case .unframed: return .close
            case .head(let head):
                let whole = head.length + head.bodyLength
                guard isFree, head.isUsual, head.bodyLength <= Self.bodyLimit,
                    let route = self.answerer.route(of: head, bytes)
                else { return .pass(whole) }
                guard bytes.count >= whole else { return .wait }
                let body = UnsafeRawBufferPointer(rebasing: bytes[head.length..<whole])
                guard let answer = self.answerer.answer(head, route, bytes, body) else { return .pass(whole) }
                context.write(self.wrapOutboundOut(answer), promise: nil)
                return .answered(whole)
            }
        }
        switch next {
        case .wait: return false
        case .close: self.stage = .closed
        case .pass(let count):
            self.unanswered += 1
            self.stage = .passing(count)
        case .answered(let count):
            bytes.moveReaderIndex(forwardBy: count)
            // Answers to requests that came together leave together.
            self.needsFlush = true
        }
        return true
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.flush(context)
        context.fireChannelReadComplete()
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard self.needsFlush else { return }
        self.needsFlush = false
        context.flush()
    }

    // MARK: Ends

    /// What was waited for does not come: what is there goes on, so that whoever reads it says what is wrong.
    private func giveUp(_ context: ChannelHandlerContext) {
        self.flush(context)
        self.stage = .closed
        guard let pending = self.pending else { return }
        self.pending = nil
        context.fireChannelRead(self.wrapInboundOut(pending))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { self.giveUp(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.giveUp(context)
        context.fireChannelInactive()
    }

    // MARK: Answers of others

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is AnswerEnded else { return context.triggerUserOutboundEvent(event, promise: promise) }
        self.unanswered = max(0, self.unanswered - 1)
        promise?.succeed()
    }
}

/// Tells ``HotRoutes`` of each answer that the routes have given.
final class AnswerEnd: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = if case .end = self.unwrapOutboundIn(data) { true } else { false }
        context.write(data, promise: promise)
        if isEnd { context.triggerUserOutboundEvent(HotRoutes.AnswerEnded(), promise: nil) }
    }
}

/// What ``HotRoutes`` knows of one connection: who speaks on it, and what they asked for last.
final class HotAnswerer {
    /// What may be answered here.
    enum Route {
        /// The id of the store, as a place in the request.
        case check(store: Range<Int>)
        case evaluation
        case health
    }

    /// A check that looks at more than this goes on: nobody else on the event loop waits for it.
    private static let limits = CheckLimits(
        relations: CheckLimits.openFGA.relations, depth: CheckLimits.openFGA.depth, steps: 20_000)
    private static let wide = CheckLimits(
        relations: CheckLimits.standard.relations, depth: CheckLimits.standard.depth, steps: 20_000)

    private let services: Services
    /// Log lines of single requests are written by the routes.
    private let isQuiet: Bool
    private let allocator = ByteBufferAllocator()
    private var known: Known?
    private var clock = (second: 0, text: "")

    /// That a caller may ask a store, as of one state of the network and one second.
    private struct Known {
        let header: [UInt8]
        let graph: String
        let version: UInt64
        let second: Int
        let caller: Caller
    }

    init(_ services: Services) {
        self.services = services
        self.isQuiet = services.logger.logLevel > .debug
    }

    /// The route of a request, if it may be answered here.
    func route(of head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> Route? {
        guard self.isQuiet else { return nil }
        let path = bytes[head.path]
        switch head.method {
        case .get: return head.bodyLength == 0 && path.elementsEqual("/healthz".utf8) ? .health : nil
        case .post:
            if path.elementsEqual("/access/v1/evaluation".utf8) { return .evaluation }
            let (before, after) = ("/stores/".utf8, "/check".utf8)
            guard path.count > before.count + after.count, path.starts(with: before),
                path.suffix(after.count).elementsEqual(after)
            else { return nil }
            let store = path.dropFirst(before.count).dropLast(after.count)
            // A part of a path that is written as it is meant.
            let isPlain = store.allSatisfy { $0 != 47 && $0 != 37 && $0 != 63 }
            return isPlain ? .check(store: store.startIndex..<store.endIndex) : nil
        case .other: return nil
        }
    }

    /// The whole answer, nil when the routes are to give one.
    func answer(
        _ head: RequestHead, _ route: Route, _ bytes: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer
    ) -> ByteBuffer? {
        let given = bytes[head.requestID]
        // Others say what is wrong with an id that cannot be sent back.
        guard given.count <= 128, given.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        let answer: StaticString?
        switch route {
        case .health: answer = #"{"status":"ok"}"#
        case .check(let store):
            answer = self.check(head, String(decoding: bytes[store], as: UTF8.self), bytes, body)
        case .evaluation: answer = self.evaluation(head, bytes, body)
        }
        guard let answer else { return nil }
        var buffer = self.allocator.buffer(capacity: 384)
        buffer.writeStaticString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ")
        buffer.writeString(String(answer.utf8CodeUnitCount))
        buffer.writeStaticString("\r\nX-Request-ID: ")
        if given.isEmpty {
            guard let id = RequestID.next() else { return nil }
            buffer.writeString(id)
        } else {
            buffer.writeBytes(given)
        }
        buffer.writeStaticString("\r\nDate: ")
        buffer.writeString(self.date)
        buffer.writeStaticString("\r\nServer: plexus\r\n\r\n")
        buffer.writeStaticString(answer)
        return buffer
    }

    /// The date as headers have it.
    private var date: String {
        let second = self.services.now.seconds
        if self.clock.second != second { self.clock = (second, HTTPDate.text(second)) }
        return self.clock.text
    }

    /// Who asks, if they may ask the graph and that can be said without waiting.
    private func caller(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ graph: String) -> Caller? {
        let header = bytes[head.authorization]
        guard !header.isEmpty else { return self.services.needsToken ? nil : .unchecked }
        let (version, second) = (self.services.database.snapshot().version, self.services.now.seconds)
        if let known = self.known, known.version == version, known.second == second, known.graph == graph,
            known.header.elementsEqual(header)
        {
            return known.caller
        }
        let text = String(decoding: header, as: UTF8.self)
        guard text.count > 7, text.prefix(7).lowercased() == "bearer ",
            let principal = self.services.authenticator.tokens.principal(token: String(text.dropFirst(7)))
        else { return nil }
        let caller = Caller.user(principal)
        guard self.services.access.allows(caller, .graph(.check, graph)) else { return nil }
        self.known = Known(
            header: Array(header), graph: graph, version: version, second: second, caller: caller)
        return caller
    }

    private func check(
        _ head: RequestHead, _ id: String, _ bytes: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer
    ) -> StaticString? {
        guard let store = self.services.stores.openStore(id),
            let caller = self.caller(head, bytes, store.information.graph),
            let json = try? JSON.parse(utf8: Array(body)), let members = json.object,
            members.allSatisfy({ Self.usualMembers.contains($0.name) }),
            let key = try? Tuple(json: json["tuple_key"] ?? .null)
        else { return nil }
        let (model, context) = (json["authorization_model_id"], json["context"] ?? .null)
        guard context == .null || context.object != nil,
            model == nil || model == .null || model?.string != nil
        else { return nil }
        let options = CheckOptions(
            at: self.services.now, context: context.object ?? JSON.Object(), limits: Self.limits)
        guard let view = try? store.view(model: model?.string.flatMap { $0.isEmpty ? nil : $0 }),
            let isAllowed = try? view.check(key.subject, key.relation, key.object, options)
        else { return nil }
        self.log(key.subject, key.relation, key.object, isAllowed, caller, store)
        return isAllowed ? Self.allowed : Self.denied
    }

    /// What a check's body may hold to be answered here.
    private static let usualMembers: Set<String> = ["tuple_key", "authorization_model_id", "context"]
    private static let allowed: StaticString = #"{"allowed":true,"resolution":""}"#
    private static let denied: StaticString = #"{"allowed":false,"resolution":""}"#

    private func evaluation(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer
    ) -> StaticString? {
        let store = self.services.stores.network
        guard bytes[head.contentType].elementsEqual("application/json".utf8),
            let caller = self.caller(head, bytes, store.information.graph),
            let json = try? JSON.parse(utf8: Array(body)), json.object != nil, json["at"] == nil,
            let request = try? AccessRoutes.request(json),
            let view = try? store.view(),
            let isAllowed = try? view.evaluate(request, at: self.services.now, limits: Self.wide)
        else { return nil }
        self.log(
            EntityReference(type: request.subject.type, id: request.subject.id), request.action,
            EntityReference(type: request.resource.type, id: request.resource.id), isAllowed, caller, store)
        return isAllowed ? #"{"decision":true}"# : #"{"decision":false}"#
    }

    private func log(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference, _ isAllowed: Bool,
        _ caller: Caller, _ store: AuthorizationStore
    ) {
        self.services.decisions.take(
            LoggedDecision(
                subject: subject, relation: relation, object: object, isAllowed: isAllowed,
                milliseconds: self.services.now.epochMilliseconds, caller: caller.user), in: store)
    }
}

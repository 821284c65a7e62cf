internal import AccessControl
internal import Authorization
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import JSON
internal import Logging
package import NIOCore
package import NIOHTTPTypes
internal import PropertyGraph

/// Answers what other services ask all day on the event loop, in front of Hummingbird: `POST /stores/{id}/check`,
/// `POST /access/v1/evaluation` and `GET /healthz`.
///
/// It answers only what it can answer with a decision at once. Everything else goes on as it came, to the routes, and so do
/// requests that are wrong, refused, larger or rarer than usual: errors have one home. While a request that went on is not
/// answered, those that follow on the connection go on too, so that answers keep the order of their questions.
package final class HotRoutes: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// Longer bodies go on.
    private static let bodyLimit = 64 << 10

    private enum Stage {
        /// Between requests.
        case idle
        /// A request that may be answered here is coming in.
        case gathering(HTTPRequest, HotAnswerer.Route, ByteBuffer?)
        /// The rest of a request goes on.
        case passing
    }
    private let answerer: HotAnswerer
    private var stage = Stage.idle
    /// Requests that went on and are not answered yet.
    private var unanswered = 0
    private var needsFlush = false

    package init(_ services: Services) { self.answerer = HotAnswerer(services) }

    // MARK: Requests

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = self.unwrapInboundIn(data)
        switch (self.stage, part) {
        case (.idle, .head(let head)):
            guard self.unanswered == 0, context.channel.isWritable, let route = self.answerer.route(of: head)
            else {
                self.unanswered += 1
                self.stage = .passing
                return context.fireChannelRead(data)
            }
            self.stage = .gathering(head, route, nil)
        case (.gathering(let head, let route, let body), .body(var bytes)):
            // The stage lets go of what it holds, so that appending does not copy it.
            self.stage = .passing
            guard var gathered = body else {
                self.stage = .gathering(head, route, bytes)
                return self.passIfTooLong(context)
            }
            gathered.writeBuffer(&bytes)
            self.stage = .gathering(head, route, gathered)
            self.passIfTooLong(context)
        case (.gathering(let head, let route, let body), .end(let trailers)):
            self.stage = .idle
            if trailers == nil, let answer = self.answerer.answer(head, route, body) {
                self.write(answer, context)
            } else {
                self.pass(head, body, context)
                context.fireChannelRead(data)
                self.stage = .idle
            }
        case (_, .end):
            self.stage = .idle
            context.fireChannelRead(data)
        default: context.fireChannelRead(data)
        }
    }

    private func passIfTooLong(_ context: ChannelHandlerContext) {
        guard case .gathering(let head, _, let body?) = self.stage, body.readableBytes > Self.bodyLimit else {
            return
        }
        self.pass(head, body, context)
    }

    /// Sends on what was gathered, as it came.
    private func pass(_ head: HTTPRequest, _ body: ByteBuffer?, _ context: ChannelHandlerContext) {
        self.unanswered += 1
        self.stage = .passing
        context.fireChannelRead(self.wrapInboundOut(.head(head)))
        if let body { context.fireChannelRead(self.wrapInboundOut(.body(body))) }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if self.needsFlush {
            self.needsFlush = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    // MARK: Answers

    private func write(_ answer: HotAnswerer.Answer, _ context: ChannelHandlerContext) {
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(answer.body.count)
        fields[.requestID] = answer.requestID
        fields[.date] = self.answerer.date
        fields[.server] = "plexus"
        context.write(
            self.wrapOutboundOut(.head(HTTPResponse(status: .ok, headerFields: fields))), promise: nil)
        context.write(
            self.wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: answer.body))), promise: nil)
        context.write(self.wrapOutboundOut(.end(nil)), promise: nil)
        // Answers to requests that came together leave together.
        self.needsFlush = true
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = self.unwrapOutboundIn(data) { self.unanswered = max(0, self.unanswered - 1) }
        context.write(data, promise: promise)
    }
}

/// What ``HotRoutes`` knows of one connection: who speaks on it, and what they asked for last.
final class HotAnswerer {
    /// What may be answered here.
    enum Route {
        case check(store: String)
        case evaluation
        case health
    }

    struct Answer {
        let body: [UInt8]
        let requestID: String
    }

    /// A check that looks at more than this goes on: nobody else on the event loop waits for it.
    private static let limits = CheckLimits(
        relations: CheckLimits.openFGA.relations, depth: CheckLimits.openFGA.depth, steps: 20_000)
    private static let wide = CheckLimits(
        relations: CheckLimits.standard.relations, depth: CheckLimits.standard.depth, steps: 20_000)

    private let services: Services
    /// Log lines of single requests are written by the routes.
    private let isQuiet: Bool
    private var known: Known?
    private var clock = (second: 0, text: "")

    /// That a caller may ask a store, as of one state of the network and one second.
    private struct Known {
        let header: String
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
    func route(of head: HTTPRequest) -> Route? {
        guard self.isQuiet, let path = head.path else { return nil }
        let route: Route
        if path == "/access/v1/evaluation" {
            route = .evaluation
        } else if path == "/healthz" {
            guard head.method == .get else { return nil }
            return self.isUsual(head) ? .health : nil
        } else {
            guard path.hasPrefix("/stores/"), path.hasSuffix("/check") else { return nil }
            let store = path.utf8.dropFirst(8).dropLast(6)
            guard !store.isEmpty, !store.contains(where: { $0 == 47 || $0 == 37 || $0 == 63 }) else {
                return nil
            }
            route = .check(store: String(decoding: store, as: UTF8.self))
        }
        return head.method == .post && self.isUsual(head) ? route : nil
    }

    /// Nothing in the headers asks for more than an answer.
    private func isUsual(_ head: HTTPRequest) -> Bool {
        if let connection = head.headerFields[.connection], connection.lowercased() != "keep-alive" {
            return false
        }
        return head.headerFields[.expect] == nil && head.headerFields[.upgrade] == nil
            && head.headerFields[.bookmark] == nil
    }

    /// The date as headers have it.
    var date: String {
        let second = self.services.now.seconds
        if self.clock.second != second { self.clock = (second, HTTPDate.text(second)) }
        return self.clock.text
    }

    /// The answer, nil when the routes are to give one.
    func answer(_ head: HTTPRequest, _ route: Route, _ body: ByteBuffer?) -> Answer? {
        let answer: [UInt8]?
        switch route {
        case .health: answer = body == nil ? Array(#"{"status":"ok"}"#.utf8) : nil
        case .check(let store): answer = self.check(head, store, body)
        case .evaluation: answer = self.evaluation(head, body)
        }
        guard let answer else { return nil }
        let given = head.headerFields[.requestID].flatMap { $0.utf8.count <= 128 ? $0 : nil }
        guard let id = given ?? RequestID.next() else { return nil }
        return Answer(body: answer, requestID: id)
    }

    /// Who asks, if they may ask the graph and that can be said without waiting.
    private func caller(_ head: HTTPRequest, _ graph: String) -> Caller? {
        guard let header = head.headerFields[.authorization] else {
            return self.services.needsToken ? nil : .unchecked
        }
        let (version, second) = (self.services.database.snapshot().version, self.services.now.seconds)
        if let known = self.known, known.version == version, known.second == second, known.graph == graph,
            known.header == header
        {
            return known.caller
        }
        guard header.count > 7, header.prefix(7).lowercased() == "bearer ",
            let principal = self.services.authenticator.tokens.principal(token: String(header.dropFirst(7)))
        else { return nil }
        let caller = Caller.user(principal)
        guard self.services.access.allows(caller, .graph(.check, graph)) else { return nil }
        self.known = Known(header: header, graph: graph, version: version, second: second, caller: caller)
        return caller
    }

    private static func json(_ body: ByteBuffer?) -> JSON? {
        guard let body else { return nil }
        return try? JSON.parse(utf8: Array(body.readableBytesView))
    }

    private func check(_ head: HTTPRequest, _ id: String, _ body: ByteBuffer?) -> [UInt8]? {
        guard let store = self.services.stores.openStore(id),
            let caller = self.caller(head, store.information.graph), let json = Self.json(body),
            let members = json.object, members.allSatisfy({ Self.usualMembers.contains($0.name) }),
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
    private static let allowed = Array(#"{"allowed":true,"resolution":""}"#.utf8)
    private static let denied = Array(#"{"allowed":false,"resolution":""}"#.utf8)

    private func evaluation(_ head: HTTPRequest, _ body: ByteBuffer?) -> [UInt8]? {
        let store = self.services.stores.network
        guard head.headerFields[.contentType] == "application/json",
            let caller = self.caller(head, store.information.graph), let json = Self.json(body),
            json.object != nil, json["at"] == nil, let request = try? AccessRoutes.request(json),
            let view = try? store.view(),
            let isAllowed = try? view.evaluate(request, at: self.services.now, limits: Self.wide)
        else { return nil }
        self.log(
            EntityReference(type: request.subject.type, id: request.subject.id), request.action,
            EntityReference(type: request.resource.type, id: request.resource.id), isAllowed, caller, store)
        return Array((isAllowed ? #"{"decision":true}"# : #"{"decision":false}"#).utf8)
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

internal import AccessControl
internal import Authorization
internal import CEL
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph

/// A request of OpenFGA's API.
struct OpenFGACall {
    let request: Request
    let context: APIContext

    /// A part of the path.
    func parameter(_ name: String) -> String { self.context.parameters.get(name) ?? "" }

    func query(_ name: String) -> String? { self.request.parameter(name) }

    /// Who asks; nil when nobody has to say.
    var user: String? { self.context.caller.user }

    func body() async throws -> JSON {
        let body = try await self.request.json(form: .openFGA)
        guard body.object != nil else { throw HTTPProblem.openFGA("the body is an object") }
        return body
    }

    func text() async throws -> String {
        let buffer = try await self.request.body.collect(upTo: Request.bodyLimit)
        guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
            throw HTTPProblem.openFGA("the body is not UTF-8")
        }
        return text
    }

    /// The model that a request names.
    func model(_ body: JSON) -> String? {
        body["authorization_model_id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Every answer is of the newest graph, so any preference is kept.
    func checkConsistency(_ body: JSON) throws {
        let known = ["", "UNSPECIFIED", "MINIMIZE_LATENCY", "HIGHER_CONSISTENCY"]
        guard let given = body["consistency"], given != .null else { return }
        guard let text = given.string, known.contains(text) else {
            throw HTTPProblem.openFGA("`consistency` is one of \(known.dropFirst().joined(separator: ", "))")
        }
    }
}

/// Routes whose errors have OpenFGA's form.
struct OpenFGARouter {
    typealias Handler = @Sendable (OpenFGACall) async throws -> Response

    private let router: GuardedRouter

    init(_ router: GuardedRouter) { self.router = router }

    func get(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.get, path, asks, handler)
    }

    func post(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.post, path, asks, handler)
    }

    func put(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.put, path, asks, handler)
    }

    func delete(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.delete, path, asks, handler)
    }

    private func on(
        _ method: HTTPRequest.Method, _ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler
    ) {
        self.router.on(method, path, asks, form: .openFGA) { request, context in
            do {
                return try await handler(OpenFGACall(request: request, context: context))
            } catch {
                guard let problem = ErrorMapping.problem(error) else { throw error }
                throw problem.with(form: .openFGA)
            }
        }
    }
}

extension HTTPProblem {
    /// A mistake of a request of OpenFGA's API.
    static func openFGA(_ detail: String, code: String = "validation_error") -> HTTPProblem {
        HTTPProblem(.badRequest, code: code, detail, form: .openFGA)
    }
}

/// Which part of a list is asked for.
struct Page {
    static let wrongToken = HTTPProblem.openFGA(
        "the continuation token is not one of this list", code: "invalid_continuation_token")

    let size: Int
    /// What the last page said; nil for the first.
    let token: String?

    init(_ call: OpenFGACall) throws {
        try self.init(
            size: call.query("page_size").map { Int($0) ?? 0 }, token: call.query("continuation_token"),
            limit: 100)
    }

    init(_ body: JSON, limit: Int = 100) throws {
        let size = body["page_size"].flatMap { $0 == .null ? nil : $0 }.map { $0.int ?? 0 }
        try self.init(size: size, token: body["continuation_token"]?.string, limit: limit)
    }

    /// From a request of our own routes: `page_size`, `continuation_token`.
    init(_ request: Request, limit: Int = 1000) throws {
        do {
            try self.init(
                size: request.parameter("page_size").map { Int($0) ?? 0 },
                token: request.parameter("continuation_token"), limit: limit)
        } catch let problem as HTTPProblem {
            throw problem.with(form: .problem)
        }
    }

    private init(size: Int?, token: String?, limit: Int) throws {
        guard let size = size ?? 50 as Int?, (1...limit).contains(size) else {
            throw HTTPProblem.openFGA("`page_size` is 1 to \(limit)", code: "page_size_invalid")
        }
        self.size = size
        guard let token, !token.isEmpty else {
            self.token = nil
            return
        }
        guard token.utf8.first == UInt8(ascii: "x"), let bytes = Self.bytes(token.dropFirst()) else {
            throw Self.wrongToken
        }
        self.token = String(decoding: bytes, as: UTF8.self)
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// A token that says where to go on; empty at the end.
    static func token(_ place: String?) -> String {
        guard let place else { return "" }
        let digits = Array("0123456789abcdef")
        return place.utf8.reduce(into: "x") { text, byte in
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
    }
}

extension ZonedDateTime {
    /// The start of 1970.
    static let start = ZonedDateTime(seconds: 0)

    /// As OpenFGA's API writes times.
    var rfc3339: String {
        CELTimestamp(seconds: self.seconds, nanosecond: self.nanosecond)?.description ?? self.description
    }
}

extension Services {
    /// The time that a request asks about, this moment when it does not say.
    func moment(_ json: JSON?, form: HTTPProblem.Form = .problem) throws -> ZonedDateTime {
        guard let json, json != .null else { return self.now }
        guard let text = json.string, let moment = ZonedDateTime(iso: text) else {
            throw HTTPProblem(
                .badRequest, code: form == .openFGA ? "validation_error" : "invalid_time",
                "`at` is not a time such as 2026-11-24T12:00:00Z: \(json.text.prefix(60))", form: form)
        }
        return moment
    }
}

internal import Cryptography
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Logging
internal import PropertyGraph

extension HTTPField.Name {
    static var requestID: Self { .init("X-Request-ID") ?? .userAgent }
}

/// Gives each request an id, answers errors as problems and writes one log line.
struct ObservingMiddleware: RouterMiddleware {
    let services: Services

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let given = request.headers[.requestID].flatMap { $0.utf8.count <= 128 ? $0 : nil }
        context.requestID = try given ?? Secrets.identifier(milliseconds: self.services.now.epochMilliseconds)
        let start = ContinuousClock.now
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = try self.answer(error, request, context)
        }
        response.headers[.requestID] = context.requestID
        let took = (ContinuousClock.now - start) / .microseconds(1)
        self.services.logger.debug(
            "request",
            metadata: [
                "method": "\(request.method)", "path": "\(request.uri.path)",
                "status": "\(response.status.code)",
                "micros": "\(Int(took))", "request": "\(context.requestID)",
            ])
        return response
    }

    private func answer(_ error: any Error, _ request: Request, _ context: APIContext) throws -> Response {
        if let problem = ErrorMapping.problem(error) {
            return try problem.response(from: request, context: context)
        }
        self.services.logger.error(
            "request failed",
            metadata: ["path": "\(request.uri.path)", "request": "\(context.requestID)", "error": "\(error)"])
        let problem = HTTPProblem(
            .internalServerError, code: "internal",
            "something is wrong on our side; tell an administrator the request id \(context.requestID)")
        return try problem.response(from: request, context: context)
    }
}

/// Lets nobody in without a token, health checks aside.
struct AuthenticationMiddleware: RouterMiddleware {
    let services: Services
    /// Routes that everybody may call; none of them changes or shows anything of the graph.
    static let open: Set<String> = [
        "/", "/healthz", "/readyz", "/.well-known/authzen-configuration",
    ]

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let header = request.headers[.authorization] {
            guard let token = Self.token(header),
                let principal = self.services.tokens.principal(token: token)
            else { throw HTTPProblem(.unauthorized, code: "invalid_token", "the token is not valid") }
            context.principal = principal
        } else if self.services.needsToken, !Self.open.contains(request.uri.path),
            !request.uri.path.hasPrefix(RunPage.path)
        {
            throw HTTPProblem(
                .unauthorized, code: "token_missing",
                "a token is needed: send `Authorization: Bearer TOKEN`, or set PLEXUS_TOKEN for the command line"
            )
        }
        return try await next(request, context)
    }

    /// The token of `Bearer TOKEN`, or of `Basic` with the token as password, for clients that know only those.
    private static func token(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "bearer": return String(parts[1])
        case "basic":
            guard let bytes = Data(base64Encoded: String(parts[1])),
                let text = String(bytes: bytes, encoding: .utf8), let colon = text.firstIndex(of: ":")
            else { return nil }
            return String(text[text.index(after: colon)...])
        default: return nil
        }
    }
}

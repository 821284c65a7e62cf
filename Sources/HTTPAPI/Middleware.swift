internal import AccessControl
internal import Cryptography
internal import Foundation
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Logging
internal import PropertyGraph

extension HTTPField.Name {
    static var requestID: Self { .init("X-Request-ID") ?? .userAgent }
    /// Bookmarks of states that an answer must have seen; on answers to writes, the state after them.
    static let bookmark: Self = .init("Plexus-Bookmark") ?? .cookie
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

/// Finds out who asks. Routes decide what that is good for (``GuardedRouter``); of a path that is none, those who say
/// nothing are told no more than that a token is needed.
struct AuthenticationMiddleware: RouterMiddleware {
    let services: Services

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller = try await self.caller(request)
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound && context.caller == .nobody {
            throw HTTPProblem.tokenMissing
        }
    }

    private func caller(_ request: Request) async throws -> Caller {
        guard let header = request.headers[.authorization] else {
            return self.services.needsToken ? .nobody : .unchecked
        }
        do throws(AuthenticationFailure) {
            return .user(try await self.services.principal(authorization: header))
        } catch {
            switch error {
            case .invalid: throw HTTPProblem(.unauthorized, code: "invalid_token", error.description)
            case .locked(let seconds):
                throw HTTPProblem(
                    .tooManyRequests, code: "locked_out", error.description, retryAfter: seconds)
            case .busy: throw HTTPProblem(.serviceUnavailable, code: "busy", error.description, retryAfter: 1)
            case .unavailable:
                throw HTTPProblem(.serviceUnavailable, code: "unavailable", error.description, retryAfter: 30)
            }
        }
    }
}

extension Services {
    /// Who a header names: `Bearer TOKEN`, or `Basic` with a name and a password or, for clients that know no other way, a
    /// token as password.
    func principal(authorization header: String) async throws(AuthenticationFailure) -> Principal {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { throw .invalid(what: "token") }
        switch parts[0].lowercased() {
        case "bearer": return try await self.authenticator.principal(bearer: String(parts[1]))
        case "basic":
            guard let bytes = Data(base64Encoded: String(parts[1])),
                let text = String(bytes: bytes, encoding: .utf8), let colon = text.firstIndex(of: ":")
            else { throw .invalid(what: "token") }
            return try await self.authenticator.principal(
                user: String(text[..<colon]), secret: String(text[text.index(after: colon)...]))
        default: throw .invalid(what: "token")
        }
    }
}

/// Waits until the graphs have the states that `Plexus-Bookmark` names, so that whoever was told of a write sees it.
struct BookmarkMiddleware: RouterMiddleware {
    let services: Services

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        // Nobody without a name makes the server wait.
        guard context.caller != .nobody, let header = request.headers[.bookmark] else {
            return try await next(request, context)
        }
        do {
            let bookmarks = try header.split(separator: ",").map {
                try Bookmark(String($0.filter { $0 != " " }))
            }
            try await self.services.catalog.wait(for: bookmarks)
        } catch let failure as BookmarkFailure {
            if case .invalid = failure {
                throw HTTPProblem(.badRequest, code: "invalid_bookmark", failure.description)
            }
            throw HTTPProblem(.preconditionFailed, code: "bookmark_not_reached", failure.description)
        }
        return try await next(request, context)
    }
}

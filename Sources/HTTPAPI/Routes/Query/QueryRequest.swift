internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph
internal import QueryEngine

/// What a request to the Query API asks for, and in which form it is asked and answered.
struct QueryRequest: Sendable {
    /// The statement; nil where a transaction is only to be begun, kept open or committed.
    let statement: String?
    let parameters: [String: Value]
    let bookmarks: [Bookmark]
    let access: ExplicitTransaction.Access
    let includesCounters: Bool
    /// How long the work may take; nil for the server's own limit.
    let timeLimit: Duration?
    let format: QueryFormat

    /// The longest time that a client may ask for, in seconds: a day.
    private static let timeLimit = 86_400

    /// Reads a request, whose body may be empty.
    /// - Throws: ``HTTPProblem``, ``StatusError``, ``BookmarkFailure``.
    init(_ request: Request) async throws {
        self.format = QueryFormat(accept: request.headers[.accept] ?? "")
        let body = try await request.jsonOrNothing(form: .queryAPI) ?? .object(JSON.Object())
        guard let members = body.object else { throw Self.wrong("the body must be a JSON object") }
        self.statement = try Self.statement(body["statement"])
        let isTyped = request.headers[.contentType]?.contains(QueryFormat.typedType) ?? false
        self.parameters = try Self.parameters(body["parameters"], isTyped: isTyped)
        self.bookmarks = try (body["bookmarks"]?.array ?? []).map { bookmark in
            guard let text = bookmark.string else { throw Self.wrong("`bookmarks` must be a list of texts") }
            return try Bookmark(text)
        }
        self.access = body["accessMode"]?.string?.lowercased() == "read" ? .read : .write
        self.includesCounters = body["includeCounters"]?.bool ?? false
        self.timeLimit = try Self.duration(body["maxExecutionTime"])
        if let user = members.first(where: { $0.name == "impersonatedUser" })?.value.string {
            throw StatusError(
                "Neo.ClientError.Security.Forbidden",
                "nobody may act as another user here: leave `impersonatedUser` (`\(user)`) out")
        }
    }

    /// Limits for a statement of the request.
    var limits: QueryLimits {
        var limits = QueryLimits.standard
        if let limit = self.timeLimit { limits.seconds = min(limits.seconds, limit / .seconds(1)) }
        return limits
    }

    private static func wrong(_ message: String) -> StatusError {
        StatusError("Neo.ClientError.Request.Invalid", message)
    }

    private static func statement(_ json: JSON?) throws(StatusError) -> String? {
        switch json {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw self.wrong("the member `statement` is not a text")
        }
    }

    private static func duration(_ json: JSON?) throws(StatusError) -> Duration? {
        guard let json, json != .null else { return nil }
        guard let seconds = json.int, (0...self.timeLimit).contains(seconds) else {
            throw self.wrong("`maxExecutionTime` must be a number of seconds, at most a day")
        }
        return seconds == 0 ? nil : .seconds(seconds)
    }

    private static func parameters(_ json: JSON?, isTyped: Bool) throws(StatusError) -> [String: Value] {
        guard let json, json != .null else { return [:] }
        guard let object = json.object else { throw self.wrong("`parameters` must be a JSON object") }
        var parameters: [String: Value] = [:]
        for member in object {
            do {
                parameters[member.name] =
                    isTyped ? try Value(typedJSON: member.value) : Value(plainJSON: member.value)
            } catch {
                throw self.wrong("parameter `\(member.name)`: \(error)")
            }
        }
        return parameters
    }
}

/// How a result is written.
struct QueryFormat: Hashable, Sendable {
    /// The media type of typed JSON; `.v1.1` and `+jsonl` may follow.
    static let typedType = "application/vnd.neo4j.query"

    /// Whether each value says of which type it is.
    let isTyped: Bool
    /// Whether the answer is a line for each row, and no document.
    let isLines: Bool
    /// The answer's own media type.
    let mediaType: String

    /// By what the client accepts.
    init(accept: String) {
        let types = accept.split(separator: ",").map { type in
            String(type.prefix { $0 != ";" }).filter { $0 != " " }
        }
        let typed = types.first { $0.hasPrefix(Self.typedType) }
        let lines = types.first {
            $0.hasSuffix("+jsonl") || ["application/jsonl", "application/x-ndjson"].contains($0)
        }
        self.isTyped = typed != nil
        self.isLines = lines != nil
        self.mediaType = typed ?? lines ?? "application/json"
    }
}

internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import NIOCore
internal import Orchestration

/// Payloads by their digests: streamed both ways, in parts when that is asked for (RFC 9110, 14), and cleared away when nothing
/// refers to them.
struct BlobRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.put("/v1/blobs/:digest", .network(.work)) { try await self.put($0, $1) }
        router.get("/v1/blobs/:digest", .network(.work)) { request, context in
            try await self.services.blob(
                context.parameters.get("digest") ?? "", type: "application/octet-stream", request, context)
        }
        router.on(.head, "/v1/blobs/:digest", .network(.work)) { _, context in try self.head(context) }
        router.post("/v1/blobs:gc", .network(.operate)) { request, _ in try await self.collect(request) }
    }

    private func put(_ request: Request, _ context: APIContext) async throws -> Response {
        let digest = context.parameters.get("digest") ?? ""
        try await self.services.blobs.store(digest, from: BodyPieces(body: request.body))
        // Workers send results as bytes without a type: those start nothing.
        if let type = request.headers[.contentType], !type.hasPrefix("application/octet-stream") {
            try await self.services.orchestrator.blobArrived(digest, mediaType: type)
        }
        return Response(
            ["sha256": .string(digest), "size": .int(self.services.blobs.size(digest) ?? 0)],
            status: .created)
    }

    private func head(_ context: APIContext) throws -> Response {
        let digest = context.parameters.get("digest") ?? ""
        guard let size = self.services.blobs.size(digest) else {
            throw OrchestrationError.notFound(what: "blob", name: digest, hint: nil)
        }
        // The length of what GET would send: the body itself is left out.
        return Response(
            status: .ok, headers: Services.headers(of: digest, type: "application/octet-stream"),
            body: ResponseBody(contentLength: size) { try await $0.finish(nil) })
    }

    /// `{older_than?: "7d", dry_run?: false}`
    private func collect(_ request: Request) async throws -> Response {
        let body = try await request.jsonOrNothing() ?? .null
        let given = body["older_than"] ?? .null
        guard
            let seconds = given == .null
                ? BlobStore.graceSeconds : given.int ?? given.string.flatMap(TimeSpan.seconds),
            seconds >= 0
        else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request", "`older_than` is a time such as \"7d\" or \"12h\"")
        }
        let found = try await self.services.orchestrator.collectBlobs(
            olderThan: seconds, dryRun: body["dry_run"]?.bool ?? false)
        return Response([
            "removed": .int(found.removed), "bytes": .int(found.bytes), "kept": .int(found.kept),
        ])
    }
}

extension Services {
    static func headers(of digest: String, type: String) -> HTTPFields {
        // What has a digest for a name never changes.
        [
            .contentType: type, .eTag: "\"\(digest)\"", .acceptRanges: "bytes",
            .cacheControl: "private, max-age=31536000, immutable",
        ]
    }

    /// Blobs up to so many bytes are read at once.
    private static let smallBytes = 64 << 10

    /// A blob, or the part of it that the request asks for; nothing of it is held in memory but a piece at a time.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    func blob(
        _ digest: String, type: String, _ request: Request, _ context: APIContext
    ) async throws -> Response {
        guard let path = self.blobs.path(digest), let size = self.blobs.size(digest) else {
            throw OrchestrationError.notFound(what: "blob", name: digest, hint: nil)
        }
        var headers = Self.headers(of: digest, type: type)
        let tag = headers[.eTag] ?? ""
        if let known = request.headers[.ifNoneMatch], known == "*" || known.contains(tag) {
            return Response(status: .notModified, headers: headers)
        }
        let isSame = request.headers[.ifRange].map { $0 == tag } ?? true
        switch isSame ? request.headers[.range].map({ ByteRange($0, of: size) }) ?? .whole : .whole {
        case .whole where size <= Self.smallBytes:
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: try await self.blobs.read(digest) ?? [])))
        case .whole:
            return Response(
                status: .ok, headers: headers,
                body: try await FileIO().loadFile(path: path, context: context))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(size)"
            return Response(
                status: .partialContent, headers: headers,
                body: try await FileIO().loadFile(path: path, range: range, context: context))
        case .unsatisfiable:
            headers[.contentRange] = "bytes */\(size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
    }
}

/// What a `Range` header asks for (RFC 9110, 14.1.2).
enum ByteRange: Hashable {
    /// Everything: also for other units, several ranges and what cannot be read, which a server may pass over.
    case whole
    /// From one byte to another, both counted.
    case part(ClosedRange<Int>)
    /// None of it is there.
    case unsatisfiable

    init(_ header: String, of size: Int) {
        guard header.hasPrefix("bytes=") else {
            self = .whole
            return
        }
        let parts = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        let isNumber = { (text: Substring) in text.utf8.allSatisfy { (48...57).contains($0) } }
        guard parts.count == 2, parts.allSatisfy(isNumber), parts != ["", ""] else {
            self = .whole
            return
        }
        // Numbers that 64 bits cannot hold lie behind every end.
        let first = parts[0].isEmpty ? nil : Int(parts[0]) ?? .max
        let last = parts[1].isEmpty ? nil : Int(parts[1]) ?? .max
        switch (first, last) {
        case (let first?, let last) where first <= last ?? .max:
            self = first < size ? .part(first...min(last ?? .max, size - 1)) : .unsatisfiable
        case (nil, let count?):
            self = count > 0 && size > 0 ? .part(max(0, size - count)...(size - 1)) : .unsatisfiable
        default: self = .whole
        }
    }
}

/// A request's body in pieces of bytes.
private struct BodyPieces: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    typealias Failure = any Error
    let body: RequestBody

    struct AsyncIterator: AsyncIteratorProtocol {
        var buffers: RequestBody.AsyncIterator

        mutating func next() async throws -> [UInt8]? {
            try await self.buffers.next().map { Array($0.readableBytesView) }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(buffers: self.body.makeAsyncIterator()) }
}

internal import AsyncHTTPClient
internal import Foundation
package import JSON
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// What went wrong between a client and the server.
package enum ConnectionError: Error, Sendable, CustomStringConvertible {
    /// No answer came.
    case unreachable(url: String, reason: String)
    /// The server refused; `problem` is its problem+json.
    case refused(status: Int, problem: JSON)

    /// What happened, in the server's own words where it said some.
    package var description: String {
        switch self {
        case .unreachable(let url, let reason): "cannot reach \(url): \(reason)"
        case .refused(let status, let problem):
            problem["detail"]?.string ?? problem["title"]?.string ?? problem["message"]?.string
                ?? "the server answered \(status)"
        }
    }

    /// Whether trying again later may help.
    package var isPassing: Bool {
        switch self {
        case .unreachable: true
        // 507: its disk is full, which somebody will see to.
        case .refused(let status, _): status == 503 || status == 429 || status == 507
        }
    }
}

/// Speaks JSON over HTTP with a Plexus server: for the worker and the command line.
package struct ServerConnection: Sendable {
    /// The most bytes of an answer that are read into memory: 1 GiB.
    package static let answerLimit = 1 << 30

    /// Where the server is, without a slash at the end.
    package let url: String
    let token: String?
    var client: HTTPClient { Self.sharedClient }

    /// One for the process, never shut down. It says at once that nobody listens: the client's own default repeats the
    /// connection until the request's time is over, a minute for a person at a terminal. `PLEXUS_CA` names a file in PEM with
    /// certificates to trust besides the system's.
    private static let sharedClient: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        if let file = ProcessInfo.processInfo.environment["PLEXUS_CA"] {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.additionalTrustRoots = [.file(file)]
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// A connection with a bearer token, if there is one.
    package init(url: String, token: String?) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.token = token
    }

    /// Sends JSON and reads JSON.
    /// - Throws: ``ConnectionError``.
    package func call(
        _ method: String, _ path: String, body: JSON? = nil, timeoutSeconds: Int = 60
    ) async throws -> JSON {
        let answer = try await self.exchange(
            method, path, body: body.map { Array($0.text.utf8) }, type: "application/json",
            timeoutSeconds: timeoutSeconds)
        guard !answer.isEmpty else { return .null }
        do {
            return try JSON.parse(utf8: answer)
        } catch {
            throw ConnectionError.unreachable(
                url: self.url + path, reason: "the answer is not JSON: \(error)")
        }
    }

    /// Sends bytes and reads bytes.
    /// - Throws: ``ConnectionError``.
    package func exchange(
        _ method: String, _ path: String, body: [UInt8]? = nil, type: String = "application/octet-stream",
        accept: String? = nil, timeoutSeconds: Int = 60
    ) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: self.url + path)
        request.method = .init(rawValue: method)
        if let token = self.token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let accept { request.headers.add(name: "accept", value: accept) }
        if let body {
            request.headers.add(name: "content-type", value: type)
            request.body = .bytes(body)
        }
        do {
            let response = try await self.client.execute(request, timeout: .seconds(Int64(timeoutSeconds)))
            let bytes = Array((try await response.body.collect(upTo: Self.answerLimit)).readableBytesView)
            guard (200..<300).contains(response.status.code) else {
                let problem =
                    (try? JSON.parse(utf8: bytes)) ?? [
                        "detail": .string(String(decoding: bytes.prefix(500), as: UTF8.self))
                    ]
                throw ConnectionError.refused(status: Int(response.status.code), problem: problem)
            }
            return bytes
        } catch let error as ConnectionError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ConnectionError.unreachable(url: self.url, reason: "\(error)")
        }
    }

    /// Reads an answer of any length into a new file, without holding it in memory; `progress` gets the bytes so far.
    /// - Throws: ``ConnectionError``, also when the answer ends early; `CocoaError` when the file cannot be written.
    package func download(
        _ path: String, to file: String, timeoutSeconds: Int = 86_400, progress: (Int) -> Void
    ) async throws {
        var request = HTTPClientRequest(url: self.url + path)
        if let token = self.token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        do {
            let response = try await self.client.execute(request, timeout: .seconds(Int64(timeoutSeconds)))
            guard response.status.code == 200 else {
                let bytes = Array((try await response.body.collect(upTo: 1 << 20)).readableBytesView)
                throw ConnectionError.refused(
                    status: Int(response.status.code), problem: (try? JSON.parse(utf8: bytes)) ?? .null)
            }
            try Data().write(to: URL(fileURLWithPath: file), options: .withoutOverwriting)
            let output = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            defer { try? output.close() }
            var count = 0
            for try await piece in response.body {
                try output.write(contentsOf: Data(piece.readableBytesView))
                count += piece.readableBytes
                progress(count)
            }
        } catch let error as ConnectionError {
            throw error
        } catch let error as CocoaError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ConnectionError.unreachable(url: self.url, reason: "\(error)")
        }
    }
}

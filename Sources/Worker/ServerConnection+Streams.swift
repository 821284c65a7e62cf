internal import AsyncHTTPClient
internal import Foundation
package import JSON
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

extension ServerConnection {
    /// Sends bytes as they come, without knowing how many, and reads JSON.
    /// - Parameters:
    ///   - path: where to.
    ///   - type: the media type.
    ///   - timeoutSeconds: how long all of it may take.
    ///   - next: gives the next bytes, nil at the end; what it throws ends the request and is thrown here.
    /// - Returns: the answer.
    /// - Throws: ``ConnectionError``, and what `next` throws.
    package func upload(
        _ path: String, type: String, timeoutSeconds: Int,
        next: @escaping @Sendable () async throws -> [UInt8]?
    ) async throws -> JSON {
        let failure = Mutex<(any Error)?>(nil)
        let chunks = AsyncThrowingStream<ByteBuffer, any Error> {
            do {
                return try await next().map { ByteBuffer(bytes: $0) }
            } catch {
                failure.withLock { $0 = error }
                throw error
            }
        }
        var request = self.request("POST", path)
        request.headers.add(name: "content-type", value: type)
        request.body = .stream(chunks, length: .unknown)
        do {
            let response = try await self.client.execute(request, timeout: .seconds(Int64(timeoutSeconds)))
            let bytes = Array((try await response.body.collect(upTo: 1 << 24)).readableBytesView)
            guard (200..<300).contains(response.status.code) else {
                throw Self.refusal(response.status.code, bytes)
            }
            return try JSON.parse(utf8: bytes)
        } catch {
            if let own = failure.withLock({ $0 }) { throw own }
            if error is ConnectionError || error is CancellationError { throw error }
            throw ConnectionError.unreachable(url: self.url, reason: "\(error)")
        }
    }

    /// Reads an answer as it comes.
    /// - Parameters:
    ///   - path: where from.
    ///   - timeoutSeconds: how long all of it may take.
    ///   - take: is given the bytes in order.
    /// - Throws: ``ConnectionError``, also when the answer was cut off; what `take` throws.
    package func download(
        _ path: String, timeoutSeconds: Int, take: ([UInt8]) throws -> Void
    ) async throws {
        let response: HTTPClientResponse
        do {
            response = try await self.client.execute(
                self.request("GET", path), timeout: .seconds(Int64(timeoutSeconds)))
        } catch {
            throw ConnectionError.unreachable(url: self.url, reason: "\(error)")
        }
        guard (200..<300).contains(response.status.code) else {
            let bytes = (try? await response.body.collect(upTo: 1 << 24)).map { Array($0.readableBytesView) }
            throw Self.refusal(response.status.code, bytes ?? [])
        }
        var iterator = response.body.makeAsyncIterator()
        while true {
            guard let buffer = try await self.next(&iterator) else { return }
            try take(Array(buffer.readableBytesView))
        }
    }

    /// Sends JSON and reads an answer that is JSON Lines, line by line as it comes.
    /// - Parameters:
    ///   - path: where to.
    ///   - body: what to send.
    ///   - timeoutSeconds: how long all of it may take.
    ///   - take: is given some lines in order.
    /// - Throws: ``ConnectionError``, also when the answer was cut off; `CancellationError`; what `take` throws.
    package func lines(
        _ path: String, body: JSON, timeoutSeconds: Int, take: ([JSON]) throws -> Void
    ) async throws {
        var request = self.request("POST", path)
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "accept", value: "application/jsonl")
        request.body = .bytes(Array(body.text.utf8))
        let response: HTTPClientResponse
        do {
            response = try await self.client.execute(request, timeout: .seconds(Int64(timeoutSeconds)))
        } catch {
            if error is CancellationError { throw error }
            throw ConnectionError.unreachable(url: self.url, reason: "\(error)")
        }
        guard (200..<300).contains(response.status.code) else {
            let bytes = (try? await response.body.collect(upTo: 1 << 24)).map { Array($0.readableBytesView) }
            throw Self.refusal(response.status.code, bytes ?? [])
        }
        var iterator = response.body.makeAsyncIterator()
        var rest: [UInt8] = []
        while let buffer = try await self.next(&iterator) {
            rest += buffer.readableBytesView
            guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
            let lines = rest[..<end].split(separator: UInt8(ascii: "\n"))
            do {
                try take(lines.map { try JSON.parse(utf8: Array($0)) })
            } catch let error as JSONError {
                throw ConnectionError.unreachable(
                    url: self.url + path, reason: "the answer is not JSON: \(error)")
            }
            rest.removeFirst(end + 1)
        }
    }

    private func next(
        _ iterator: inout HTTPClientResponse.Body.AsyncIterator
    ) async throws -> ByteBuffer? {
        do {
            return try await iterator.next()
        } catch {
            if error is CancellationError { throw error }
            throw ConnectionError.unreachable(url: self.url, reason: "the answer was cut off: \(error)")
        }
    }

    private func request(_ method: String, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: self.url + path)
        request.method = .init(rawValue: method)
        if let token = self.token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private static func refusal(_ status: UInt, _ bytes: [UInt8]) -> ConnectionError {
        .refused(
            status: Int(status),
            problem: (try? JSON.parse(utf8: bytes)) ?? [
                "detail": .string(String(decoding: bytes.prefix(500), as: UTF8.self))
            ])
    }
}

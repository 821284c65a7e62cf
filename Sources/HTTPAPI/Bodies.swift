internal import HTTPTypes
internal import Hummingbird
internal import JSON

extension Request {
    /// The most bytes of a JSON body.
    static var bodyLimit: Int { 8 << 20 }

    /// Reads the body as JSON.
    /// - Throws: ``HTTPProblem`` 400 `invalid_json` with the place, 413 when it is too long.
    func json(form: HTTPProblem.Form = .problem) async throws -> JSON {
        try await self.json(form: form, orNothing: false) ?? .null
    }

    private func json(form: HTTPProblem.Form, orNothing: Bool) async throws -> JSON? {
        let buffer: ByteBuffer
        do {
            buffer = try await self.body.collect(upTo: Self.bodyLimit)
        } catch {
            throw HTTPProblem(
                .contentTooLarge, code: "body_too_large",
                "the body is longer than \(Self.bodyLimit) bytes or was cut off", form: form)
        }
        if orNothing, buffer.readableBytes == 0 { return nil }
        do {
            return try JSON.parse(utf8: Array(buffer.readableBytesView))
        } catch {
            let code = form == .openFGA ? "validation_error" : "invalid_json"
            throw HTTPProblem(.badRequest, code: code, "the body is not JSON: \(error)", form: form)
        }
    }

    /// Reads the body as JSON; nil when there is none.
    /// - Throws: ``HTTPProblem`` as ``json(form:)``.
    func jsonOrNothing(form: HTTPProblem.Form = .problem) async throws -> JSON? {
        try await self.json(form: form, orNothing: true)
    }

    /// A query parameter as text.
    func parameter(_ name: String) -> String? {
        self.uri.queryParameters[Substring(name)].map(String.init)
    }
}

extension Response {
    /// An answer in JSON.
    init(_ json: JSON, status: HTTPResponse.Status = .ok) {
        var bytes: [UInt8] = []
        json.write(to: &bytes)
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An answer of some other media type.
    init(_ bytes: [UInt8], type: String, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = type
        self.init(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

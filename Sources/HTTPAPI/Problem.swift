package import HTTPTypes
package import Hummingbird
package import JSON

/// An error as RFC 9457 sends it: `application/problem+json` with a stable `code`.
package struct HTTPProblem: Error, HTTPResponseError, Sendable {
    /// The HTTP status.
    package let status: HTTPResponse.Status
    /// A stable word for programs.
    package let code: String
    /// What happened and what to do, for people.
    package let detail: String
    /// Which of the standards' own forms to answer in.
    package var form = Form.problem
    /// After how many seconds it is worth trying again; nil where that makes no difference.
    package var retryAfter: Int?
    /// More for programs, beside what RFC 9457 names.
    package var extensions = JSON.Object()

    /// How an error is written.
    package enum Form: Sendable {
        /// RFC 9457.
        case problem
        /// `{"code", "message"}` as OpenFGA answers.
        case openFGA
        /// `{"errors": [{"code", "message"}]}` as Neo4j's Query API answers.
        case queryAPI
    }

    /// Joins status, code and detail.
    package init(
        _ status: HTTPResponse.Status, code: String, _ detail: String, form: Form = .problem,
        retryAfter: Int? = nil, extensions: JSON.Object = JSON.Object()
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.form = form
        self.retryAfter = retryAfter
        self.extensions = extensions
    }

    /// The same problem in another form.
    package func with(form: Form) -> HTTPProblem {
        var problem = self
        problem.form = form
        return problem
    }

    /// The answer's bytes and headers.
    package func response(from request: Request, context: some RequestContext) throws -> Response {
        var headers = HTTPFields()
        headers[.contentType] = self.form == .problem ? "application/problem+json" : "application/json"
        if self.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        if let seconds = self.retryAfter { headers[.retryAfter] = String(seconds) }
        return Response(
            status: self.status, headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: self.json(instance: request.uri.path).text)))
    }

    private func members(instance: String) -> JSON.Object {
        var members: JSON.Object = [
            "type": .string("urn:plexus:problem:\(self.code)"),
            "title": .string(self.status.reasonPhrase),
            "status": .int(self.status.code), "code": .string(self.code), "detail": .string(self.detail),
            "instance": .string(instance),
        ]
        for member in self.extensions { members.append(member.name, member.value) }
        // Whoever is not let in has not reached the Query API, whose clients look for its own form all the same.
        if self.status == .unauthorized, instance.hasPrefix("/db/") {
            let code = "Neo.ClientError.Security.Unauthorized"
            members.append("errors", [["code": .string(code), "message": .string(self.detail)]])
        }
        return members
    }

    private func json(instance: String) -> JSON {
        switch self.form {
        case .problem:
            .object(self.members(instance: instance))
        case .openFGA: ["code": .string(self.code), "message": .string(self.detail)]
        case .queryAPI:
            ["errors": [["code": .string(self.code), "message": .string(self.detail)]]]
        }
    }
}

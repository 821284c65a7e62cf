internal import GraphDatabase
internal import JSON
internal import JSONSchema
internal import PropertyGraph

extension Orchestrator {
    /// The largest result that is held against a schema, in bytes.
    package static let checkedBytesLimit = 64 << 20

    /// Refuses inputs that their functions do not take. `versions`: the functions' versions, by how requests name them.
    func check(_ requests: [JobRequest], _ versions: [String: Value]) async throws {
        let graph = self.database.snapshot()
        var schemas: [String: JSONSchema] = [:]
        for (name, version) in versions {
            schemas[name] = try version.string.flatMap { try self.queue.inputSchema(of: $0, in: graph) }
        }
        guard !schemas.isEmpty else { return }
        for (index, request) in requests.enumerated() {
            guard let schema = schemas[request.function] else { continue }
            let violations = await self.violations(of: schema, in: request.input)
            guard !violations.isEmpty else { continue }
            let place = requests.count > 1 ? "/jobs/\(index)/input" : ""
            throw OrchestrationError.schemaViolation(
                function: versions[request.function]?.string ?? request.function,
                problems: violations.map { Problem(place + $0.pointer, $0.message) })
        }
    }

    /// The outcome of an attempt, a failure when its result is not what the function is to give.
    func checked(_ outcome: AttemptOutcome, of attempt: String) async throws -> AttemptOutcome {
        guard let result = outcome.result, let blobs = self.blobs,
            let schema = try self.queue.outputSchema(ofAttempt: attempt, in: self.database.snapshot())
        else { return outcome }
        func failed(_ error: String) -> AttemptOutcome {
            AttemptOutcome(
                result: nil, error: error, errorClass: "schema", exit: outcome.exit, log: outcome.log)
        }
        guard result.size <= Self.checkedBytesLimit else {
            return failed(
                "the result has \(result.size) bytes; up to \(Self.checkedBytesLimit) are held against a schema"
            )
        }
        guard let bytes = try await blobs.read(result.sha256) else { return outcome }
        let json: JSON
        do {
            json = try JSON.parse(utf8: bytes)
        } catch {
            return failed("the result is no JSON: \(error)")
        }
        let violations = await self.violations(of: schema, in: json)
        guard !violations.isEmpty else { return outcome }
        let words = violations.map { "  \($0)" }.joined(separator: "\n")
        return failed("the result does not fit the schema of the function's output:\n\(words)")
    }

    private func violations(of schema: JSONSchema, in value: JSON) async -> [JSONSchema.Violation] {
        // May take long, and deep: on threads that are made for that.
        await withTaskExecutorPreference(self.database.threads) { await Self.hold(value, schema) }
    }

    @concurrent private static func hold(
        _ value: JSON, _ schema: JSONSchema
    ) async -> [JSONSchema.Violation] {
        schema.violations(in: value)
    }
}

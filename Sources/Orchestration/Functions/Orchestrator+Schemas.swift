internal import GraphDatabase
internal import JSON
internal import JSONSchema

extension Orchestrator {
    /// The largest result that is held against a schema, in bytes.
    package static let checkedBytesLimit = 64 << 20

    /// Refuses an input that its function does not take. `index`: which of many it is.
    func check(_ input: JSON, of function: String, at index: Int?) async throws {
        guard let schema = try self.queue.inputSchema(of: function, in: self.database.snapshot()) else {
            return
        }
        let violations = await self.violations(of: schema, in: input)
        guard !violations.isEmpty else { return }
        throw OrchestrationError.schemaViolation(
            function: function,
            problems: violations.map { violation in
                Problem((index.map { "/jobs/\($0)/input" } ?? "") + violation.pointer, violation.message)
            })
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

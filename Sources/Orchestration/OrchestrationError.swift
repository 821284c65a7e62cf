/// Why a registration, run, job or report was refused.
package enum OrchestrationError: Error, Hashable, Sendable {
    /// A definition is wrong; each problem names its place.
    case invalid(what: String, problems: [Problem])
    /// There is no such thing.
    case notFound(what: String, name: String, hint: String?)
    /// A version is there already, with other content.
    case conflict(String)
    /// A state machine has no such transition.
    case transitionRefused(machine: String, subject: String, from: String, to: String)
    /// A worker reports on an attempt that is no longer its own.
    case leaseLost(attempt: String)
    /// Bytes do not have the digest they were announced with.
    case digestMismatch(expected: String, found: String)
    /// An input breaks the schema of its function; each problem's place is a JSON pointer.
    case schemaViolation(function: String, problems: [Problem])
    /// More bytes than a blob may have.
    case tooLarge(limit: Int)
}

/// One thing wrong with a definition, and where.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
    /// `member retries`, `line 3, column 7`, `step clean`; empty for the whole.
    package let place: String
    /// What is wrong and what would be right.
    package let message: String

    /// Joins place and message.
    package init(_ place: String, _ message: String) {
        self.place = place
        self.message = message
    }

    /// `step clean: function="clean@9" is not registered`.
    package var description: String {
        self.place.isEmpty ? self.message : "\(self.place): \(self.message)"
    }
}

extension OrchestrationError: CustomStringConvertible {
    /// A stable word for machines.
    package var code: String {
        switch self {
        case .invalid: "invalid_definition"
        case .notFound: "not_found"
        case .conflict: "conflict"
        case .transitionRefused: "transition_refused"
        case .leaseLost: "lease_lost"
        case .digestMismatch: "digest_mismatch"
        case .schemaViolation: "schema_violation"
        case .tooLarge: "too_large"
        }
    }

    /// What went wrong, where, and what to do about it.
    package var description: String {
        switch self {
        case .invalid(let what, let problems):
            "\(what) is not valid:\n" + problems.map { "  \($0)" }.joined(separator: "\n")
        case .notFound(let what, let name, let hint):
            "there is no \(what) `\(name)`" + (hint.map { "; \($0)" } ?? "")
        case .conflict(let message): message
        case .transitionRefused(let machine, let subject, let from, let to):
            "\(machine) \(subject) is \(from) and cannot become \(to)"
        case .leaseLost(let attempt):
            "attempt \(attempt) is no longer held by this worker: its lease ran out or it was cancelled"
        case .digestMismatch(let expected, let found):
            "the bytes have SHA-256 \(found), not \(expected) as announced"
        case .schemaViolation(let function, let problems):
            "the input does not fit the schema of \(function):\n"
                + problems.map { "  \($0)" }.joined(separator: "\n")
        case .tooLarge(let limit): "more than \(limit) bytes"
        }
    }
}

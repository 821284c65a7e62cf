internal import GraphDatabase
internal import GraphStorage
package import JSON
internal import PropertyGraph
internal import Synchronization

/// A decision that was given to somebody.
package struct LoggedDecision: Sendable {
    /// Who.
    package let subject: EntityReference
    /// Wanted to do what.
    package let relation: String
    /// On what.
    package let object: EntityReference
    /// Whether it was allowed.
    package let isAllowed: Bool
    /// When, in milliseconds since 1970.
    package let milliseconds: Int
    /// Who asked; nil when nobody had to say.
    package let caller: String?

    /// Joins the parts.
    package init(
        subject: EntityReference, relation: String, object: EntityReference, isAllowed: Bool,
        milliseconds: Int, caller: String?
    ) {
        self.subject = subject
        self.relation = relation
        self.object = object
        self.isAllowed = isAllowed
        self.milliseconds = milliseconds
        self.caller = caller
    }
}

/// Keeps decisions, all or a sample, in the journal of the store that gave them (``AuditChain/decisions``).
///
/// A check does not wait for the disk: decisions are gathered and written together, so that a crash may lose those of the last
/// moment. When more come than can be written, the newest are counted and left out, and a line says how many.
package final class DecisionLog: Sendable {
    /// How many decisions may wait in all.
    package static let backlogLimit = 100_000

    private struct State {
        var waiting: [ObjectIdentifier: (store: AuthorizationStore, decisions: [LoggedDecision])] = [:]
        var count = 0
        var dropped = 0
        /// What is left of the sample: grows by the rate with each decision, and one is kept at 1.
        var share = 0.0
    }

    /// Which part is kept: 0 none, 1 all, evenly spread.
    package let rate: Double
    private let state = Mutex(State())

    /// Keeps a part of all decisions.
    package init(rate: Double) { self.rate = rate }

    /// Takes a decision, if it is one of the sample.
    @inline(__always)
    package func take(_ decision: @autoclosure () -> LoggedDecision, in store: AuthorizationStore) {
        guard self.rate > 0 else { return }
        self.keep(decision, store)
    }

    private func keep(_ decision: () -> LoggedDecision, _ store: AuthorizationStore) {
        self.state.withLock { state in
            state.share += self.rate
            guard state.share >= 1 else { return }
            state.share -= 1
            guard state.count < Self.backlogLimit else {
                state.dropped += 1
                return
            }
            state.count += 1
            state.waiting[ObjectIdentifier(store), default: (store, [])].decisions.append(decision())
        }
    }

    /// Writes what waits.
    /// - Throws: ``GraphError``, ``StorageError``; what was not written is lost.
    package func flush() async throws {
        let (waiting, dropped) = self.state.withLock { state in
            let taken = (Array(state.waiting.values), state.dropped)
            state.waiting = [:]
            (state.count, state.dropped) = (0, 0)
            return taken
        }
        for (index, (store, decisions)) in waiting.enumerated() {
            var lines = decisions.map(\.line)
            if dropped > 0, index == 0, let last = decisions.last {
                lines.append(
                    JournalEntry(
                        stream: AuditChain.decisions, subject: "", milliseconds: last.milliseconds,
                        fields: [NamedProperty(key: "left_out", value: .integer(dropped))]))
            }
            let entries = lines
            try await store.database.write { transaction in
                try AuditChain.append(entries, to: AuditChain.decisions, in: transaction)
            }
        }
    }
}

extension LoggedDecision {
    fileprivate var line: JournalEntry {
        var fields = [
            NamedProperty(key: "relation", value: .string(self.relation)),
            NamedProperty(key: "object", value: .string(self.object.description)),
            NamedProperty(key: "decision", value: .boolean(self.isAllowed)),
        ]
        if let caller = self.caller { fields.append(NamedProperty(key: "by", value: .string(caller))) }
        return JournalEntry(
            stream: AuditChain.decisions, subject: self.subject.description,
            milliseconds: self.milliseconds, fields: fields)
    }
}

extension AuthorizationStore {
    /// A line of one of the store's audit journals.
    package struct AuditLine: Sendable {
        /// Its number in the store's journal.
        package let sequence: Int
        /// For programs.
        package let json: JSON
    }

    /// Lines of an audit journal after one of them, oldest first, about one subject or all.
    /// - Throws: ``StorageError``.
    package func audit(
        _ stream: String, subject: String? = nil, after sequence: Int, limit: Int
    ) async throws -> [AuditLine] {
        try await self.database.storage.journal(stream, subject: subject, after: sequence, limit: limit)
            .map(AuditLine.init)
    }
}

extension AuthorizationStore.AuditLine {
    init(_ line: JournalLine) {
        var json: JSON.Object = [
            "sequence": .int(line.sequence), "milliseconds": .int(line.entry.milliseconds),
            "subject": .string(line.entry.subject),
        ]
        for field in line.entry.fields {
            json[field.key] =
                switch field.value {
                case .string(let text): .string(text)
                case .integer(let number): .int(number)
                case .boolean(let truth): .bool(truth)
                default: .string("\(field.value)")
                }
        }
        self.init(sequence: line.sequence, json: .object(json))
    }
}

internal import GraphDatabase
internal import GraphStorage
package import JSON
internal import PropertyGraph

/// Who made the relationships that a decision rests on, by the audit journal.
package struct WhoGranted: Sendable {
    /// The decision and its reasons.
    package let explanation: Explanation
    /// The newest line that wrote each tuple of the path, by tuple; those of which there is no line are missing: they are older
    /// than the journal's retention or the store's first model, or came with more than 100,000 others at once.
    package let lines: [Tuple: AuthorizationStore.AuditLine]

    /// The explanation for people, each tuple with its line.
    package var text: String {
        guard self.explanation.isAllowed else { return self.explanation.text }
        let question =
            "allowed: \(self.explanation.subject) \(self.explanation.relation) \(self.explanation.object)"
        let lines = self.explanation.path.flatMap { step -> [String] in
            guard case .tuple(let tuple) = step else { return step.lines(indent: "  ") }
            return step.lines(indent: "  ") + ["    " + self.remark(tuple)]
        }
        return ([question] + lines).joined(separator: "\n")
    }

    private func remark(_ step: Explanation.TupleStep) -> String {
        guard let line = self.lines[step.key] else {
            return "no line of the audit journal tells who wrote it"
        }
        let json = line.json
        let time = ZonedDateTime(seconds: (json["milliseconds"]?.int ?? 0) / 1000)
        return
            "written by \(json["by"]?.string ?? "nobody who had to say") at \(time), line \(json["number"]?.int ?? 0)"
            + " \(json["digest"]?.string?.prefix(12) ?? "")"
    }

    /// For programs: the explanation, and `grants`, a member for each tuple of the path with its line as `audit`, or null.
    package var json: JSON {
        var json = self.explanation.json.object ?? JSON.Object()
        json["text"] = .string(self.text)
        json["grants"] = .array(
            self.explanation.path.flatMap(\.tuples).map { step in
                [
                    "subject": .string(step.subject.description), "relation": .string(step.relation),
                    "object": .string(step.object.description),
                    "audit": self.lines[step.key]?.json ?? .null,
                ]
            })
        return .object(json)
    }
}

extension Explanation.TupleStep {
    /// The tuple, without its condition.
    fileprivate var key: Tuple {
        Tuple(subject: self.subject, relation: self.relation, object: self.object)
    }
}

extension AuthorizationStore {
    private static let pageSize = 5000

    /// Finds who made the relationships that a decision rests on. O(lines about their types of objects since they were made).
    /// - Throws: ``StorageError``.
    package func whoGranted(_ explanation: Explanation) async throws -> WhoGranted {
        var lines: [Tuple: AuditLine] = [:]
        let tuples = Set(explanation.path.flatMap(\.tuples).map(\.key))
        for (type, tuples) in Dictionary(grouping: tuples, by: \.object.type) {
            // How the text of each begins in a line; after that comes its condition.
            var wanted: [String: Tuple] = [:]
            for tuple in tuples { wanted[Self.beginning(of: tuple.json.text)] = tuple }
            var last: Int?
            while !wanted.isEmpty {
                let page = try await self.database.storage.newestLines(
                    of: AuditChain.changes, subject: type, before: last, limit: Self.pageSize)
                for line in page {
                    guard let text = line.entry.fields.first(where: { $0.key == "tuple" })?.value.string,
                        line.entry.fields.contains(where: { $0.value == .string("write") }),
                        let tuple = wanted.removeValue(forKey: Self.beginning(of: text))
                    else { continue }
                    lines[tuple] = AuditLine(line)
                }
                guard page.count == Self.pageSize else { break }
                last = page.last?.sequence
            }
        }
        return WhoGranted(explanation: explanation, lines: lines)
    }

    private static func beginning(of text: String) -> String {
        text.firstRange(of: ",\"condition\":").map { String(text[..<$0.lowerBound]) } ?? text
    }
}

/// States and the only transitions allowed between them, as drawn in `schema/states/NAME.dot`.
package struct StateMachine: Hashable, Sendable {
    /// `job`, `run`, ...
    package let name: String
    /// Where everything starts.
    package let initial: [String]
    /// Where everything ends.
    package let final: Set<String>
    private let transitions: [String: Set<String>]

    /// From states with their marks and pairs of states.
    package init(
        name: String, initial: [String], final: Set<String>, transitions: [(from: String, to: String)]
    ) {
        self.name = name
        self.initial = initial
        self.final = final
        self.transitions = Dictionary(grouping: transitions, by: \.from).mapValues { Set($0.map(\.to)) }
    }

    /// All states, sorted.
    package var states: [String] {
        Set(self.initial).union(self.final).union(self.transitions.keys)
            .union(self.transitions.values.joined()).sorted()
    }

    /// Whether the transition is drawn.
    package func allows(_ from: String, _ to: String) -> Bool {
        self.transitions[from]?.contains(to) ?? false
    }

    /// Does nothing when the transition is drawn.
    /// - Throws: ``OrchestrationError/transitionRefused(machine:subject:from:to:)`` when it is not.
    package func check(_ subject: String, from: String, to: String) throws(OrchestrationError) {
        guard self.allows(from, to) else {
            throw .transitionRefused(machine: self.name, subject: subject, from: from, to: to)
        }
    }
}

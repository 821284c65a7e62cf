/// What an edge of a run says when the step it comes from has ended.
enum EdgeFate: Hashable, Sendable {
    /// It leads on.
    case live
    /// Its own condition does not hold.
    case cut
    /// The step before was cut off further up, lost a choice, or ended in the other way.
    case dead
    /// The step before failed, was cancelled, or was skipped because of such a one.
    case broken

    /// What the end of the step before means, conditions aside.
    init(
        outcome: PipelineDefinition.Edge.Outcome, state: String, skip: String?, lost: String?
    ) {
        if lost == "lost" {
            self = .dead
        } else if lost == "rejected" {
            self = .broken
        } else {
            switch (outcome, state) {
            case (.always, _), (.success, "succeeded"), (.failure, "failed"): self = .live
            case (.failure, _): self = .dead
            case (.success, "skipped"): self = skip == "condition" ? .dead : .broken
            default: self = .broken
            }
        }
    }
}

/// What a step does when all before it has ended.
enum StepFate: Hashable, Sendable {
    /// It runs.
    case runs
    /// A condition left it out; those after it are left out too unless other edges lead to them.
    case leftOut
    /// Something before it went wrong.
    case blocked

    /// From the edges that lead in, each with the end that it waits for.
    init(
        join: PipelineDefinition.Step.Join,
        edges: [(fate: EdgeFate, outcome: PipelineDefinition.Edge.Outcome)]
    ) {
        let isLive = edges.isEmpty || edges.contains { $0.fate == .live }
        let isBroken = edges.contains { $0.fate == .broken }
        switch join {
        case .always: self = .runs
        case .any: self = isLive ? .runs : isBroken ? .blocked : .leftOut
        case .all:
            let failures = edges.filter { $0.outcome == .failure }
            if isBroken {
                self = .blocked
            } else if edges.contains(where: { $0.fate == .cut }) {
                self = .leftOut
            } else if !failures.isEmpty, !failures.contains(where: { $0.fate == .live }) {
                self = .leftOut
            } else {
                self = isLive ? .runs : .leftOut
            }
        }
    }
}

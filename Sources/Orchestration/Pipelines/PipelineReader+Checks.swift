internal import Cypher
internal import Graphviz
internal import JSON

// What can be told only from all steps and edges together.
extension PipelineReader {
    mutating func checkStructure() {
        self.checkInputs()
        self.checkTemplates()
        let cycle = Self.cycle(self.edges)
        if let cycle {
            let place = cycle.count > 1 ? self.outline.edge(cycle[0], cycle[1], 0) : nil
            self.add(
                "cycle", "the steps \(cycle.joined(separator: " -> ")) form a cycle; nothing could start",
                hint: "take one of its edges away; what is to be repeated is `retries` or `each`", at: place)
        }
        self.checkReach(cycle)
        if self.isStructure, !self.graph.nodes.isEmpty {
            self.add(
                "structure_only", "no step has a function: this is a structure, not yet a pipeline",
                hint: "give functions to its steps with --mapping FILE", severity: .warning)
        }
    }

    private mutating func checkInputs() {
        struct Input: Hashable {
            let step: String
            let name: String
        }
        var taken: [Input: PipelineDefinition.Edge] = [:]
        let branchOf = Dictionary(
            self.branches.flatMap { branch in branch.members.map { ($0, branch.name) } }
        ) { first, _ in
            first
        }
        guard !self.isStructure else { return }
        let elementOf = Dictionary(
            self.steps.filter { $0.each != nil }.map { ($0.name, $0.item) }
        ) { first, _ in
            first
        }
        for edge in self.edges {
            if let element = elementOf[edge.target], element == edge.input {
                self.add(
                    "input_twice",
                    "the edge from \(edge.source) leads into its input `\(element)`, which takes each element",
                    hint: "give the edge another `to`, or none, or the elements another name with `as`",
                    subject: "step \(edge.target)", at: self.outline.edge(edge.source, edge.target, 0))
            }
            let input = Input(step: edge.target, name: edge.input)
            guard let other = taken[input] else {
                taken[input] = edge
                continue
            }
            // Of a choice's alternatives, and of the two ends of a step, only one comes to pass.
            let isChoice = branchOf[edge.source] != nil && branchOf[edge.source] == branchOf[other.source]
            let isExclusive =
                edge.source == other.source && edge.outcome != other.outcome || edge.when != nil
                || other.when != nil
            guard !isChoice, !isExclusive else { continue }
            self.add(
                "input_twice", "two edges lead into its input `\(edge.input)`; give them different `to`",
                subject: "step \(edge.target)", at: self.outline.edge(edge.source, edge.target, 0))
        }
    }

    private mutating func checkTemplates() {
        let known = Set(self.parameters.map(\.name))
        for step in self.steps where !step.constants.isEmpty {
            for constant in step.constants {
                for name in Template.names(in: constant.value)
                where !known.contains(name) && name != step.item && name != "index" {
                    self.unknownParameter(
                        name, "${\(name)}", "step \(step.name)", self.place("with", of: step.name))
                }
            }
        }
    }

    /// Steps that can never start: behind a cycle, or behind conditions that never hold. O(steps + edges).
    private mutating func checkReach(_ cycle: [String]?) {
        let incoming = Dictionary(grouping: self.edges, by: \.target)
        var dead: [String: String] = [:]
        for step in self.steps {
            if let when = step.when, PipelineExpression.isNever(when) {
                dead[step.name] = "its condition `\(when)` never holds"
            } else if step.join != .any, step.join != .always,
                let never = incoming[step.name]?.first(where: {
                    $0.when.map(PipelineExpression.isNever) ?? false
                })
            {
                dead[step.name] = "the condition of the edge from \(never.source) never holds"
            } else if step.join == .all, let edges = incoming[step.name], edges.count > 1 {
                let outcomes = Dictionary(grouping: edges, by: \.source)
                for (source, edges) in outcomes
                where edges.contains(where: { $0.outcome == .failure })
                    && edges.contains(where: { $0.outcome == .success })
                {
                    dead[step.name] = "it waits for \(source) to succeed and to fail"
                }
            }
        }
        for (name, reason) in dead.sorted(by: { $0.key < $1.key }) {
            self.add(
                "unreachable_step", "can never run: \(reason)", subject: "step \(name)", at: self.place(name))
        }
        if let cycle {
            let next = Dictionary(grouping: self.edges, by: \.source).mapValues { $0.map(\.target) }
            var behind: Set<String> = []
            var pending = cycle
            while let step = pending.popLast() {
                for target in next[step] ?? [] where behind.insert(target).inserted { pending.append(target) }
            }
            // Those that lead back into the cycle are part of its knot, not behind it.
            let before = Dictionary(grouping: self.edges, by: \.target).mapValues { $0.map(\.source) }
            var knot: Set<String> = []
            pending = cycle
            while let step = pending.popLast() {
                for source in before[step] ?? [] where knot.insert(source).inserted { pending.append(source) }
            }
            for step in self.steps where behind.contains(step.name) && !knot.contains(step.name) {
                self.add(
                    "unreachable_step",
                    "can never run: it comes after the cycle \(cycle.joined(separator: " -> "))",
                    subject: "step \(step.name)", at: self.place(step.name))
            }
        }
        if self.edges.count > 0, !self.isStructure {
            let connected = Set(self.edges.flatMap { [$0.source, $0.target] })
            for step in self.steps
            where !connected.contains(step.name) && step.name != self.graph.attributes["on_failure"] {
                self.add(
                    "unconnected_step", "has no edges: it runs by itself, beside the others",
                    subject: "step \(step.name)", at: self.place(step.name), severity: .warning)
            }
        }
    }

    mutating func check(_ mapping: PipelineMapping) {
        for step in mapping.unknownSteps(in: self.graph) {
            let near = nearest(to: step, among: self.steps.prefix(2000).map(\.name))
            self.add(
                "unknown_step", "the mapping gives a function to `\(step)`, which is no step",
                hint: near.map { "did you mean `\($0)`?" }, subject: "mapping")
        }
    }

    /// Attributes that are neither ours nor Graphviz's: a misspelt one of ours is a problem, others are somebody else's.
    mutating func checkAttributeNames() {
        for attribute in self.outline.attributes {
            let owner: PipelineVocabulary.Owner
            var subject: String
            switch attribute.owner {
            case .graph: (owner, subject) = (.graph, "graph")
            case .subgraph(let name): (owner, subject) = (.cluster, "subgraph \(name)")
            case .defaults("edge"): (owner, subject) = (.edge, "edge defaults")
            case .defaults: (owner, subject) = (.step, "node defaults")
            case .node(let name): (owner, subject) = (.step, "step \(name)")
            case .edge(let tail, let head): (owner, subject) = (.edge, "edge \(tail) -> \(head)")
            }
            let name = attribute.name
            if PipelineVocabulary.allows(name, at: owner) || PipelineVocabulary.graphviz.contains(name) {
                continue
            }
            if let known = PipelineVocabulary.entries.first(where: { $0.name == name }) {
                let owners = known.owners.map(\.rawValue).sorted().joined(separator: ", ")
                self.add(
                    "misplaced_attribute", "`\(name)` says nothing here", hint: "it belongs to: \(owners)",
                    subject: subject, at: attribute.place, severity: .warning)
                continue
            }
            guard let near = Self.misspelt(name, at: owner) else { continue }
            self.add(
                "unknown_attribute", "there is no attribute `\(name)`", hint: "did you mean `\(near)`?",
                subject: subject, at: attribute.place, severity: self.isStructure ? .warning : .error,
                fix: PipelineProblem.Fix(range: attribute.nameRange, text: near))
        }
    }

    /// What a name is a misspelling of; short words are too near to everything.
    private static func misspelt(_ name: String, at owner: PipelineVocabulary.Owner) -> String? {
        guard name.utf8.count >= 4 else { return nil }
        let candidates = PipelineVocabulary.names(for: owner).filter { $0.utf8.count >= 4 }
        // Letters in the wrong order are two changes for the edit distance, and one slip for a hand.
        if let same = candidates.first(where: { $0.sorted() == name.lowercased().sorted() }) { return same }
        guard let near = nearest(to: name, among: candidates) else { return nil }
        return name.lowercased() == near || name.first == near.first || name.last == near.last ? near : nil
    }

    /// A cycle with its first step repeated at the end, or nil. Depth-first, without recursion.
    static func cycle(_ edges: [PipelineDefinition.Edge]) -> [String]? {
        let next = Dictionary(grouping: edges, by: \.source).mapValues { $0.map(\.target) }
        var done: Set<String> = []
        for start in edges.map(\.source) where !done.contains(start) {
            var path = [start]
            var onPath: Set<String> = [start]
            var pending = [next[start] ?? []]
            while !path.isEmpty {
                guard let step = pending[pending.count - 1].popLast() else {
                    pending.removeLast()
                    let left = path.removeLast()
                    onPath.remove(left)
                    done.insert(left)
                    continue
                }
                if onPath.contains(step) {
                    let first = path.firstIndex(of: step) ?? 0
                    return Array(path[first...]) + [step]
                }
                if done.contains(step) { continue }
                path.append(step)
                onPath.insert(step)
                pending.append(next[step] ?? [])
            }
        }
        return nil
    }
}

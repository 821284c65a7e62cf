internal import GraphDatabase
internal import JSON
internal import PropertyGraph

// How jobs come to be: those of a run, and those below a job.
extension RunFlow {
    /// Where jobs are made: at the top of a run, or below a job.
    struct Place {
        let run: String
        /// What stands before the step's name in a job's id: `RUN.` or `RUN.step/`.
        let prefix: String
        /// What stands before the step's name for people.
        let path: String
        let parent: String?
        /// The job that holds the parameters; nil for the run.
        let scope: String?
        let position: Int
    }

    /// A result that is taken over from an earlier run.
    struct Reused {
        let sha256: String
        let size: Int
        let job: String
        let lost: String?
    }

    /// Makes a job for each step of a plan. Steps without predecessors are decided next.
    /// - Returns: how many of them have to end.
    func create(
        _ plan: PipelinePlan, at place: Place, parameters: JSON, reusing reused: [String: Reused] = [:]
    ) throws -> Int {
        let definition = plan.definition
        var openBefore: [String: Int] = [:]
        var edges: [Value] = []
        for (number, edge) in definition.edges.enumerated() {
            edges.append(Self.edge(number, edge.source, edge, place))
            if reused[edge.source] == nil { openBefore[edge.target, default: 0] += 1 }
            // A step after one alternative waits for the choice among all of them.
            guard let branch = plan.branchOf[edge.source], branch.alternatives.contains(edge.source),
                plan.branchOf[edge.target]?.name != branch.name
            else { continue }
            for other in branch.alternatives where other != edge.source {
                edges.append(Self.edge(-1, other, edge, place))
                if reused[other] == nil { openBefore[edge.target, default: 0] += 1 }
            }
        }
        var pins = try self.facts(place.run).pins
        let values = Dictionary((parameters.object ?? [:]).members.map { ($0.name, $0.value) }) { _, last in
            last
        }
        var jobs: [Value] = []
        var count = 0
        for step in definition.steps {
            let isReused = reused[step.name] != nil
            let isLast = place.parent == nil && step.name == definition.onFailure
            let open = isLast ? 1 : openBefore[step.name] ?? 0
            if !isReused, !isLast { count += 1 }
            var input = JSON.Object()
            for constant in step.constants {
                input.append(constant.name, Template.fill(constant.value, from: values))
            }
            jobs.append(
                try self.job(
                    step, at: place, plan: definition.reference, input: .object(input),
                    state: isReused ? "succeeded" : "waiting", openBefore: open, pins: &pins))
            let id = place.prefix + step.name
            self.orchestrator.note(
                id, "created", ["state": .string(isReused ? "succeeded" : "waiting")], in: self.transaction)
            if !isReused, !isLast, open == 0 { self.note(toDecide: id) }
        }
        try self.keep(pins: pins, of: place.run)
        _ = try self.run(
            "run_jobs_create", ["run": .string(place.run), "jobs": .list(jobs), "now": self.now])
        if !edges.isEmpty { _ = try self.run("run_connect", ["edges": .list(edges)]) }
        for (step, result) in reused {
            let id = place.prefix + step
            _ = try self.run(
                "job_result_give",
                [
                    "job": .string(id), "sha256": .string(result.sha256), "size": .integer(result.size),
                    "media_type": .string("application/json"), "now": self.now,
                ])
            try self.set(
                id,
                [
                    "cached_from": .string(result.job), "lost": result.lost.map(Value.string) ?? .null,
                ])
        }
        return count
    }

    private static func edge(
        _ number: Int, _ source: String, _ edge: PipelineDefinition.Edge, _ place: Place
    ) -> Value {
        .map([
            "source": .string(place.prefix + source), "target": .string(place.prefix + edge.target),
            "number": .integer(number), "from": edge.output.map(Value.string) ?? .null,
            "to": .string(edge.input), "carries": .boolean(number >= 0),
        ])
    }

    private func job(
        _ step: PipelineDefinition.Step, at place: Place, plan: String, input: JSON, state: String,
        openBefore: Int, pins: inout JSON.Object, element: Int? = nil
    ) throws -> Value {
        let suffix = element.map { "[\($0)]" } ?? ""
        let function = try step.function.map { try self.pin($0, &pins) }
        let kind =
            element == nil && step.each != nil
            ? "each" : step.pipeline != nil ? "pipeline" : step.function != nil ? "call" : "gate"
        return .map([
            "id": .string(place.prefix + step.name + suffix),
            "step": .string(place.path + step.name + suffix),
            "position": .integer(place.position + step.position), "plan": .string(plan),
            "plan_step": .string(step.name), "kind": .string(kind), "state": .string(state),
            "function": function.map { .string($0.id) } ?? .null, "priority": .integer(step.priority),
            "timeout_seconds": .integer(
                step.timeoutSeconds ?? function?.timeoutSeconds ?? FunctionDefinition.standardTimeoutSeconds),
            "retries": .integer(step.retries ?? function?.retries ?? 0),
            "replicas": kind == "call" ? step.replicas.map(Value.integer) ?? .null : .null,
            "quorum": step.quorum.map(Value.integer) ?? .null,
            "compare": step.comparison.map { .string($0.text) } ?? .null,
            "adaptive": step.isAdaptive ? .boolean(true) : .null,
            "needs": step.needs.isEmpty ? .null : .list(step.needs.map(Value.string)),
            "input": .string(input.text), "open_before": .integer(openBefore),
            "parent": place.parent.map(Value.string) ?? .null,
            "scope": place.scope.map(Value.string) ?? .null,
            "element": element.map(Value.integer) ?? .null,
            "is_settled": .boolean(state == "succeeded"),
        ])
    }

    // MARK: Versions

    /// A function's version as a run is pinned to it.
    struct PinnedFunction {
        let id: String
        let timeoutSeconds: Int?
        let retries: Int?
    }

    /// The version that a reference means in a run: the one it meant first.
    private func pin(_ range: VersionRange, _ pins: inout JSON.Object) throws -> PinnedFunction {
        let key = "function " + range.reference
        let id: String
        if let known = pins[key]?.string ?? pins["function " + range.name + "@!"]?.string {
            id = known
        } else {
            let versions = try self.versions(range.name)
            let enabled = versions.filter { $0.isEnabled || range.exact != nil }.map(\.version)
            guard let version = range.newest(of: enabled) ?? range.newest(of: versions.map(\.version)) else {
                throw OrchestrationError.notFound(
                    what: "function", name: range.reference,
                    hint: "its versions are \(versions.map(\.version).joined(separator: ", "))")
            }
            id = "\(range.name)@\(version)"
            pins[key] = .string(id)
        }
        let found = try self.versions(range.name).first { "\(range.name)@\($0.version)" == id }
        return PinnedFunction(id: id, timeoutSeconds: found?.timeoutSeconds, retries: found?.retries)
    }

    private func versions(_ name: String) throws -> [FunctionVersionFacts] {
        if let known = self.functionVersions[name] { return known }
        let versions = try self.run("function_versions", ["name": .string(name)]).map { row in
            FunctionVersionFacts(
                version: row["version"]?.string ?? "", isEnabled: row["enabled"] != .boolean(false),
                timeoutSeconds: row["timeout_seconds"]?.integer, retries: row["retries"]?.integer)
        }
        self.functionVersions[name] = versions
        return versions
    }

    /// The version of a pipeline that a reference means in a run.
    func pin(pipeline range: VersionRange, _ pins: inout JSON.Object) throws -> String {
        let key = "pipeline " + range.reference
        if let known = pins[key]?.string { return known }
        let versions = try self.run("pipeline_versions", ["name": .string(range.name)]).compactMap {
            $0["version"]?.string
        }
        guard let version = range.newest(of: versions) else {
            throw OrchestrationError.notFound(
                what: "pipeline", name: range.reference,
                hint: "its versions are \(versions.joined(separator: ", "))")
        }
        pins[key] = .string("\(range.name)@\(version)")
        return "\(range.name)@\(version)"
    }

    /// Pins everything that a plan may call, pipelines in pipelines included, so that nothing changes under a run.
    func pinAll(_ plan: PipelinePlan, _ pins: inout JSON.Object, depth: Int = 0) throws {
        guard depth < Orchestrator.depthLimit else {
            throw OrchestrationError.conflict(
                "\(plan.definition.reference): pipelines call each other more than \(Orchestrator.depthLimit) deep"
            )
        }
        for step in plan.definition.steps {
            if let function = step.function { _ = try self.pin(function, &pins) }
            if let pipeline = step.pipeline, pins["pipeline " + pipeline.reference] == nil {
                try self.pinAll(self.plan(self.pin(pipeline: pipeline, &pins)), &pins, depth: depth + 1)
            }
        }
    }

    private func keep(pins: JSON.Object, of run: String) throws {
        var facts = try self.facts(run)
        guard pins.members.count != facts.pins.members.count else { return }
        facts.pins = pins
        self.remember(facts)
        _ = try self.run(
            "run_pins_set", ["run": .string(run), "pins": .string(JSON.object(pins).text)])
    }

    // MARK: Jobs below a job

    /// One job for each element of a list.
    func expand(
        _ job: FlowJob, _ step: PipelineDefinition.Step, _ incoming: [IncomingJob], _ eachEdge: DecidedEdge?
    ) throws {
        let elements: [JSON]
        if let each = step.each {
            var environment = try self.environment(of: job)
            try self.add(incoming, to: &environment, for: each)
            elements = try PipelineExpression.list(each, environment)
        } else {
            elements = try self.elements(eachEdge)
        }
        guard elements.count <= Orchestrator.fanOutLimit else {
            throw StepValueError("\(elements.count) elements; \(Orchestrator.fanOutLimit) at most")
        }
        if elements.isEmpty { return try self.complete(job, result: []) }
        let item = step.each == nil ? eachEdge?.edge.input ?? step.item : step.item
        let base = (try? JSON.parse(job.input))?.object ?? [:]
        let place = Place(
            run: job.run, prefix: String(job.id.dropLast(job.planStep.count)),
            path: String(job.step.dropLast(job.planStep.count)), parent: job.id, scope: job.scope,
            position: job.position - step.position)
        var pins = try self.facts(job.run).pins
        var jobs: [Value] = []
        var edges: [Value] = []
        let live = try self.run("job_bindings_edges", ["job": .string(job.id)])
        for (index, element) in elements.enumerated() {
            var values: [String: JSON] = ["index": .int(index)]
            values[step.item] = element
            values[item] = element
            var input = Template.fill(.object(base), from: values).object ?? [:]
            input[item] = element
            jobs.append(
                try self.job(
                    step, at: place, plan: job.plan, input: .object(input), state: "waiting", openBefore: 0,
                    pins: &pins, element: index))
            for edge in live {
                edges.append(
                    .map([
                        "source": edge["id"] ?? .null, "target": .string("\(job.id)[\(index)]"),
                        "number": edge["number"] ?? .integer(-1), "from": edge["from"] ?? .null,
                        "to": edge["to"] ?? .null, "carries": .boolean(true),
                    ]))
            }
        }
        _ = try self.run(
            "run_jobs_create", ["run": .string(job.run), "jobs": .list(jobs), "now": self.now])
        if !edges.isEmpty { _ = try self.run("run_connect", ["edges": .list(edges)]) }
        try self.wait(job, for: elements.count, parameters: nil)
        for index in elements.indices {
            guard let child = try self.job("\(job.id)[\(index)]") else { continue }
            try self.beginApproved(child)
        }
    }

    private func elements(_ edge: DecidedEdge?) throws -> [JSON] {
        guard let edge, let digest = edge.before.sha256 else { return [] }
        var value = try self.value(digest)
        if let output = edge.edge.output {
            guard let member = value[output] else {
                throw StepValueError("the result of \(edge.edge.source) has no output `\(output)`")
            }
            value = member
        }
        guard let elements = value.array else {
            throw StepValueError("each needs a list, and \(edge.edge.source) gave \(value.kind)")
        }
        return elements
    }

    /// The steps of another pipeline, as steps below this one.
    func expandPipeline(_ job: FlowJob, _ step: PipelineDefinition.Step) throws {
        guard let range = step.pipeline else { return }
        var pins = try self.facts(job.run).pins
        let plan = try self.plan(self.pin(pipeline: range, &pins))
        try self.keep(pins: pins, of: job.run)
        try self.splice(plan, below: job, given: try self.inputs(of: job))
    }

    /// A graph that a step's function returned.
    func splice(_ plan: PipelinePlan, below job: FlowJob, given: JSON) throws {
        guard job.id.utf8.lazy.filter({ $0 == UInt8(ascii: "/") }).count < Orchestrator.depthLimit else {
            throw StepValueError("steps are more than \(Orchestrator.depthLimit) deep in each other")
        }
        var parameters = JSON.Object()
        for parameter in plan.definition.parameters {
            guard let value = given[parameter.name] ?? parameter.standard else {
                throw StepValueError(
                    "the parameter `\(parameter.name)` of \(plan.definition.reference) is not given")
            }
            guard parameter.kind.admits(value) else {
                throw StepValueError(
                    "the parameter `\(parameter.name)` of \(plan.definition.reference) is \(parameter.kind.rawValue), not \(value.kind)"
                )
            }
            parameters.append(parameter.name, value)
        }
        let count = try self.create(
            plan,
            at: Place(
                run: job.run, prefix: job.id + "/", path: job.step + "/", parent: job.id, scope: job.id,
                position: job.position), parameters: .object(parameters))
        try self.wait(job, for: count, parameters: .object(parameters))
    }

    private func wait(_ job: FlowJob, for children: Int, parameters: JSON?) throws {
        _ = try self.run(
            "job_expand",
            [
                "job": .string(job.id), "children": .integer(children), "now": self.now,
                "parameters": parameters.map { .string($0.text) } ?? .null,
            ])
        if job.state != "running" { try self.move(job, to: "running") }
    }
}

/// A version of a function, as far as jobs need it.
struct FunctionVersionFacts {
    let version: String
    let isEnabled: Bool
    let timeoutSeconds: Int?
    let retries: Int?
}

internal import Cryptography
internal import GraphDatabase
internal import Graphviz
package import JSON
internal import PropertyGraph

/// What starts a run, and with what.
package struct RunRequest: Hashable, Sendable {
    /// `name` or `name@version`.
    package let pipeline: String
    /// Values for its parameters.
    package var parameters: JSON.Object = [:]
    /// A customer's reference.
    package var customerReference: String?
    /// Who starts it.
    package let startedBy: String
    /// The run it repeats.
    package var retryOf: String?
    /// The backfill it is part of.
    package var backfill: String?
    /// The trigger that started it.
    package var cause: String?

    /// The least that is needed.
    package init(
        pipeline: String, parameters: JSON.Object = [:], customerReference: String? = nil, startedBy: String
    ) {
        self.pipeline = pipeline
        self.parameters = parameters
        self.customerReference = customerReference
        self.startedBy = startedBy
    }
}

extension Orchestrator {
    /// The most bytes of a result by which something is decided: 16 MiB.
    package static let valueLimit = 16 << 20
    /// The most elements of a fan-out.
    package static let fanOutLimit = 10_000
    /// How deep steps may be below steps.
    package static let depthLimit = 10
    /// The most runs of one backfill.
    package static let backfillLimit = 1000

    // MARK: Starting

    /// Starts a run of a pipeline version, `name` or `name@version`.
    /// - Returns: the run's id.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``, or ``OrchestrationError/invalid(what:problems:)``
    ///   when a parameter is unknown, has no value or one of another type.
    package func startRun(
        _ reference: String, parameters: JSON.Object, customerReference: String?, startedBy: String
    ) async throws -> String {
        try await self.start(
            RunRequest(
                pipeline: reference, parameters: parameters, customerReference: customerReference,
                startedBy: startedBy))
    }

    /// Starts a run.
    /// - Returns: its id.
    /// - Throws: as ``startRun(_:parameters:customerReference:startedBy:)``.
    package func start(_ request: RunRequest) async throws -> String {
        let version = try PipelineRegistry(database: self.database).version(request.pipeline)
        return try await self.database.write { transaction in
            let flow = RunFlow(self, transaction)
            let run = try self.start(request, version: version["id"]?.string ?? "", flow)
            try flow.go()
            return run
        }
    }

    /// Starts a run in a transaction; what follows from it is the caller's to do with ``RunFlow/go()``.
    func start(
        _ request: RunRequest, version: String, _ flow: RunFlow,
        reusing reused: [String: RunFlow.Reused] = [:],
        overriding functions: [String: String] = [:]
    ) throws -> String {
        let plan = try flow.plan(version)
        let now = self.clock()
        let run = try Secrets.identifier(milliseconds: now.epochMilliseconds)
        let parameters = try Self.values(of: plan.definition, given: request.parameters)
        var pins = JSON.Object()
        for (name, version) in functions { pins.append("function \(name)@!", .string(version)) }
        try flow.pinAll(plan, &pins)
        _ = try flow.run(
            "run_start",
            [
                "run": .string(run), "version": .string(version), "parameters": .string(parameters.text),
                "pins": .string(JSON.object(pins).text), "open_jobs": .integer(0),
                "reference": request.customerReference.map(Value.string) ?? .null,
                "started_by": .string(request.startedBy),
                "retry_of": request.retryOf.map(Value.string) ?? .null,
                "backfill": request.backfill.map(Value.string) ?? .null,
                "cause": request.cause.map(Value.string) ?? .null, "now": .dateTime(now),
            ])
        let count = try flow.create(
            plan,
            at: RunFlow.Place(run: run, prefix: "\(run).", path: "", parent: nil, scope: nil, position: 0),
            parameters: parameters, reusing: reused)
        _ = try flow.run("run_open_set", ["run": .string(run), "by": .integer(count)])
        return run
    }

    private static func values(of definition: PipelineDefinition, given: JSON.Object) throws -> JSON {
        let known = definition.parameters.map(\.name)
        var problems: [Problem] = []
        for member in given where !known.contains(member.name) {
            let list = known.isEmpty ? "none" : known.joined(separator: ", ")
            problems.append(Problem("parameter \(member.name)", "is unknown; the pipeline takes \(list)"))
        }
        var values = JSON.Object()
        for parameter in definition.parameters {
            let place = "parameter \(parameter.name)"
            guard let value = given[parameter.name] ?? parameter.standard else {
                problems.append(Problem(place, "is not given, and it has no default"))
                continue
            }
            if !parameter.kind.admits(value) {
                problems.append(Problem(place, "is \(value.kind), and \(parameter.kind.rawValue) is wanted"))
            }
            values.append(parameter.name, value)
        }
        guard problems.isEmpty else {
            throw OrchestrationError.invalid(what: "run of `\(definition.name)`", problems: problems)
        }
        return .object(values)
    }

    // MARK: Backfill

    /// Starts a run for each combination of values; `ranges` gives them by parameter, the last one varies fastest.
    /// - Returns: the backfill's id and the runs' ids; all of them are started in one commit, or none.
    /// - Throws: as ``start(_:)``; ``OrchestrationError/invalid(what:problems:)`` for none or too many.
    package func backfill(
        _ request: RunRequest, over ranges: [(name: String, values: [JSON])]
    ) async throws -> (id: String, runs: [String]) {
        var combinations: [JSON.Object] = [request.parameters]
        for range in ranges {
            guard range.values.count * combinations.count <= Self.backfillLimit else {
                throw OrchestrationError.invalid(
                    what: "backfill", problems: [Problem("", "more than \(Self.backfillLimit) runs")])
            }
            combinations = combinations.flatMap { combination in
                range.values.map { value in
                    var next = combination
                    next[range.name] = value
                    return next
                }
            }
        }
        guard !ranges.isEmpty, !combinations.isEmpty else {
            throw OrchestrationError.invalid(
                what: "backfill", problems: [Problem("", "there is nothing to run")])
        }
        let version = try PipelineRegistry(database: self.database).version(request.pipeline)
        let id = try Secrets.identifier(milliseconds: self.clock().epochMilliseconds)
        let all = combinations
        return try await self.database.write { transaction in
            let flow = RunFlow(self, transaction)
            let runs = try all.map { parameters in
                var one = request
                one.parameters = parameters
                one.backfill = id
                return try self.start(one, version: version["id"]?.string ?? "", flow)
            }
            try flow.go()
            return (id, runs)
        }
    }

    // MARK: Repeating

    /// Starts a new run that takes over what is still valid of an earlier one: results of steps that are not to run again.
    ///
    /// It begins again at `step` and all steps after it; without one at what did not succeed. `functions` are versions that the new run
    /// uses instead, as `name@version`; what calls them runs again too.
    /// - Returns: the new run's id.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; ``OrchestrationError/conflict(_:)`` while the run goes on.
    package func retry(
        run: String, from step: String?, functions: [String] = [], by user: String
    ) async throws -> String {
        let registry = FunctionRegistry(database: self.database)
        var overriding: [String: String] = [:]
        for reference in functions {
            let id = try registry.version(reference)["id"]?.string ?? ""
            overriding[String(id.prefix { $0 != "@" })] = id
        }
        let replaced = overriding
        return try await self.database.write { transaction in
            let flow = RunFlow(self, transaction)
            let facts = try flow.facts(run)
            guard facts.state != "running" else {
                throw OrchestrationError.conflict(
                    "run \(run) still goes on; cancel it first with `plexus run cancel \(run)`")
            }
            let plan = try flow.plan(facts.version)
            var again: Set<String> = []
            if let step {
                guard plan.steps[step] != nil else {
                    throw OrchestrationError.notFound(
                        what: "step", name: step,
                        hint:
                            "its steps are \(plan.definition.steps.prefix(20).map(\.name).joined(separator: ", "))"
                    )
                }
                again.insert(step)
            }
            for other in plan.definition.steps
            where other.function.map({ replaced[$0.name] != nil }) ?? false { again.insert(other.name) }
            var pending = Array(again)
            while let next = pending.popLast() {
                for number in plan.outgoing[next] ?? [] {
                    let target = plan.definition.edges[number].target
                    if again.insert(target).inserted { pending.append(target) }
                }
            }
            var reused: [String: RunFlow.Reused] = [:]
            for row in try flow.run("run_reusable", ["run": .string(run)]) {
                guard let name = row["step"]?.string, !again.contains(name),
                    let digest = row["sha256"]?.string
                else { continue }
                reused[name] = RunFlow.Reused(
                    sha256: digest, size: row["size"]?.integer ?? 0, job: row["id"]?.string ?? "",
                    lost: row["lost"]?.string)
            }
            // A result is valid only as long as all that it was made from is.
            Self.dropStale(&reused, plan)
            var request = RunRequest(
                pipeline: facts.version, parameters: facts.parameters.object ?? [:],
                customerReference: facts.reference, startedBy: user)
            request.retryOf = run
            let id = try self.start(
                request, version: facts.version, flow, reusing: reused, overriding: replaced)
            try flow.go()
            return id
        }
    }

    private static func dropStale(_ reused: inout [String: RunFlow.Reused], _ plan: PipelinePlan) {
        var pending = plan.definition.steps.map(\.name).filter { reused[$0] == nil }
        while let step = pending.popLast() {
            for number in plan.outgoing[step] ?? [] {
                let edge = plan.definition.edges[number]
                // What an edge never brought, because of its condition or its end, was not made from it.
                guard edge.when == nil, edge.outcome == .success, reused[edge.target] != nil,
                    plan.steps[edge.target]?.join == .all, plan.branchOf[step] == nil
                else { continue }
                reused[edge.target] = nil
                pending.append(edge.target)
            }
        }
    }

    // MARK: Approving

    /// Who must approve a step of a run: `group:x`, `user:y`.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; ``OrchestrationError/conflict(_:)`` when it waits for nobody.
    package func approver(run: String, step: String) throws -> String {
        let id = "\(run).\(step)"
        guard let row = try self.database.read("job_flow", ["job": .string(id)]).first else {
            throw OrchestrationError.notFound(
                what: "step", name: "\(step) of run \(run)", hint: "see `plexus run show`")
        }
        let job = FlowJob(row)
        guard job.state == "held" else {
            throw OrchestrationError.conflict(
                "step \(step) of run \(run) is \(job.state): it waits for no approval")
        }
        let version = try self.database.read("pipeline_version", ["id": .string(job.plan)]).first
        let plan = try self.plans.plan(job.plan) {
            (version?["plan"]?.string ?? "null", version?["digest"]?.string ?? "")
        }
        return plan.steps[job.planStep]?.approval ?? ""
    }

    /// Lets a held step go, or ends it. Whether the user may is the caller's to check, with ``approver(run:step:)``.
    /// - Throws: as ``approver(run:step:)``.
    package func decide(
        run: String, step: String, isApproved: Bool, by user: String, comment: String?
    ) async throws {
        _ = try self.approver(run: run, step: step)
        try await self.database.write { transaction in
            let flow = RunFlow(self, transaction)
            guard let job = try flow.job("\(run).\(step)"), job.state == "held" else {
                throw OrchestrationError.conflict("step \(step) of run \(run) is not held any more")
            }
            try flow.set(
                job.id, ["approved_by": .string(user), "comment": comment.map(Value.string) ?? .null])
            self.note(
                job.id, isApproved ? "approved" : "rejected",
                ["by": .string(user), "comment": comment.map(Value.string) ?? .null], in: transaction)
            if isApproved {
                try flow.beginApproved(try flow.job(job.id) ?? job)
            } else {
                let words = comment.map { ": \($0)" } ?? ""
                try flow.fail(job, "rejected by \(user)\(words)", class: "rejected")
            }
            try flow.go()
        }
    }

    // MARK: Graphs that functions make

    /// The graph in the result of a dynamic step: DOT under `graph`, or the result itself when it is a text.
    /// - Returns: nil when the attempt's step is not dynamic.
    /// - Throws: ``StepValueError`` for a result without a graph, or one that is no pipeline.
    func dynamicGraph(
        of attempt: String, result: AttemptOutcome.Result
    ) async throws -> PipelineDefinition? {
        // Steps are named `RUN.STEP`: calls need no look.
        guard attempt.contains("."),
            let row = try self.database.read("attempt", ["attempt": .string(attempt)]).first,
            row["run"]?.string != nil, let job = row["job"]?.string,
            let flow = try self.database.read("job_flow", ["job": .string(job)]).first.map(FlowJob.init),
            !flow.plan.isEmpty
        else { return nil }
        let version = try self.database.read("pipeline_version", ["id": .string(flow.plan)]).first
        let plan = try self.plans.plan(flow.plan) {
            (version?["plan"]?.string ?? "null", version?["digest"]?.string ?? "")
        }
        guard plan.steps[flow.planStep]?.isDynamic == true else { return nil }
        guard let blobs = self.blobs, let parse = self.parse else {
            throw StepValueError("this server cannot read graphs that functions make")
        }
        guard let bytes = try await blobs.read(result.sha256), bytes.count <= Self.valueLimit,
            let json = try? JSON.parse(utf8: bytes),
            let dot = json["graph"]?.string ?? json.string
        else {
            throw StepValueError(
                "a dynamic step returns {\"graph\": \"digraph ...\"}, and this result has none")
        }
        do {
            let graph = try await parse(dot)
            let digest = SHA256.digest(Array(dot.utf8))
            var attributes = graph.attributes
            // Named by its content: the same graph is the same version.
            attributes["version"] = String(digest.prefix(32))
            for key in ["schedule", "on_blob", "on_query", "on_run"] { attributes[key] = nil }
            let named = DotGraph(
                name: "dynamic", isDirected: graph.isDirected, attributes: attributes, nodes: graph.nodes,
                edges: graph.edges, subgraphs: graph.subgraphs)
            return try PipelineDefinition(graph: named, dot: dot)
        } catch {
            throw StepValueError("the graph it returned cannot be run: \(error)")
        }
    }

    /// The graph that a step's function returned becomes steps below it, in the commit of the report.
    func splice(
        _ graph: PipelineDefinition, into job: String, in transaction: GraphTransaction
    ) throws {
        let flow = RunFlow(self, transaction)
        guard let flowJob = try flow.job(job) else { return }
        do {
            _ = try PipelineRegistry(database: self.database).register(
                graph, now: self.clock(), in: transaction)
            try flow.set(job, ["expansion": .string(graph.reference)])
            try flow.splice(
                try flow.plan(graph.reference), below: flowJob, given: try flow.inputs(of: flowJob))
        } catch let error as StepValueError {
            try flow.fail(flowJob, error.message, class: "output")
        } catch let error as OrchestrationError {
            try flow.fail(flowJob, "the graph it returned cannot be run: \(error)", class: "output")
        }
        try flow.go()
    }
}

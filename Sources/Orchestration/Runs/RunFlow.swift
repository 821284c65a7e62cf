internal import Cryptography
internal import GraphDatabase
internal import JSON
internal import PropertyGraph

/// The decisions that follow from the end of a job, all in the transaction that ends it.
///
/// Decisions are taken from a list, one after another, so that no chain of steps is deeper than the stack. Each costs in proportion to
/// the step's neighbours.
final class RunFlow {
    let orchestrator: Orchestrator
    let transaction: GraphTransaction
    private var ended: [String] = []
    private var toDecide: [String] = []
    private var isRunning = false
    private var runs: [String: RunFacts] = [:]
    private var results: [String: JSON] = [:]
    var functionVersions: [String: [FunctionVersionFacts]] = [:]

    /// What a run knows of itself.
    struct RunFacts {
        let id: String
        let version: String
        let state: String
        let pipeline: String
        let reference: String?
        let startedBy: String
        let parameters: JSON
        var pins: JSON.Object
    }

    init(_ orchestrator: Orchestrator, _ transaction: GraphTransaction) {
        self.orchestrator = orchestrator
        self.transaction = transaction
    }

    // MARK: Questions

    func run(_ name: String, _ parameters: [String: Value]) throws -> [Record] {
        try self.orchestrator.run(name, in: self.transaction, parameters)
    }

    var now: Value { .dateTime(self.orchestrator.clock()) }

    func job(_ id: String) throws -> FlowJob? {
        try self.run("job_flow", ["job": .string(id)]).first.map(FlowJob.init)
    }

    func facts(_ run: String) throws -> RunFacts {
        if let known = self.runs[run] { return known }
        guard let row = try self.run("run_flow", ["run": .string(run)]).first else {
            throw OrchestrationError.notFound(what: "run", name: run, hint: nil)
        }
        let facts = RunFacts(
            id: run, version: row["version"]?.string ?? "", state: row["state"]?.string ?? "",
            pipeline: row["pipeline"]?.string ?? "", reference: row["reference"]?.string,
            startedBy: row["started_by"]?.string ?? "",
            parameters: (try? JSON.parse(row["parameters"]?.string ?? "{}")) ?? [:],
            pins: (try? JSON.parse(row["pins"]?.string ?? "{}"))?.object ?? [:])
        self.runs[run] = facts
        return facts
    }

    func remember(_ facts: RunFacts) { self.runs[facts.id] = facts }

    func plan(_ id: String) throws -> PipelinePlan {
        try self.orchestrator.plans.plan(id) {
            guard let row = try self.run("pipeline_version", ["id": .string(id)]).first,
                let plan = row["plan"]?.string
            else {
                throw OrchestrationError.notFound(
                    what: "plan of pipeline", name: id, hint: "register the pipeline again")
            }
            return (plan, row["digest"]?.string ?? "")
        }
    }

    /// The step a job is made for.
    func step(of job: FlowJob) throws -> PipelineDefinition.Step {
        guard let step = try self.plan(job.plan).steps[job.planStep] else {
            throw OrchestrationError.notFound(what: "step", name: job.planStep, hint: nil)
        }
        return step
    }

    // MARK: Changes

    func move(_ job: FlowJob, to state: String, because reason: String? = nil) throws {
        try self.orchestrator.move(job.id, from: job.state, to: state, because: reason, in: self.transaction)
    }

    func set(_ job: String, _ values: [String: Value]) throws {
        var parameters: [String: Value] = [
            "job": .string(job), "input": .null, "lost": .null, "skip": .null, "metric": .null,
            "cache_key": .null, "cached_from": .null, "approved_by": .null, "comment": .null,
            "expansion": .null,
        ]
        parameters.merge(values) { $1 }
        _ = try self.run("job_set", parameters)
    }

    func skip(_ job: FlowJob, _ kind: String, because reason: String) throws {
        try self.set(job.id, ["skip": .string(kind)])
        try self.move(job, to: "skipped", because: reason)
        self.ended.append(job.id)
    }

    /// A decision could not be taken.
    func fail(_ job: FlowJob, _ error: String, class errorClass: String) throws {
        _ = try self.run(
            "job_fail",
            [
                "job": .string(job.id), "error": .string(error), "error_class": .string(errorClass),
                "available_at": .null,
            ])
        try self.move(job, to: "failed", because: error)
        self.ended.append(job.id)
    }

    /// Ends a job with a result that the server made.
    func complete(_ job: FlowJob, result: JSON) throws {
        let (digest, size) = try self.store(result)
        try self.complete(job, sha256: digest, size: size)
    }

    /// Ends a job with a result that is there.
    func complete(_ job: FlowJob, sha256: String, size: Int) throws {
        _ = try self.run(
            "job_result_give",
            [
                "job": .string(job.id), "sha256": .string(sha256), "size": .integer(size),
                "media_type": .string("application/json"), "now": self.now,
            ])
        try self.move(job, to: "succeeded")
        self.ended.append(job.id)
    }

    func note(ended job: String) { self.ended.append(job) }

    func note(toDecide job: String) { self.toDecide.append(job) }

    // MARK: Following

    /// After jobs have ended or were made: all that follows, until nothing is left to decide.
    func go() throws {
        guard !self.isRunning else { return }
        self.isRunning = true
        defer { self.isRunning = false }
        while true {
            if let job = self.ended.popLast() {
                try self.settle(job)
            } else if !self.toDecide.isEmpty {
                let jobs = self.toDecide
                self.toDecide = []
                for job in jobs { try self.decide(job) }
            } else {
                return
            }
        }
    }

    private func settle(_ id: String) throws {
        guard let job = try self.job(id), !job.isSettled else { return }
        if try self.plan(job.plan).branchOf[job.planStep] != nil, job.element == nil { try self.choose(job) }
        for next in try self.run("job_settle", ["job": .string(id)])
        where next["open_before"] == .integer(0) && next["state"] == .string("waiting") {
            self.toDecide.append(next["id"]?.string ?? "")
        }
        if let parent = job.parent {
            let counts = try self.run("job_child_ended", ["job": .string(parent)]).first
            if counts?["open_children"] == .integer(0), counts?["state"] == .string("running") {
                try self.finish(parent)
            }
        } else {
            let open = try self.run("run_open_set", ["run": .string(job.run), "by": .integer(-1)]).first
            if open?["open_jobs"] == .integer(0) { try self.end(job.run) }
        }
    }

    // MARK: Deciding

    private func decide(_ id: String) throws {
        guard let job = try self.job(id), job.state == "waiting" else { return }
        let plan = try self.plan(job.plan)
        let step = try self.step(of: job)
        let incoming = try self.incoming(job, plan)
        do {
            let fates = try self.fates(of: incoming, job, plan)
            switch StepFate(join: step.join, edges: fates.map { ($0.fate, $0.edge.outcome) }) {
            case .blocked:
                let first = fates.first { $0.fate == .broken }?.before
                return try self.skip(
                    job, "failure", because: "\(first?.step ?? "a step") did not succeed")
            case .leftOut:
                return try self.skip(job, "condition", because: "no edge leads to it")
            case .runs: break
            }
            var environment = try self.environment(of: job)
            if let when = step.when {
                try self.add(incoming, to: &environment, for: when)
                if try !PipelineExpression.holds(when, environment) {
                    return try self.skip(job, "condition", because: "its condition does not hold")
                }
            }
            try self.prepareInputs(job, fates, plan)
            try self.begin(try self.job(id) ?? job, step, incoming, fates)
        } catch let error as PipelineExpressionError {
            try self.fail(job, error.description, class: "condition")
        } catch let error as StepValueError {
            try self.fail(job, error.message, class: "input")
        }
    }

    /// One edge into a job, as it is decided.
    struct DecidedEdge {
        let number: Int
        let edge: PipelineDefinition.Edge
        let before: IncomingJob
        let fate: EdgeFate
    }

    func incoming(_ job: FlowJob, _ plan: PipelinePlan) throws -> [IncomingJob] {
        try self.run("job_incoming", ["job": .string(job.id)]).map(IncomingJob.init).filter {
            $0.number >= 0 && $0.number < plan.definition.edges.count
        }.sorted { $0.number < $1.number }
    }

    private func fates(
        of incoming: [IncomingJob], _ job: FlowJob, _ plan: PipelinePlan
    ) throws -> [DecidedEdge] {
        try incoming.map { before in
            let edge = plan.definition.edges[before.number]
            var fate = EdgeFate(
                outcome: edge.outcome, state: before.state, skip: before.skip, lost: before.lost)
            if fate == .live, let when = edge.when {
                var environment = try self.environment(of: job)
                environment.state = before.state
                environment.outputs = try before.sha256.map { try self.value($0) } ?? .null
                try self.add(incoming, to: &environment, for: when, keepingOutputs: true)
                if try !PipelineExpression.holds(when, environment) { fate = .cut }
            }
            return DecidedEdge(number: before.number, edge: edge, before: before, fate: fate)
        }
    }

    /// Puts into the input what edges bring that is no result: failures, and results of a fan-out taken together.
    private func prepareInputs(_ job: FlowJob, _ edges: [DecidedEdge], _ plan: PipelinePlan) throws {
        var input = (try? JSON.parse(job.input))?.object ?? [:]
        var isChanged = false
        for decided in edges {
            var carries = decided.fate == .live
            var sha256: Value = .null
            if carries, decided.before.state != "succeeded" {
                input[decided.edge.input] = decided.before.failure
                (isChanged, carries) = (true, false)
            } else if carries, plan.steps[decided.edge.source]?.each != nil || decided.before.kind == "each",
                let digest = decided.before.sha256
            {
                let value = try self.gather(try self.value(digest), decided.edge)
                sha256 = .string(try self.store(value).digest)
            } else if decided.edge.isEach {
                carries = false
            }
            guard !carries || sha256 != .null else { continue }
            _ = try self.run(
                "job_edge_set",
                [
                    "job": .string(job.id), "number": .integer(decided.number),
                    "carries": .boolean(carries), "sha256": sha256,
                ])
        }
        if isChanged { try self.set(job.id, ["input": .string(JSON.object(input).text)]) }
    }

    private func gather(_ value: JSON, _ edge: PipelineDefinition.Edge) throws -> JSON {
        guard let elements = value.array else { return value }
        let parts = try elements.map { element -> JSON in
            guard let output = edge.output else { return element }
            guard let part = element[output] else {
                throw StepValueError("a result of \(edge.source) has no output `\(output)`")
            }
            return part
        }
        switch edge.gathering {
        case .list: return .array(parts)
        case .flat: return .array(parts.flatMap { $0.array ?? [$0] })
        case .merge:
            var merged = JSON.Object()
            for part in parts { for member in part.object ?? [:] { merged[member.name] = member.value } }
            return .object(merged)
        }
    }

    /// A step's turn has come.
    private func begin(
        _ job: FlowJob, _ step: PipelineDefinition.Step, _ incoming: [IncomingJob], _ edges: [DecidedEdge]
    ) throws {
        if step.approval != nil, job.approvedBy == nil, job.element == nil {
            return try self.move(job, to: "held", because: "\(step.approval ?? "") must approve")
        }
        let eachEdge = edges.first { $0.edge.isEach && $0.fate == .live }
        if job.element == nil, step.each != nil || eachEdge != nil {
            return try self.expand(job, step, incoming, eachEdge)
        }
        if step.pipeline != nil { return try self.expandPipeline(job, step) }
        if step.function != nil { return try self.queue(job, step) }
        try self.complete(job, result: try self.inputs(of: job))
    }

    /// After an approval, or for an element: as ``decide(_:)``, without conditions.
    func beginApproved(_ job: FlowJob) throws {
        let plan = try self.plan(job.plan)
        let incoming = try self.incoming(job, plan)
        let edges = incoming.map { before -> DecidedEdge in
            let edge = plan.definition.edges[before.number]
            let fate = EdgeFate(
                outcome: edge.outcome, state: before.state, skip: before.skip, lost: before.lost)
            return DecidedEdge(number: before.number, edge: edge, before: before, fate: fate)
        }
        do {
            try self.begin(job, try self.step(of: job), incoming, edges)
        } catch let error as PipelineExpressionError {
            try self.fail(job, error.description, class: "condition")
        } catch let error as StepValueError {
            try self.fail(job, error.message, class: "input")
        }
    }

    private func queue(_ job: FlowJob, _ step: PipelineDefinition.Step) throws {
        if step.isCached {
            let key = try self.cacheKey(job)
            if let known = try self.run("job_cached", ["key": .string(key)]).first,
                let digest = known["sha256"]?.string, self.orchestrator.blobs?.size(digest) != nil
            {
                try self.set(job.id, ["cached_from": known["id"] ?? .null])
                return try self.complete(job, sha256: digest, size: known["size"]?.integer ?? 0)
            }
            try self.set(job.id, ["cache_key": .string(key)])
        }
        try self.move(job, to: "queued")
    }

    private func cacheKey(_ job: FlowJob) throws -> String {
        let input = (try? JSON.parse(job.input)) ?? [:]
        var text = (job.function ?? "") + "\n" + input.sorted.text
        for row in try self.run("job_bindings", ["job": .string(job.id)]) {
            text +=
                "\n\(row["input"]?.string ?? "")\u{0}\(row["output"]?.string ?? "")\u{0}\(row["sha256"]?.string ?? "")"
        }
        return SHA256.digest(Array(text.utf8))
    }

    // MARK: Ends

    /// All jobs below a job have ended.
    private func finish(_ parent: String) throws {
        guard let job = try self.job(parent) else { return }
        let children = try self.run("job_children", ["job": .string(parent)])
        let failed = children.filter {
            $0["lost"]?.string == nil
                && ($0["state"] == .string("failed") || $0["state"] == .string("cancelled")
                    || $0["skip"] == .string("failure"))
        }
        if let first = failed.first(where: { $0["error"]?.string != nil }) ?? failed.first {
            let name = first["step"]?.string ?? ""
            return try self.fail(
                job,
                "\(failed.count) of \(children.count) below it failed; \(name): \(first["error"]?.string ?? "not run")",
                class: "children")
        }
        do {
            if children.first?["element"]?.integer != nil {
                let elements = try children.map { child -> JSON in
                    try child["sha256"]?.string.map { try self.value($0) } ?? .null
                }
                try self.complete(job, result: .array(elements))
            } else {
                try self.complete(job, result: try self.result(of: children))
            }
        } catch let error as StepValueError {
            try self.fail(job, error.message, class: "output")
        }
    }

    /// The result of a pipeline that ran as a step: of its `result` step, or of all steps that none comes after.
    private func result(of children: [Record]) throws -> JSON {
        guard let plan = try (children.first?["plan"]?.string).map({ try self.plan($0) }) else { return [:] }
        var byStep: [String: String] = [:]
        for child in children where child["lost"]?.string == nil {
            byStep[child["plan_step"]?.string ?? ""] = child["sha256"]?.string
        }
        if let result = plan.definition.result {
            return try byStep[result].map { try self.value($0) } ?? .null
        }
        var object = JSON.Object()
        for step in plan.definition.steps where plan.outgoing[step.name] == nil {
            if let digest = byStep[step.name] { object.append(step.name, try self.value(digest)) }
        }
        return .object(object)
    }

    private func end(_ run: String) throws {
        let facts = try self.facts(run)
        guard facts.state == "running" else { return }
        let counts = try self.run("run_outcome", ["run": .string(run)]).first
        let isFailed = counts?["failed"] != .integer(0)
        if let last = try self.plan(facts.version).definition.onFailure,
            let job = try self.job("\(run).\(last)"), job.state == "waiting"
        {
            if isFailed {
                _ = try self.run("run_open_set", ["run": .string(run), "by": .integer(1)])
                return try self.begin(job, try self.step(of: job), [], [])
            }
            try self.set(job.id, ["skip": .string("condition")])
            try self.move(job, to: "skipped", because: "the run did not fail")
        }
        let state = isFailed ? "failed" : counts?["cancelled"] != .integer(0) ? "cancelled" : "succeeded"
        try self.end(facts, state)
    }

    func end(_ facts: RunFacts, _ state: String) throws {
        try self.orchestrator.runStates.check(facts.id, from: "running", to: state)
        _ = try self.run("run_end", ["run": .string(facts.id), "state": .string(state), "now": self.now])
        try self.orchestrator.fire(endOf: facts, state, self)
    }

    // MARK: Values

    /// The JSON of a result, read once a transaction.
    /// - Throws: ``StepValueError`` when it is gone, too long or no JSON.
    func value(_ digest: String) throws -> JSON {
        if let known = self.results[digest] { return known }
        guard let blobs = self.orchestrator.blobs else {
            throw StepValueError("there is no blob store to read results from")
        }
        let bytes: [UInt8]
        do {
            guard let found = try blobs.readNow(digest, limit: Orchestrator.valueLimit) else {
                throw StepValueError("the result \(digest) is not in the blob store")
            }
            bytes = found
        } catch OrchestrationError.tooLarge(let limit) {
            throw StepValueError("the result \(digest) has more than \(limit) bytes, too many to decide by")
        }
        guard let json = try? JSON.parse(utf8: bytes) else {
            throw StepValueError("the result \(digest) is no JSON")
        }
        self.results[digest] = json
        return json
    }

    func store(_ value: JSON) throws -> (digest: String, size: Int) {
        guard let blobs = self.orchestrator.blobs else {
            throw StepValueError("there is no blob store to keep results in")
        }
        let bytes = Array(value.text.utf8)
        return (try blobs.storeNow(bytes), bytes.count)
    }

    /// All inputs of a job: constants and what edges carry.
    func inputs(of job: FlowJob) throws -> JSON {
        var input = (try? JSON.parse(job.input))?.object ?? [:]
        for row in try self.run("job_bindings", ["job": .string(job.id)]) {
            let value = try self.value(row["sha256"]?.string ?? "")
            let name = row["input"]?.string ?? ""
            if let output = row["output"]?.string {
                guard let member = value[output] else {
                    throw StepValueError("the result for input `\(name)` has no output `\(output)`")
                }
                input[name] = member
            } else {
                input[name] = value
            }
        }
        return .object(input)
    }

    func environment(of job: FlowJob) throws -> PipelineExpression.Environment {
        var environment = PipelineExpression.Environment()
        let facts = try self.facts(job.run)
        environment.params = try self.parameters(of: job)
        environment.run = [
            "id": .string(facts.id), "pipeline": .string(facts.pipeline),
            "reference": facts.reference.map(JSON.string) ?? "",
        ]
        return environment
    }

    /// The parameters that a job's step can name: of the run, or of the pipeline that runs as a step above it.
    func parameters(of job: FlowJob) throws -> JSON {
        guard let scope = job.scope else { return try self.facts(job.run).parameters }
        return (try? JSON.parse(try self.job(scope)?.parameters ?? "{}")) ?? [:]
    }

    /// `steps` and `outputs` for a step's own expressions; results are read only when an expression names them.
    func add(
        _ incoming: [IncomingJob], to environment: inout PipelineExpression.Environment, for text: String,
        keepingOutputs: Bool = false
    ) throws {
        let names = text.contains("steps")
        let outputs = text.contains("outputs")
        guard names || outputs else { return }
        var steps = JSON.Object()
        var all = JSON.Object()
        for before in incoming {
            let value = try before.sha256.map { try self.value($0) } ?? .null
            steps[before.step] = [
                "state": .string(before.state), "outputs": value,
                "error": before.error.map(JSON.string) ?? .null,
            ]
            all[before.step] = value
        }
        environment.steps = .object(steps)
        guard !keepingOutputs else { return }
        environment.outputs = incoming.count == 1 ? all.members[0].value : .object(all)
        environment.state = incoming.count == 1 ? incoming[0].state : ""
    }
}

/// A step's data could not be put together.
struct StepValueError: Error {
    let message: String
    init(_ message: String) { self.message = message }
}

/// A job of a run as decisions see it.
struct FlowJob {
    let id: String
    let run: String
    let step: String
    let position: Int
    let plan: String
    let planStep: String
    let kind: String
    let state: String
    let function: String?
    let input: String
    let parent: String?
    let scope: String?
    let element: Int?
    let isSettled: Bool
    let lost: String?
    let approvedBy: String?
    let parameters: String?

    init(_ row: Record) {
        func text(_ name: String) -> String { row[name]?.string ?? "" }
        self.id = text("id")
        self.run = text("run")
        self.step = text("step")
        self.position = row["position"]?.integer ?? 0
        self.plan = text("plan")
        self.planStep = text("plan_step")
        self.kind = text("kind")
        self.state = text("state")
        self.function = row["function"]?.string
        self.input = row["input"]?.string ?? "{}"
        self.parent = row["parent"]?.string
        self.scope = row["scope"]?.string
        self.element = row["element"]?.integer
        self.isSettled = row["is_settled"] == .boolean(true)
        self.lost = row["lost"]?.string
        self.approvedBy = row["approved_by"]?.string
        self.parameters = row["parameters"]?.string
    }
}

/// What comes before a job, over one edge.
struct IncomingJob {
    let id: String
    let step: String
    let state: String
    let skip: String?
    let lost: String?
    let error: String?
    let errorClass: String?
    let kind: String
    let number: Int
    let sha256: String?

    init(_ row: Record) {
        self.id = row["id"]?.string ?? ""
        self.step = row["step"]?.string ?? ""
        self.state = row["state"]?.string ?? ""
        self.skip = row["skip"]?.string
        self.lost = row["lost"]?.string
        self.error = row["error"]?.string
        self.errorClass = row["error_class"]?.string
        self.kind = row["kind"]?.string ?? ""
        self.number = row["number"]?.integer ?? -1
        self.sha256 = row["sha256"]?.string
    }

    /// What a step after a failure is given.
    var failure: JSON {
        [
            "step": .string(self.step), "job": .string(self.id), "state": .string(self.state),
            "error": self.error.map(JSON.string) ?? .null,
            "error_class": self.errorClass.map(JSON.string) ?? .null,
        ]
    }
}

extension JSON {
    /// With the members of all objects in the order of their names.
    var sorted: JSON {
        switch self {
        case .array(let elements): return .array(elements.map(\.sorted))
        case .object(let object):
            var sorted = JSON.Object()
            for member in object.members.sorted(by: { $0.name < $1.name }) {
                sorted.append(member.name, member.value.sorted)
            }
            return .object(sorted)
        default: return self
        }
    }
}

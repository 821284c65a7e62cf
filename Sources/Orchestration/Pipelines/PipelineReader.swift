internal import Cypher
internal import CEL
internal import Cryptography
package import Graphviz
internal import JSON

/// A pipeline file as far as it can be read, with everything that is wrong with it by itself.
package struct PipelineReading: Sendable {
    /// What could be read; of use only without errors.
    package let definition: PipelineDefinition
    /// What is wrong, in the order of the file.
    package let problems: [PipelineProblem]
    /// Whether no step calls anything: a drawing, not yet a pipeline.
    package let isStructure: Bool

    /// Reads a parsed file. O((steps + edges) x attributes).
    package init(graph: DotGraph, dot: String, mapping: PipelineMapping? = nil) {
        var reader = PipelineReader(graph: graph, dot: dot, mapping: mapping)
        reader.read()
        self.definition = PipelineDefinition(reader)
        self.isStructure = reader.isStructure
        self.problems = reader.problems.sorted {
            ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0)
        }
    }

    /// A definition that was read before, from its graph: no places, no complaints.
    init(plan graph: DotGraph, digest: String) {
        var reader = PipelineReader(graph: graph, dot: "", mapping: nil)
        reader.digest = digest
        reader.read()
        self.definition = PipelineDefinition(reader)
        self.isStructure = reader.isStructure
        self.problems = reader.problems
    }
}

/// Reads attributes and gathers everything that is wrong with them.
struct PipelineReader {
    let graph: DotGraph
    let dot: String
    let outline: DotOutline
    var digest: String
    var problems: [PipelineProblem] = []
    var name = ""
    var version: String?
    var parameters: [PipelineParameter] = []
    var steps: [PipelineDefinition.Step] = []
    var edges: [PipelineDefinition.Edge] = []
    var branches: [PipelineDefinition.Branch] = []
    var triggers: [PipelineDefinition.Trigger] = []
    var isStructure = false
    private let mapping: PipelineMapping?
    /// Clusters by the nodes in them, outer ones first.
    private var clusters: [String: [Int]] = [:]
    private var edgeCounts: [String: Int] = [:]

    init(graph: DotGraph, dot: String, mapping: PipelineMapping?) {
        self.graph = mapping?.applied(to: graph) ?? graph
        self.dot = dot
        self.mapping = mapping
        self.outline = DotOutline(dot)
        let mapped = mapping.map { "\n" + $0.text } ?? ""
        self.digest = dot.isEmpty ? "" : SHA256.digest(Array((dot + mapped).utf8))
    }

    mutating func read() {
        let isCalling = self.graph.nodes.contains { node in
            ["function", "pipeline", "approval"].contains { node.attributes[$0] != nil }
        }
        let hasDefault =
            self.graph.attributes["function"] != nil
            || self.graph.subgraphs.contains { $0.attributes["function"] != nil }
        self.isStructure = !isCalling && !hasDefault
        if !self.graph.isDirected { self.undirected() }
        if self.graph.nodes.isEmpty { self.add("no_steps", "there are no steps") }
        for (index, cluster) in self.graph.subgraphs.enumerated() where cluster.name.hasPrefix("cluster") {
            for node in cluster.nodes { self.clusters[node, default: []].append(index) }
        }
        self.readName()
        self.readVersion()
        self.readParameters()
        for (position, node) in self.graph.nodes.enumerated() { self.readStep(node, position) }
        for edge in self.graph.edges { self.readEdge(edge) }
        self.readFailureSteps()
        self.readBranches()
        self.readTriggers()
        self.checkAttributeNames()
        if let mapping { self.check(mapping) }
        self.checkStructure()
    }

    // MARK: Complaints

    mutating func add(
        _ code: String, _ message: String, hint: String? = nil, subject: String = "",
        at place: DotOutline.Place? = nil, severity: PipelineProblem.Severity = .error,
        fix: PipelineProblem.Fix? = nil
    ) {
        var problem = PipelineProblem(code, message, hint: hint, severity: severity, subject: subject)
        problem.line = place?.line
        problem.column = place?.column
        problem.fix = fix
        self.problems.append(problem)
    }

    func place(_ step: String) -> DotOutline.Place? { self.outline.nodes[step] }

    /// Where an attribute of a step is set: at the step, at a cluster around it or at the graph; else the step's own place.
    func place(_ attribute: String, of step: String) -> DotOutline.Place? {
        if let own = self.outline.attribute(attribute, of: .node(step)) { return own.place }
        for index in (self.clusters[step] ?? []).reversed() {
            let owner = DotOutline.Owner.subgraph(self.graph.subgraphs[index].name)
            if let found = self.outline.attribute(attribute, of: owner) { return found.place }
        }
        return self.outline.attribute(attribute, of: .defaults("node"))?.place ?? self.place(step)
    }

    private func graphPlace(_ attribute: String) -> DotOutline.Place? {
        self.outline.attribute(attribute, of: .graph)?.place
    }

    private mutating func undirected() {
        let fix = self.outline.keyword.map { PipelineProblem.Fix(range: $0, text: "digraph") }
        self.add(
            "not_directed", "a pipeline is a `digraph`, this is a `graph`",
            hint: "write `digraph` and `->`; `--fix` does", at: DotOutline.Place(line: 1, column: 1), fix: fix
        )
        for range in self.outline.undirectedOperators {
            // Carried by a warning, so that every operator is changed with the word.
            self.add(
                "undirected_edge", "`--` says no direction; read from left to right", severity: .warning,
                fix: PipelineProblem.Fix(range: range, text: "->"))
        }
    }

    // MARK: The graph

    private mutating func readName() {
        if FunctionDefinition.isName(self.graph.name) {
            self.name = self.graph.name
        } else {
            self.add(
                "bad_name", "the graph needs a name of lower-case letters, digits, `_`, `-` and `.`",
                at: DotOutline.Place(line: 1, column: 1), severity: self.isStructure ? .warning : .error)
        }
    }

    private mutating func readVersion() {
        guard let version = self.graph.attributes["version"] else { return }
        if FunctionDefinition.isVersion(version) {
            self.version = version
        } else {
            self.add(
                "bad_version", "`\(version)` is not allowed", hint: "letters, digits, `.`, `-`, `_` and `+`",
                subject: "graph attribute version", at: self.graphPlace("version"))
        }
    }

    private mutating func readParameters() {
        for assignment in self.assignments(
            self.graph.attributes["parameters"], at: "graph attribute parameters",
            self.graphPlace("parameters"))
        {
            self.parameters.append(PipelineParameter(name: assignment.name, standard: assignment.value))
        }
        for (key, text) in self.graph.attributes.sorted(by: { $0.key < $1.key }) {
            guard key.hasPrefix("param.") || key.hasPrefix("param_") else { continue }
            let name = String(key.dropFirst(6))
            let subject = "graph attribute \(key)"
            guard let parameter = PipelineParameter(name: name, text: text), !name.isEmpty else {
                self.add(
                    "bad_parameter", "`\(text)` is no type with a default of that type",
                    hint: "such as `int = 5`, `string` or a default alone; types are "
                        + PipelineParameter.Kind.allCases.map(\.rawValue).joined(separator: ", "),
                    subject: subject, at: self.graphPlace(key))
                continue
            }
            guard !self.parameters.contains(where: { $0.name == name }) else {
                self.add(
                    "parameter_twice", "`\(name)` is declared twice", subject: subject,
                    at: self.graphPlace(key))
                continue
            }
            self.parameters.append(parameter)
        }
    }

    mutating func assignments(
        _ text: String?, at subject: String, _ place: DotOutline.Place?
    ) -> [PipelineDefinition.Assignment] {
        var assignments: [PipelineDefinition.Assignment] = []
        for part in (text ?? "").split(separator: ";") {
            let trimmed = String(part).trimmed
            if trimmed.isEmpty { continue }
            guard let equals = trimmed.firstIndex(of: "="), equals != trimmed.startIndex else {
                self.add(
                    "bad_assignment", "`\(trimmed)` is not of the form name=value", subject: subject,
                    at: place)
                continue
            }
            let name = String(trimmed[..<equals]).trimmed
            let value = String(trimmed[trimmed.index(after: equals)...]).trimmed
            guard !assignments.contains(where: { $0.name == name }) else {
                self.add("given_twice", "`\(name)` is given twice", subject: subject, at: place)
                continue
            }
            let json = (try? JSON.parse(value)) ?? .string(value)
            assignments.append(PipelineDefinition.Assignment(name: name, value: json))
        }
        return assignments
    }

    // MARK: Steps

    /// An attribute of a step: its own, that of the innermost cluster, or the graph's.
    private func value(_ name: String, of node: DotGraph.Node) -> String? {
        if let own = node.attributes[name], !own.isEmpty { return own }
        if PipelineVocabulary.allows(name, at: .cluster) {
            for index in (self.clusters[node.name] ?? []).reversed() {
                if let value = self.graph.subgraphs[index].attributes[name], !value.isEmpty { return value }
            }
        }
        if PipelineVocabulary.allows(name, at: .graph), name != "on_failure" {
            return self.graph.attributes[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        return nil
    }

    private mutating func readStep(_ node: DotGraph.Node, _ position: Int) {
        let subject = "step \(node.name)"
        let place = self.place(node.name)
        guard !node.name.isEmpty, node.name.utf8.count <= 200 else {
            self.add("bad_step_name", "a step's name has 1 to 200 bytes", subject: subject, at: place)
            return
        }
        if node.name.contains(where: { $0 == "/" || $0 == "[" || $0 == "#" }) && !self.isStructure {
            self.add(
                "bad_step_name", "a step's name has no `/`, `[` and `#`, which name steps below steps",
                subject: subject, at: place)
        }
        var step = PipelineDefinition.Step(name: node.name, position: position)
        step.function = self.reference("function", of: node)
        step.pipeline = self.reference("pipeline", of: node)
        step.approval = self.value("approval", of: node)
        let declares = ["function", "pipeline", "approval"].contains { self.value($0, of: node) != nil }
        if !declares, !self.isStructure {
            self.add(
                "no_function", "has no function; add function=\"name@version\"",
                hint: "or `pipeline=`, or `approval=`", subject: subject, at: place)
        }
        if node.attributes["function"] != nil, step.pipeline != nil {
            self.add(
                "two_callees", "has a function and a pipeline", hint: "keep one of them", subject: subject,
                at: self.place("pipeline", of: node.name))
        } else if step.pipeline != nil {
            step.function = nil
        }
        step.constants = self.assignments(
            self.value("with", of: node), at: "\(subject), with", self.place("with", of: node.name))
        let longest = FunctionDefinition.longestTimeoutSeconds
        step.timeoutSeconds = self.number(node, "timeout", in: 1...longest, TimeSpan.seconds)
        step.retries = self.number(node, "retries", in: 0...100) { Int($0) }
        step.replicas = self.number(node, "replicas", in: 1...100) { Int($0) }
        step.quorum = self.number(node, "quorum", in: 1...100) { Int($0) }
        if let quorum = step.quorum, quorum > step.replicas ?? 1 {
            self.add(
                "bad_quorum", "quorum=\"\(quorum)\" is more than its replicas, \(step.replicas ?? 1)",
                subject: subject, at: self.place("quorum", of: node.name))
        }
        step.isAdaptive = self.truth(node, "adaptive") ?? false
        if let text = self.value("compare", of: node) {
            step.comparison = ResultComparison(text)
            if step.comparison == nil {
                self.add(
                    "bad_compare", "compare=\"\(text)\" is no way to compare",
                    hint: "`digest`, `tolerance=1e-6` or `function=name@version`", subject: subject,
                    at: self.place("compare", of: node.name))
            }
        }
        step.priority = self.number(node, "priority", in: -1000...1000) { Int($0) } ?? 0
        step.needs = (self.value("needs", of: node) ?? "").split(separator: ",").map { String($0).trimmed }
            .filter { !$0.isEmpty }
        step.isCached = self.truth(node, "cache") ?? false
        step.isDynamic = self.truth(node, "dynamic") ?? false
        step.join = self.word(node, "join", PipelineDefinition.Step.Join.self) ?? .all
        step.when = self.expression(node, "when", result: .bool)
        step.each = self.each(node)
        step.item = node.attributes["as"] ?? "item"
        step.branch = self.value("branch", of: node)
        if let approval = step.approval, !Self.isSubject(approval) {
            self.add(
                "bad_approval", "approval=\"\(approval)\" names nobody", hint: "`group:x` or `user:y`",
                subject: subject, at: self.place("approval", of: node.name))
        }
        if step.isDynamic, step.function == nil {
            self.add(
                "dynamic_without_function", "dynamic=true needs a function, whose result is the graph",
                subject: subject, at: self.place("dynamic", of: node.name))
        }
        self.steps.append(step)
    }

    private static func isSubject(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
    }

    private mutating func reference(_ name: String, of node: DotGraph.Node) -> VersionRange? {
        guard let text = self.value(name, of: node) else { return nil }
        if let range = VersionRange(text) { return range }
        self.add(
            "bad_reference", "\(name)=\"\(text)\" is not of the form name@version",
            hint: "`name`, `name@1.2.0`, `name@^1.2` or `name@>=1.2 <2`", subject: "step \(node.name)",
            at: self.place(name, of: node.name))
        return nil
    }

    private mutating func number(
        _ node: DotGraph.Node, _ name: String, in range: ClosedRange<Int>, _ read: (String) -> Int?
    ) -> Int? {
        guard let text = self.value(name, of: node) else { return nil }
        if let number = read(text), range.contains(number) { return number }
        var fix: PipelineProblem.Fix?
        var hint: String?
        if name == "timeout" {
            let mended = TimeSpan.mended(text)
            hint = mended.map { "did you mean `\($0)`?" } ?? "a time such as `90s`, `15m` or `2h`"
            if let mended, let attribute = self.outline.attribute(name, of: .node(node.name)) {
                fix = PipelineProblem.Fix(range: attribute.valueRange, text: DotWriter.quoted(mended))
            }
        }
        self.add(
            name == "timeout" ? "bad_duration" : "bad_number",
            "\(name)=\"\(text)\" is not from \(range.lowerBound) to \(range.upperBound)", hint: hint,
            subject: "step \(node.name)", at: self.place(name, of: node.name), fix: fix)
        return nil
    }

    private mutating func truth(_ node: DotGraph.Node, _ name: String) -> Bool? {
        guard let text = self.value(name, of: node) else { return nil }
        switch text.lowercased() {
        case "true", "yes", "1": return true
        case "false", "no", "0": return false
        default:
            self.add(
                "bad_truth", "\(name)=\"\(text)\" is neither true nor false", subject: "step \(node.name)",
                at: self.place(name, of: node.name))
            return nil
        }
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(
        _ node: DotGraph.Node, _ name: String, _ type: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = self.value(name, of: node) else { return nil }
        return self.word(text, name, type, "step \(node.name)", self.place(name, of: node.name))
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(
        _ text: String, _ name: String, _ type: Word.Type, _ subject: String, _ place: DotOutline.Place?
    ) -> Word? where Word.RawValue == String {
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        self.add(
            "bad_word", "\(name)=\"\(text)\" is not one of \(words.joined(separator: ", "))",
            hint: nearest(to: text, among: words).map { "did you mean `\($0)`?" }, subject: subject, at: place
        )
        return nil
    }

    private mutating func each(_ node: DotGraph.Node) -> String? {
        guard let text = node.attributes["each"] else { return nil }
        // `${files}` and a bare parameter are said more often than CEL.
        if text.hasPrefix("${"), text.hasSuffix("}") { return "params." + text.dropFirst(2).dropLast() }
        if self.parameters.contains(where: { $0.name == text }) { return "params." + text }
        return self.expression(node, "each", result: .list(.any))
    }

    private mutating func expression(_ node: DotGraph.Node, _ name: String, result: CELType?) -> String? {
        guard let text = self.value(name, of: node) else { return nil }
        self.checkExpression(
            text, name, result: result, subject: "step \(node.name)", at: self.place(name, of: node.name))
        return text
    }

    mutating func checkExpression(
        _ text: String, _ name: String, result: CELType?, subject: String, at place: DotOutline.Place?
    ) {
        if let mistake = PipelineExpression.mistake(in: text, result: result) {
            self.add(
                "bad_condition", "\(name)=\"\(text.prefix(200))\": \(mistake.description)",
                hint: "CEL over " + PipelineExpression.parameters.map(\.name).joined(separator: ", "),
                subject: subject, at: place)
            return
        }
        for parameter in Self.words(after: "params.", in: text) where !self.isParameter(parameter) {
            self.unknownParameter(parameter, "params.\(parameter)", subject, place)
        }
    }

    /// The words that follow a beginning in a text.
    static func words(after beginning: String, in text: String) -> [String] {
        var words: [String] = []
        var rest = text[...]
        while let found = rest.firstRange(of: beginning) {
            let word = rest[found.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            if !word.isEmpty { words.append(String(word)) }
            rest = rest[found.upperBound...]
        }
        return words
    }

    func isParameter(_ name: String) -> Bool { self.parameters.contains { $0.name == name } }

    mutating func unknownParameter(
        _ name: String, _ text: String, _ subject: String, _ place: DotOutline.Place?
    ) {
        let known = self.parameters.map(\.name)
        let near = nearest(to: name, among: known).map { "did you mean `\($0)`?" }
        let hint = near ?? (known.isEmpty ? nil : "its parameters are \(known.joined(separator: ", "))")
        self.add(
            "unknown_parameter", "\(text) is not among the graph's `parameters`", hint: hint,
            subject: subject,
            at: place)
    }

    // MARK: Edges

    private mutating func readEdge(_ edge: DotGraph.Edge) {
        let key = "\(edge.tail)\u{0}\(edge.head)"
        let index = self.edgeCounts[key, default: 0]
        self.edgeCounts[key] = index + 1
        let subject = "edge \(edge.tail) -> \(edge.head)"
        let place = self.outline.edge(edge.tail, edge.head, index)
        func given(_ name: String) -> String? { edge.attributes[name].flatMap { $0.isEmpty ? nil : $0 } }
        func placeOf(_ name: String) -> DotOutline.Place? {
            self.outline.attribute(name, of: .edge(edge.tail, edge.head))?.place ?? place
        }
        let tail = self.graph.nodes.isEmpty ? nil : self.stepsByName[edge.tail]
        var result = PipelineDefinition.Edge(
            source: edge.tail, target: edge.head, output: given("from"),
            input: given("to") ?? tail?.branch ?? edge.tail)
        if let when = given("when") {
            result.when = when
            self.checkExpression(when, "when", result: .bool, subject: subject, at: placeOf("when"))
        }
        if let on = given("on") {
            result.outcome =
                self.word(on, "on", PipelineDefinition.Edge.Outcome.self, subject, placeOf("on")) ?? .success
        }
        if let each = given("each") {
            if ["true", "yes", "1"].contains(each.lowercased()) {
                result.isEach = true
            } else if !["false", "no", "0"].contains(each.lowercased()) {
                self.add(
                    "bad_truth", "each=\"\(each)\" is neither true nor false",
                    hint: "a list is said at the step: each=\"...\"", subject: subject, at: placeOf("each"))
            }
        }
        if let gather = given("gather") {
            result.gathering =
                self.word(
                    gather, "gather", PipelineDefinition.Edge.Gathering.self, subject, placeOf("gather"))
                ?? .list
        }
        self.edges.append(result)
    }

    /// Steps by name; made once, when all are read.
    private var stepsByName: [String: PipelineDefinition.Step] {
        mutating get {
            if self.stepTable.count != self.steps.count {
                self.stepTable = Dictionary(self.steps.map { ($0.name, $0) }) { first, _ in first }
            }
            return self.stepTable
        }
    }
    private var stepTable: [String: PipelineDefinition.Step] = [:]

    private mutating func readFailureSteps() {
        for node in self.graph.nodes {
            guard let target = node.attributes["on_failure"], !target.isEmpty else { continue }
            guard
                self.isStep(
                    target, "on_failure", "step \(node.name)", self.place("on_failure", of: node.name))
            else { continue }
            var edge = PipelineDefinition.Edge(source: node.name, target: target, input: "failure")
            edge.outcome = .failure
            self.edges.append(edge)
        }
        for name in ["on_failure", "result"] {
            guard let target = self.graph.attributes[name], !target.isEmpty else { continue }
            guard self.isStep(target, name, "graph attribute \(name)", self.graphPlace(name)) else {
                continue
            }
            if name == "on_failure", self.edges.contains(where: { $0.target == target }) {
                self.add(
                    "on_failure_in_order", "\(target) runs when the run fails, so no edge leads to it",
                    subject: "graph attribute on_failure", at: self.graphPlace(name))
            }
        }
    }

    private mutating func isStep(
        _ target: String, _ name: String, _ subject: String, _ place: DotOutline.Place?
    ) -> Bool {
        if self.stepsByName[target] != nil { return true }
        self.add(
            "unknown_step", "\(name)=\"\(target)\" is no step",
            hint: nearest(to: target, among: self.steps.prefix(2000).map(\.name)).map {
                "did you mean `\($0)`?"
            },
            subject: subject, at: place)
        return false
    }

    // MARK: Branches and triggers

    private mutating func readBranches() {
        var names: [String] = []
        var members: [String: [DotGraph.Node]] = [:]
        for node in self.graph.nodes {
            guard let branch = self.value("branch", of: node) else { continue }
            if members[branch] == nil { names.append(branch) }
            members[branch, default: []].append(node)
        }
        for name in names {
            let nodes = members[name] ?? []
            let inside = Set(nodes.map(\.name))
            var branch = PipelineDefinition.Branch(name: name)
            branch.members = nodes.map(\.name)
            let inner = Set(
                self.edges.filter { inside.contains($0.source) && inside.contains($0.target) }.map(\.source))
            branch.alternatives = branch.members.filter { !inner.contains($0) }
            func first(_ attribute: String) -> (value: String, node: DotGraph.Node)? {
                for node in nodes {
                    if let value = self.value(attribute, of: node) { return (value, node) }
                }
                return nil
            }
            if let (metric, node) = first("metric") {
                branch.metric = metric
                _ = self.expression(node, "metric", result: nil)
            }
            if let (accept, node) = first("accept") {
                branch.accept = accept
                _ = self.expression(node, "accept", result: .bool)
            }
            if let (_, node) = first("choose") {
                branch.choice = self.word(node, "choose", PipelineDefinition.Branch.Choice.self) ?? .first
            }
            if let (losers, node) = first("losers") {
                branch.keepsLosers = losers == "keep"
                if losers != "keep", losers != "cancel" {
                    self.add(
                        "bad_word", "losers=\"\(losers)\" is not one of cancel, keep",
                        subject: "step \(node.name)", at: self.place("losers", of: node.name))
                }
            }
            let place = nodes.first.flatMap { self.place("branch", of: $0.name) }
            if branch.choice == .min || branch.choice == .max, branch.metric == nil {
                self.add(
                    "no_metric",
                    "choose=\(branch.choice.rawValue) needs a metric, such as metric=\"outputs.loss\"",
                    subject: "branch \(name)", at: place)
            }
            if branch.alternatives.count < 2 {
                self.add(
                    "one_alternative", "there is nothing to choose from: it has \(branch.alternatives.count)",
                    subject: "branch \(name)", at: place, severity: .warning)
            }
            self.branches.append(branch)
        }
    }

    private mutating func readTriggers() {
        for kind in PipelineDefinition.Trigger.Kind.allCases {
            let attribute = kind == .schedule ? "schedule" : "on_\(kind.rawValue)"
            guard let text = self.graph.attributes[attribute], !text.isEmpty else { continue }
            let (subject, place) = ("graph attribute \(attribute)", self.graphPlace(attribute))
            if kind == .schedule {
                do throws(CronError) {
                    _ = try CronSchedule(text)
                } catch {
                    self.add("bad_schedule", error.message, hint: error.hint, subject: subject, at: place)
                }
            }
            self.triggers.append(PipelineDefinition.Trigger(kind: kind, expression: text))
        }
        if let catchUp = self.graph.attributes["catch_up"], !["last", "all", "none"].contains(catchUp) {
            self.add(
                "bad_word", "catch_up=\"\(catchUp)\" is not one of last, all, none",
                subject: "graph attribute catch_up", at: self.graphPlace("catch_up"))
        }
        let missing = self.parameters.filter { $0.standard == nil }.map(\.name)
        let given: Set<String> = ["blob", "media_type", "rows", "run", "time"]
        let open = missing.filter { !given.contains($0) }
        if !self.triggers.isEmpty, !open.isEmpty {
            self.add(
                "trigger_without_parameter",
                "nobody is there to give \(open.joined(separator: ", ")) when a trigger starts a run",
                hint: "give them defaults", at: self.graphPlace("schedule"))
        }
    }
}

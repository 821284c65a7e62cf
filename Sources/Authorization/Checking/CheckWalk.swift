internal import PropertyGraph

/// One check: a depth-first walk from the object towards the subject.
///
/// Results are remembered by (object, relation). A pair that is met again while it is being decided counts
/// as "no" there (a least fixed point); a "no" that rests on such a cut is not remembered, because another
/// road may still turn it into "yes".
struct CheckWalk {
    /// Which relationships count.
    enum Mode {
        /// Those valid at the moment.
        case valid
        /// All, to see what is missing.
        case anyTime
    }

    private struct Key: Hashable {
        let node: NodeID
        let relation: String
    }

    private enum Known {
        case deciding(depth: Int)
        case decided(Answer)
    }

    /// A decision; `cut` is the least depth of an undecided pair that it rests on.
    private struct Answer {
        var isAllowed: Bool
        var path: [Explanation.Step] = []
        var cut = Int.max

        static let no = Answer(isAllowed: false)
    }

    private let model: AuthorizationModel
    private let naming: GraphNaming
    private let graph: GraphSnapshot
    private let subject: EntityReference
    private let subjectNode: NodeID?
    private let subjectLabel: LabelID?
    private let validity: ValidityReader
    private let mode: Mode
    private let typeNames: [String]
    private let subjectRelationKey: PropertyKeyID?
    private var known: [Key: Known] = [:]
    private var steps = 0

    init(
        model: AuthorizationModel, naming: GraphNaming, subject: EntityReference, at moment: ZonedDateTime,
        mode: Mode
    ) {
        self.model = model
        self.naming = naming
        self.graph = naming.graph
        self.subject = subject
        self.subjectNode = naming.node(subject.type, subject.id)
        self.subjectLabel = naming.label(subject.type)
        self.validity = ValidityReader(graph: naming.graph, at: moment)
        self.mode = mode
        self.typeNames = model.types.keys.sorted()
        self.subjectRelationKey = naming.graph.tokens.propertyKey("subject_relation")
    }

    mutating func run(
        object: NodeID, type: String, relation: String
    ) throws(AuthorizationError) -> (isAllowed: Bool, path: [Explanation.Step]) {
        let answer = try self.decide(object, type, relation, depth: 0)
        return (answer.isAllowed, answer.path)
    }

    private mutating func decide(
        _ object: NodeID, _ type: String, _ relation: String, depth: Int
    ) throws(AuthorizationError) -> Answer {
        guard depth < Authorizer.depthLimit else { throw .tooDeep(limit: Authorizer.depthLimit) }
        guard let definition = self.model.types[type]?.relation(relation) else { return .no }
        if self.subject.relation == relation, self.subjectNode == object, self.subject.type == type {
            return Answer(isAllowed: true)
        }
        let key = Key(node: object, relation: relation)
        switch self.known[key] {
        case .deciding(let head): return Answer(isAllowed: false, cut: head)
        case .decided(let answer): return answer
        case nil: break
        }
        self.steps += 1
        guard self.steps <= Authorizer.stepLimit else { throw .tooLong(limit: Authorizer.stepLimit) }
        self.known[key] = .deciding(depth: depth)
        var answer = try self.evaluate(definition.rewrite, definition, object, type, relation, depth: depth)
        if answer.isAllowed || answer.cut >= depth {
            answer.cut = Int.max
            self.known[key] = .decided(answer)
        } else {
            self.known[key] = nil
        }
        return answer
    }

    private mutating func evaluate(
        _ rewrite: AuthorizationModel.Rewrite, _ definition: AuthorizationModel.Relation, _ object: NodeID,
        _ type: String, _ relation: String,
        depth: Int
    ) throws(AuthorizationError) -> Answer {
        switch rewrite {
        case .direct:
            return try self.direct(definition.restrictions, object, type, relation, depth: depth)
        case .computed(let name):
            var answer = try self.decide(object, type, name, depth: depth + 1)
            if answer.isAllowed {
                let here = self.naming.reference(object, types: [type])
                answer.path.append(
                    .rule(object: here, relation: relation, because: "\(name) implies \(relation)"))
            }
            return answer
        case .from(let tupleset, let name):
            return try self.from(tupleset, name, object, type, relation, depth: depth)
        case .union(let parts):
            var cut = Int.max
            for part in parts {
                let answer = try self.evaluate(part, definition, object, type, relation, depth: depth)
                if answer.isAllowed { return answer }
                cut = min(cut, answer.cut)
            }
            return Answer(isAllowed: false, cut: cut)
        case .intersection(let parts):
            var all = Answer(isAllowed: true)
            for part in parts {
                let answer = try self.evaluate(part, definition, object, type, relation, depth: depth)
                if !answer.isAllowed { return answer }
                all.path += answer.path
            }
            return all
        case .exclusion(let base, let minus):
            let answer = try self.evaluate(base, definition, object, type, relation, depth: depth)
            guard answer.isAllowed else { return answer }
            let excluded = try self.evaluate(minus, definition, object, type, relation, depth: depth)
            // A "no" that rests on a cut is not sure, and what is not surely not excluded is not granted.
            let isSure = excluded.cut == Int.max
            return excluded.isAllowed || !isSure ? Answer(isAllowed: false, cut: excluded.cut) : answer
        }
    }

    private mutating func direct(
        _ restrictions: [AuthorizationModel.Restriction], _ object: NodeID, _ type: String,
        _ relation: String,
        depth: Int
    ) throws(AuthorizationError) -> Answer {
        guard let relationshipType = self.naming.relationshipType(relation) else { return .no }
        let incoming = self.graph.adjacency(of: object, .incoming)
        // The subject itself first: O(log degree), however many others have the relation.
        if let subject = self.subjectNode, self.subject.relation == nil,
            restrictions.contains(where: { $0.kind == .object && $0.type == self.subject.type })
        {
            for index in incoming.range(of: relationshipType, to: subject) {
                let entry = incoming[index]
                guard self.counts(entry.relationship), self.explicitRelation(entry.relationship) == nil
                else { continue }
                return Answer(isAllowed: true, path: [self.step(entry, self.subject, relation, object, type)])
            }
        }
        var cut = Int.max
        for entry in incoming.entries(of: relationshipType) {
            guard let restriction = self.restriction(restrictions, entry), self.counts(entry.relationship)
            else { continue }
            switch restriction.kind {
            case .object: continue
            case .wildcard:
                guard restriction.type == self.subject.type, self.subject.relation == nil else { continue }
                let everyone = EntityReference(type: restriction.type, id: "*")
                return Answer(isAllowed: true, path: [self.step(entry, everyone, relation, object, type)])
            case .userset(let name):
                let answer = try self.decide(entry.neighbour, restriction.type, name, depth: depth + 1)
                guard answer.isAllowed else {
                    cut = min(cut, answer.cut)
                    continue
                }
                let group = self.naming.reference(entry.neighbour, types: [restriction.type])
                let members = EntityReference(type: group.type, id: group.id, relation: name)
                return Answer(
                    isAllowed: true, path: answer.path + [self.step(entry, members, relation, object, type)])
            }
        }
        return Answer(isAllowed: false, cut: cut)
    }

    private mutating func from(
        _ tupleset: String, _ name: String, _ object: NodeID, _ type: String, _ relation: String, depth: Int
    ) throws(AuthorizationError) -> Answer {
        guard let relationshipType = self.naming.relationshipType(tupleset) else { return .no }
        var cut = Int.max
        for entry in self.graph.adjacency(of: object, .incoming).entries(of: relationshipType) {
            guard self.counts(entry.relationship) else { continue }
            let parent = self.naming.reference(entry.neighbour, types: self.typeNames)
            let answer = try self.decide(entry.neighbour, parent.type, name, depth: depth + 1)
            guard answer.isAllowed else {
                cut = min(cut, answer.cut)
                continue
            }
            let here = self.naming.reference(object, types: [type])
            return Answer(
                isAllowed: true,
                path: answer.path + [
                    self.step(entry, parent, tupleset, object, type),
                    .rule(object: here, relation: relation, because: "\(name) from \(tupleset)"),
                ])
        }
        return Answer(isAllowed: false, cut: cut)
    }

    /// What the model takes a relationship's subject for; nil when it allows no such subject.
    private func restriction(
        _ restrictions: [AuthorizationModel.Restriction], _ entry: AdjacencyEntry
    ) -> AuthorizationModel.Restriction? {
        let explicit = self.explicitRelation(entry.relationship)
        var usersets: [AuthorizationModel.Restriction] = []
        for restriction in restrictions {
            guard let label = self.naming.label(restriction.type), self.graph.hasLabel(entry.neighbour, label)
            else { continue }
            switch restriction.kind {
            case .wildcard: if self.isEveryone(entry.neighbour, restriction.type) { return restriction }
            case .object:
                if explicit == nil, !self.isEveryone(entry.neighbour, restriction.type) { return restriction }
            case .userset(let name):
                if explicit == name { return restriction }
                if explicit == nil { usersets.append(restriction) }
            }
        }
        return usersets.count == 1 ? usersets[0] : nil
    }

    private func isEveryone(_ node: NodeID, _ type: String) -> Bool {
        self.naming.reference(node, types: [type]).id == "*"
    }

    private func explicitRelation(_ relationship: RelationshipID) -> String? {
        self.subjectRelationKey.flatMap { self.graph.property($0, of: relationship).string }
    }

    private func counts(_ relationship: RelationshipID) -> Bool {
        self.mode == .anyTime || self.validity.validity(of: relationship) == .valid
    }

    private func step(
        _ entry: AdjacencyEntry, _ subject: EntityReference, _ relation: String, _ object: NodeID,
        _ type: String
    ) -> Explanation.Step {
        .tuple(
            subject: subject, relation: relation, object: self.naming.reference(object, types: [type]),
            relationship: entry.relationship, validity: self.validity.validity(of: entry.relationship),
            period: self.period(entry.relationship))
    }

    private func period(_ relationship: RelationshipID) -> String {
        let bounds = ["valid_from", "valid_until"].map { name -> String? in
            guard let key = self.graph.tokens.propertyKey(name) else { return nil }
            switch self.graph.property(key, of: relationship) {
            case .dateTime(let moment): return moment.description
            case .localDateTime(let moment): return moment.description
            case .date(let date): return date.description
            case .string(let text): return text
            default: return nil
            }
        }
        switch (bounds[0], bounds[1]) {
        case (let from?, let until?): return "from \(from) until \(until)"
        case (let from?, nil): return "from \(from)"
        case (nil, let until?): return "until \(until)"
        case (nil, nil): return ""
        }
    }
}

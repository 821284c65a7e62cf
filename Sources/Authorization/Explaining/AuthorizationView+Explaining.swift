package import PropertyGraph

extension AuthorizationView {
    /// The decision and why: the shortest granting path, or for a denial the single changes that would grant.
    /// - Throws: ``AuthorizationError`` as ``check(_:_:_:_:)``, but not for what is unknown: that is explained.
    package func explain(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference, _ options: CheckOptions
    ) throws(AuthorizationError) -> Explanation {
        let question = try self.question(subject, relation, object)
        var (path, misses): ([Explanation.Step], [Explanation.NearMiss]) = ([], [])
        var isAllowed = subject == EntityReference(type: object.type, id: object.id, relation: relation)
        var notes: [String] = []
        if let target = self.bound.node(question.objectType, object.id, in: self.graph) {
            self.authorizer.withMemory { memory in
                var run = self.run(for: self.subject(question), options, memory)
                let decision = run.decide(target, question.relation)
                isAllowed = decision == .yes
                if decision == .unknown, let problem = run.problem { notes.append(problem.description) }
                guard isAllowed else { return }
                var derivation = Derivation(self, subject: subject, run: run)
                path = derivation.path(target, question.relation)
            }
            if !isAllowed {
                var search = NearMisses(self, question, options)
                misses = search.find(target)
            }
        }
        return Explanation(
            subject: subject, relation: relation, object: object, moment: options.moment,
            isAllowed: isAllowed, path: path, nearMisses: misses,
            notes: isAllowed ? [] : self.absent([subject, object]) + notes)
    }

    private func absent(_ entities: [EntityReference]) -> [String] {
        entities.compactMap { entity in
            guard entity.id != "*", let type = self.bound.typePlaces[entity.type],
                self.bound.node(type, entity.id, in: self.graph) == nil
            else { return nil }
            return "\(entity.type):\(entity.id) is not in the graph"
        }
    }
}

extension Authorizer {
    /// The decision and why, as ``AuthorizationView/explain(_:_:_:_:)``.
    /// - Throws: ``AuthorizationError``.
    package func explain(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference,
        in graph: GraphSnapshot, at moment: ZonedDateTime
    ) throws(AuthorizationError) -> Explanation {
        try self.view(of: graph).explain(subject, relation, object, CheckOptions(at: moment))
    }
}

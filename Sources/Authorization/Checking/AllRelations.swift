internal import PropertyGraph

extension AuthorizationView {
    /// What was found of one relation.
    package struct RelationAnswer: Sendable {
        /// The relation.
        package let relation: String
        /// Whether the subject has it, or why that is not known.
        package let result: Result<Bool, AuthorizationError>
    }

    /// Which of the relations of its type a subject has on an object, in the order of the model: one walk for all of them.
    /// - Throws: ``AuthorizationError`` for names that the model does not have.
    package func relations(
        _ subject: EntityReference, _ object: EntityReference, _ options: CheckOptions
    ) throws(AuthorizationError) -> [RelationAnswer] {
        let type = try self.type(object.type)
        let names = self.model.types[object.type]?.relations.map(\.name) ?? []
        guard let first = names.first else { return [] }
        let question = try self.question(subject, first, object)
        guard let target = self.bound.node(type, object.id, in: self.graph) else {
            return names.map {
                let isItself = subject == EntityReference(type: object.type, id: object.id, relation: $0)
                return RelationAnswer(relation: $0, result: .success(isItself))
            }
        }
        return self.authorizer.withMemory { memory in
            // What was decided for one relation is remembered for the next.
            var run = self.run(for: self.subject(question), options, memory)
            return names.compactMap { name in
                guard let relation = self.bound.types[type].relations[name] else { return nil }
                switch run.decide(target, relation) {
                case .yes: return RelationAnswer(relation: name, result: .success(true))
                case .no: return RelationAnswer(relation: name, result: .success(false))
                case .unknown:
                    let problem = run.problem ?? .tooLong(limit: options.limits.steps)
                    return RelationAnswer(relation: name, result: .failure(problem))
                }
            }
        }
    }
}

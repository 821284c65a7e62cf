internal import PropertyGraph

extension AuthorizationView {
    /// The objects of a type on which the subject has the relation, sorted by the order they came into the graph.
    ///
    /// O(relationships on the ways from the subject to them).
    /// - Throws: ``AuthorizationError`` as ``check(_:_:_:_:)``, also when it can not be said of some object.
    package func objects(
        of type: String, _ subject: EntityReference, _ relation: String, _ options: CheckOptions
    ) throws(AuthorizationError) -> [EntityReference] {
        let question = try self.question(subject, relation, EntityReference(type: type, id: "-"))
        let authorizer = self.authorizer
        let nodes = try authorizer.withMemory { memory throws(AuthorizationError) in
            try authorizer.withMemory { seen throws(AuthorizationError) in
                let run = self.run(for: self.subject(question), options, memory)
                var listing = ObjectListing(self, run: run, target: question.relation, seen: seen)
                return try listing.all()
            }
        }
        return nodes.sorted().map {
            self.bound.reference($0, type: question.objectType, in: self.graph)
        }
    }

    /// The subjects of a kind that have the relation on the object: `type` or `type#relation`; `type:*` stands for all of a
    /// type, and for those of them that are not named beside it.
    /// - Throws: ``AuthorizationError`` as ``check(_:_:_:_:)``, also when it can not be said of some subject.
    package func subjects(
        of type: String, userset subjectRelation: String? = nil, _ relation: String,
        _ object: EntityReference,
        _ options: CheckOptions
    ) throws(AuthorizationError) -> [EntityReference] {
        let subject = EntityReference(type: type, id: "-", relation: subjectRelation)
        let question = try self.question(subject, relation, object)
        guard let target = self.bound.node(question.objectType, object.id, in: self.graph) else {
            return subject == EntityReference(type: object.type, id: "-", relation: relation)
                ? [EntityReference(type: type, id: object.id, relation: relation)] : []
        }
        let filter = SubjectListing.Filter(type: question.subjectType, relation: question.subjectRelation)
        let nodes = try self.authorizer.withMemory { seen throws(AuthorizationError) in
            var listing = SubjectListing(self, filter: filter, options, seen: seen)
            return try listing.all(target, question.relation)
        }
        return nodes.sorted().map {
            self.bound.reference($0, type: filter.type, relation: subjectRelation, in: self.graph)
        }
    }

    // MARK: Whatever times and conditions say

    /// Objects on which the subject would have the relation if all relationships counted.
    func reached(
        _ type: String, _ subject: EntityReference, _ relation: String
    ) throws(AuthorizationError) -> [EntityReference] {
        let question = try self.question(subject, relation, EntityReference(type: type, id: "-"))
        let authorizer = self.authorizer
        let options = CheckOptions(at: ZonedDateTime(seconds: 0))
        let nodes = try authorizer.withMemory { memory throws(AuthorizationError) in
            try authorizer.withMemory { seen throws(AuthorizationError) in
                var run = self.run(for: self.subject(question), options, memory)
                run.assumption = .allCount
                run.grantsOnly = true
                var listing = ObjectListing(self, run: run, target: question.relation, seen: seen)
                return try listing.all()
            }
        }
        return nodes.sorted().map { self.bound.reference($0, type: question.objectType, in: self.graph) }
    }

    /// Subjects of a type that are named on the way to a relation on an object.
    func named(
        _ type: String, _ relation: String, _ object: EntityReference
    ) throws(AuthorizationError) -> [EntityReference] {
        let question = try self.question(EntityReference(type: type, id: "-"), relation, object)
        guard let target = self.bound.node(question.objectType, object.id, in: self.graph) else { return [] }
        let filter = SubjectListing.Filter(type: question.subjectType, relation: nil)
        let options = CheckOptions(at: ZonedDateTime(seconds: 0))
        let nodes = try self.authorizer.withMemory { seen throws(AuthorizationError) in
            var listing = SubjectListing(self, filter: filter, options, seen: seen)
            listing.grantsOnly = true
            return try listing.all(target, question.relation)
        }
        return nodes.sorted().map { self.bound.reference($0, type: filter.type, in: self.graph) }
    }
}

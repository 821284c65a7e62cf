package import JSON
internal import PropertyGraph

extension AuthorizationView {
    /// Who has a relation on an object, one level deep, as OpenFGA's `expand` answers: the tuples, and the relations that it
    /// is made of.
    /// - Throws: ``AuthorizationError`` for names that the model does not have.
    package func expand(
        _ relation: String, _ object: EntityReference, _ options: CheckOptions
    ) throws(AuthorizationError) -> JSON {
        let type = try self.type(object.type)
        let place = try self.relation(relation, of: type)
        let node = self.bound.node(type, object.id, in: self.graph)
        let tree = UsersetTree(view: self, object: object, node: node, tuples: self.tuples(options))
        return ["tree": ["root": tree.json(self.bound.relations[place].root, place)]]
    }
}

private struct UsersetTree {
    let view: AuthorizationView
    let object: EntityReference
    let node: NodeID?
    let tuples: TupleReader

    private var model: BoundModel { self.view.bound }

    func json(_ operation: Int, _ relation: Int) -> JSON {
        let name = JSON.string("\(self.object)#\(self.model.relations[relation].name)")
        switch self.model.operations[operation] {
        case .direct:
            let users = self.users(relation).map { JSON.string($0.description) }
            return ["name": name, "leaf": ["users": ["users": .array(users)]]]
        case .computed(let other):
            return ["name": name, "leaf": ["computed": ["userset": self.userset(self.object, other)]]]
        case .from(let place): return ["name": name, "leaf": ["tupleToUserset": self.parents(place)]]
        case .union(let operands):
            return ["name": name, "union": ["nodes": self.json(operands, relation)]]
        case .intersection(let operands):
            return ["name": name, "intersection": ["nodes": self.json(operands, relation)]]
        case .exclusion(let base, let minus):
            return [
                "name": name,
                "difference": [
                    "base": self.json(base, relation), "subtract": self.json(minus, relation),
                ],
            ]
        }
    }

    private func json(_ operands: Range<Int>, _ relation: Int) -> JSON {
        .array(operands.map { self.json(self.model.operands[$0], relation) })
    }

    private func userset(_ object: EntityReference, _ relation: Int) -> JSON {
        .string("\(object)#\(self.model.relations[relation].name)")
    }

    private func parents(_ place: Int) -> JSON {
        let tupleset = self.model.tuplesets[place]
        let parents = self.users(tupleset.tupleset).map {
            JSON.object(["userset": .string("\($0)#\(tupleset.relation)")])
        }
        return [
            "tupleset": self.userset(self.object, tupleset.tupleset), "computed": .array(parents),
        ]
    }

    /// The subjects of the tuples of a relation that count now.
    private func users(_ relation: Int) -> [EntityReference] {
        let kind = self.model.relations[relation].relationshipType
        guard let node = self.node, kind != BoundModel.none else { return [] }
        var users: [EntityReference] = []
        let graph = self.view.graph
        graph.forEachEntry(into: node, RelationshipTypeID(kind)) { source, relationship in
            for place in self.model.relations[relation].admissions {
                let admission = self.model.admissions[place]
                guard admission.label != BoundModel.none, graph.hasLabel(source, LabelID(admission.label)),
                    self.tuples.decision(relationship, source, place, isAssumed: false) != .no
                else { continue }
                let name =
                    admission.kind == .userset ? self.model.relations[admission.relation].name : nil
                users.append(
                    self.model.reference(source, type: admission.subjectType, relation: name, in: graph))
                break
            }
            return true
        }
        return users.sorted { $0.description < $1.description }
    }
}

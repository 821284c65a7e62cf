internal import JSON
internal import PropertyGraph

/// What relationships of a graph are called as tuples: types by label and relations by relationship type, of several models
/// of a store, so that tuples which the newest no longer takes keep their names.
struct TupleNames: Sendable {
    private struct Place: Hashable {
        let label: UInt32
        let relationshipType: UInt32
    }

    /// Newest model first.
    private let models: [AuthorizationModel]
    private let labelCount: Int
    private let typeCount: Int
    private let constraints: [ConstraintDefinition]
    private var types: [UInt32: String] = [:]
    private var keys: [UInt32: PropertyKeyID] = [:]
    private var relations: [Place: String] = [:]
    private let subjectRelation: PropertyKeyID?

    init(_ models: [AuthorizationModel], in graph: GraphSnapshot) {
        self.models = models
        self.labelCount = graph.tokens.labels.names.count
        self.typeCount = graph.tokens.relationshipTypes.names.count
        self.constraints = graph.constraints
        self.subjectRelation = graph.tokens.propertyKey(GraphNaming.subjectRelation)
        for model in models {
            for name in model.typeNames {
                guard let label = graph.tokens.label(GraphNaming.label(name))?.index,
                    let type = model.types[name]
                else { continue }
                self.types[label] = name
                self.keys[label] = graph.tokens.propertyKey(
                    GraphNaming.key(GraphNaming.label(name), in: graph))
                for relation in type.relations where relation.rewrite.hasDirect {
                    let kind = GraphNaming.relationshipType(relation.name)
                    guard let kind = graph.tokens.relationshipType(kind)?.index else { continue }
                    self.relations[Place(label: label, relationshipType: kind)] = relation.name
                }
            }
        }
    }

    /// Whether no relationship can be a tuple.
    var isEmpty: Bool { self.relations.isEmpty }

    /// Properties of nodes that name them in tuples.
    var namingKeys: Set<PropertyKeyID> { Set(self.keys.values) }

    func fits(_ graph: GraphSnapshot) -> Bool {
        self.labelCount == graph.tokens.labels.names.count
            && self.typeCount == graph.tokens.relationshipTypes.names.count
            && self.constraints == graph.constraints
            && self.subjectRelation == graph.tokens.propertyKey(GraphNaming.subjectRelation)
    }

    /// The relationship as a tuple; nil when no model knows such a relation.
    func tuple(_ relationship: RelationshipID, in graph: some RelationshipReading) -> Tuple? {
        guard let record = graph.relationship(relationship) else { return nil }
        for label in graph.labels(of: record.target) {
            guard let type = self.types[label.index],
                let relation = self.relations[
                    Place(label: label.index, relationshipType: record.type.index)],
                let object = self.id(of: record.target, label.index, in: graph),
                let subject = self.subject(record.source, relationship, relation, type, in: graph)
            else { continue }
            return Tuple(
                subject: subject, relation: relation, object: EntityReference(type: type, id: object),
                condition: Self.condition(relationship, in: graph))
        }
        return nil
    }

    private func id(of node: NodeID, _ label: UInt32, in graph: some RelationshipReading) -> String? {
        self.keys[label].flatMap { graph.property($0, of: node).string }
    }

    private func subject(
        _ node: NodeID, _ relationship: RelationshipID, _ relation: String, _ type: String,
        in graph: some RelationshipReading
    ) -> EntityReference? {
        let explicit = self.subjectRelation.flatMap { graph.property($0, of: relationship).string }
        for label in graph.labels(of: node) {
            guard let name = self.types[label.index], let id = self.id(of: node, label.index, in: graph)
            else { continue }
            let implied = id == "*" ? nil : self.implied(name, relation, type)
            return EntityReference(type: name, id: id, relation: explicit ?? implied)
        }
        return nil
    }

    /// The userset that a relationship without `subject_relation` means.
    private func implied(_ subject: String, _ relation: String, _ type: String) -> String? {
        guard let model = self.models.first(where: { $0.relation(relation, of: type) != nil }) else {
            return nil
        }
        let kinds = (model.relation(relation, of: type)?.restrictions ?? []).filter {
            $0.type == subject && $0.kind != .wildcard
        }
        guard case .userset(let name)? = kinds.first?.kind, kinds.allSatisfy({ $0.kind == kinds.first?.kind })
        else { return nil }
        return name
    }

    private static func condition(
        _ relationship: RelationshipID, in graph: some RelationshipReading
    ) -> Tuple.UsedCondition? {
        let text = { (name: String) in
            graph.tokens.propertyKey(name).flatMap { graph.property($0, of: relationship).string }
        }
        guard let name = text(GraphNaming.condition) else { return nil }
        let context = text(GraphNaming.conditionContext).flatMap { (try? JSON.parse($0))?.object }
        return Tuple.UsedCondition(name: name, context: context ?? JSON.Object())
    }
}

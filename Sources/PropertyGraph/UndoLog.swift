/// What a transaction did, so that it can be taken back step by step, last first.
///
/// A snapshot would do as well and costs more: while it is held, each step copies the pages it touches.
struct UndoLog {
    enum Step {
        case createdNodes(Range<UInt32>)
        case createdRelationships(Range<UInt32>)
        case deletedNode(NodeID, labels: [LabelID], Properties)
        case deletedRelationship(RelationshipID, RelationshipRecord, Properties)
        case labels(NodeID, [LabelID])
        case nodeProperty(NodeID, PropertyKeyID, Value)
        case relationshipProperty(RelationshipID, PropertyKeyID, Value)
        case schema([PropertyIndex], [ConstraintDefinition])
    }

    private(set) var steps: ContiguousArray<Step> = []
    /// No step below may grow: a savepoint stands there.
    private var sealed = 0

    /// Notes a node; neighbouring numbers share a step.
    mutating func created(_ node: NodeID) {
        if self.steps.count > self.sealed, case .createdNodes(let range)? = self.steps.last,
            range.upperBound == node.index
        {
            self.steps[self.steps.count - 1] = .createdNodes(range.lowerBound..<node.index + 1)
        } else {
            self.steps.append(.createdNodes(node.index..<node.index + 1))
        }
    }

    /// Notes a relationship; neighbouring numbers share a step.
    mutating func created(_ relationship: RelationshipID) {
        if self.steps.count > self.sealed, case .createdRelationships(let range)? = self.steps.last,
            range.upperBound == relationship.index
        {
            self.steps[self.steps.count - 1] =
                .createdRelationships(range.lowerBound..<relationship.index + 1)
        } else {
            self.steps.append(.createdRelationships(relationship.index..<relationship.index + 1))
        }
    }

    mutating func append(_ step: Step) { self.steps.append(step) }

    /// A place to go back to.
    mutating func mark() -> Int {
        self.sealed = self.steps.count
        return self.sealed
    }

    /// Takes back all steps after a place.
    /// - Throws: ``GraphError`` when the graph is not as the steps left it, which is a defect of ours.
    mutating func undo(to mark: Int, in graph: inout GraphSnapshot) throws(GraphError) {
        graph.checksUniqueness = false
        defer { graph.checksUniqueness = true }
        while self.steps.count > mark, let step = self.steps.popLast() { try Self.undo(step, &graph) }
        self.sealed = min(self.sealed, mark)
    }

    private static func undo(_ step: Step, _ graph: inout GraphSnapshot) throws(GraphError) {
        switch step {
        case .createdNodes(let range):
            for number in range.reversed() { try graph.removeNode(NodeID(number)) }
        case .createdRelationships(let range):
            for number in range.reversed() { try graph.removeRelationship(RelationshipID(number)) }
        case .deletedNode(let node, let labels, let properties):
            try graph.insertNode(node, labels: labels, properties: properties)
        case .deletedRelationship(let relationship, let record, let properties):
            try graph.insertRelationship(relationship, record, properties)
        case .labels(let node, let labels): try graph.setLabels(of: node, to: labels)
        case .nodeProperty(let node, let key, let value):
            try graph.setProperty(key, of: node, to: value)
        case .relationshipProperty(let relationship, let key, let value):
            try graph.setProperty(key, of: relationship, to: value)
        case .schema(let indexes, let constraints):
            graph.indexes = indexes
            graph.constraints = constraints
        }
    }
}

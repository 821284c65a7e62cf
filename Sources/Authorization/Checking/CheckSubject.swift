internal import PropertyGraph

/// Who a check asks for, in the numbers of the graph.
struct CheckSubject {
    let type: Int
    /// Nil when it is not in the graph.
    let node: NodeID?
    /// The relation of a userset, else nil.
    let relation: Int?
    /// Whether it is `type:*`.
    let isWildcard: Bool
    /// The node of `type:*`, if the graph has it.
    let wildcard: NodeID?

    /// The node that a tuple of this kind would come from to name the subject itself.
    @inline(__always)
    func node(for admission: BoundModel.Admission) -> NodeID? {
        guard admission.subjectType == self.type else { return nil }
        return switch admission.kind {
        case .object: self.relation == nil && !self.isWildcard ? self.node : nil
        case .wildcard: self.relation == nil ? self.wildcard : nil
        case .userset: self.relation == admission.relation ? self.node : nil
        }
    }

    /// Whether it is the userset of the relation on the object itself: who has it has it.
    @inline(__always)
    func isUserset(_ object: NodeID, _ relation: Int) -> Bool {
        self.relation == relation && self.node == object
    }
}

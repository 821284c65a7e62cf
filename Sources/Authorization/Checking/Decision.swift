/// Whether a subject has a relation on an object.
enum Decision: UInt8, Sendable {
    case no
    case yes
    /// It depends on what is not known: a missing parameter, or what lies behind a limit.
    case unknown

    /// Both.
    func and(_ other: Decision) -> Decision {
        if self == .no || other == .no { return .no }
        return self == .yes && other == .yes ? .yes : .unknown
    }
}

/// A decision and what it rests on.
struct Answer {
    var decision: Decision
    /// The least depth of an undecided pair that it rests on; ``sure`` when there is none.
    var cut: Int

    static let sure = Int.max
    static let no = Answer(decision: .no, cut: Self.sure)
    static let yes = Answer(decision: .yes, cut: Self.sure)
    static let unknown = Answer(decision: .unknown, cut: Self.sure)

    init(decision: Decision, cut: Int) {
        self.decision = decision
        self.cut = cut
    }

    init(_ decision: Decision) { self.init(decision: decision, cut: Self.sure) }
}

/// How far a check may go.
package struct CheckLimits: Hashable, Sendable {
    /// How many different relations deep; the same relation again, as in groups of groups, counts once.
    package var relations: Int
    /// How many relations deep in all.
    package var depth: Int
    /// How many relationships it may look at.
    package var steps: Int

    /// What the network's own checks take.
    package static let standard = CheckLimits(relations: 100, depth: 200, steps: 4_000_000)
    /// What OpenFGA's routes take: its `resolveNodeLimit`.
    package static let openFGA = CheckLimits(relations: 25, depth: 200, steps: 4_000_000)

    /// Joins the limits.
    package init(relations: Int, depth: Int, steps: Int) {
        self.relations = relations
        self.depth = depth
        self.steps = steps
    }
}

/// Something taken for granted, to see what it would change.
enum Assumption: Equatable {
    /// The relationship counts, whatever its times and its condition say.
    case counts(UInt32)
    /// All relationships do.
    case allCount
    /// All relationships do, and nothing is excluded.
    case allGrant
    /// What is excluded there is not.
    case notExcluded(node: UInt32, relation: Int)
    /// The subject has a tuple of the relation there.
    case granted(node: UInt32, relation: Int)
}

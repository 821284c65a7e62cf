internal import Cypher

/// Which clauses of a query that writes can take each row as it comes: those of which no row disturbs another one's. Where
/// that is not so all rows are gathered, an `Eager` in the plan.
struct RowStream {
    /// Queries that only read need no look.
    let isUpdating: Bool
    private let functions: FunctionRegistry
    private let keepsUnique: Bool
    /// What the clauses do that rows run through now.
    private var effects = GraphEffects.none

    /// `keepsUnique` when the graph has constraints that values differ.
    init(_ query: SingleQuery, _ functions: FunctionRegistry, keepsUnique: @autoclosure () -> Bool) {
        self.functions = functions
        self.isUpdating = query.clauses.contains(where: \.isUpdating)
        self.keepsUnique = self.isUpdating && keepsUnique()
    }

    /// Takes in the next clause; false when all rows are to be gathered before it. `bound` are names that stand for something
    /// already.
    mutating func joins(_ clause: Clause, bound: @autoclosure () -> Set<String>) -> Bool {
        guard self.isUpdating else { return true }
        var own = GraphEffects(clause, bound: bound())
        own.keepsUnique = self.keepsUnique
        // DELETE gathers them itself, and batches see what was committed.
        let joins = clause.gathersRows || !own.conflicts(with: self.effects)
        if !joins { self.effects = .none }
        self.effects.add(own)
        self.finish(clause)
        return joins
    }

    /// As ``joins(_:bound:)``, but the clause is not taken in when it does not join.
    mutating func joinsOnly(_ clause: Clause, bound: Set<String>) -> Bool {
        guard self.isUpdating else { return true }
        var own = GraphEffects(clause, bound: bound)
        own.keepsUnique = self.keepsUnique
        guard !own.conflicts(with: self.effects) else { return false }
        return self.joins(clause, bound: bound)
    }

    /// What sorts or groups has all rows before it gives one.
    private mutating func finish(_ clause: Clause) {
        switch clause.kind {
        case .delete: self.effects = .none
        case .with(let projection, let predicate): self.finish(projection, predicate)
        case .returning(let projection): self.finish(projection, nil)
        default: break
        }
    }

    private mutating func finish(_ projection: Projection, _ predicate: Expression?) {
        guard
            !projection.order.isEmpty
                || projection.items.contains(where: { $0.expression.containsAggregate(self.functions) })
        else { return }
        self.effects = GraphEffects(after: projection, predicate: predicate, self.functions)
    }
}

extension Clause {
    /// Whether it changes the graph.
    fileprivate var isUpdating: Bool {
        switch self.kind {
        case .create, .merge, .set, .remove, .delete, .forEach: true
        case .subquery(let call): call.query.isUpdating
        default: false
        }
    }

    fileprivate var gathersRows: Bool {
        switch self.kind {
        case .delete: true
        case .subquery(let call): call.batches != nil
        default: false
        }
    }

    /// The names that CREATE gives.
    var createdNames: Set<String> {
        guard case .create(let patterns) = self.kind else { return [] }
        return Set(
            patterns.flatMap { pattern in
                pattern.nodes.compactMap(\.variable) + pattern.relationships.compactMap(\.variable)
            })
    }
}

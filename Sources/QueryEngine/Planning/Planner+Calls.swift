internal import Cypher
internal import PropertyGraph

extension Planner {
    /// `CALL { }`: the subquery runs for each row; what it returns is added to it.
    func subquery(
        _ call: SubqueryCall, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        if let batches = call.batches { return try self.batches(call, batches, input, scope) }
        let (inner, columns) = try self.plan(call.query, scope: self.seen(call, scope))
        let slots = columns.map(\.1)
        let (returnsRows, isOptional) = (!columns.isEmpty, call.isOptional)
        // Work that writes must not be cut short.
        let mustFinish = call.query.isUpdating
        let rows = input.estimatedRows * max(1, inner.estimatedRows)
        let node = self.node("Apply", rows: rows, children: [input, inner]) { context, row, emit in
            var wantsMore = true
            func give(_ row: Row) throws -> Bool {
                if wantsMore { wantsMore = try emit(row) }
                return wantsMore || mustFinish
            }
            _ = try input.run(context, row) { row in
                guard returnsRows else {
                    _ = try inner.run(context, row) { _ in true }
                    return try give(row)
                }
                var found = false
                let goesOn = try inner.run(context, row) { result in
                    found = true
                    for slot in slots { row[slot] = result[slot] }
                    return try give(row)
                }
                guard isOptional, !found, goesOn else { return goesOn }
                for slot in slots { row[slot] = .null }
                return try give(row)
            }
            return wantsMore
        }
        return (node, scope.merging(columns) { _, new in new })
    }

    /// The variables that the subquery sees.
    private func seen(_ call: SubqueryCall, _ scope: [String: Int]) -> [String: Int] {
        switch call.imports {
        case .all: return scope
        case .names(let names): return scope.filter { names.contains($0.key) }
        case .leadingWith:
            var seen: [String: Int] = [:]
            for part in call.query.parts {
                guard case .with(let projection, _)? = part.clauses.first?.kind else { continue }
                if projection.includesAll { return scope }
                for case .variable(let name) in projection.items.map(\.expression.kind) {
                    seen[name] = scope[name]
                }
            }
            return seen
        }
    }

    // MARK: IN TRANSACTIONS

    /// `CALL { } IN TRANSACTIONS`: rows in batches, each committed before the next is begun.
    private func batches(
        _ call: SubqueryCall, _ batches: SubqueryCall.Batches, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        let (inner, columns) = try self.plan(call.query, scope: self.seen(call, scope))
        let size = try batches.rows.map { (e) throws(CypherError) in
            (try ExpressionCompiler(planner: self, scope: [:]).compile(e), e.range)
        }
        var next = scope.merging(columns) { _, new in new }
        let status = batches.status.map { _ in self.newSlot() }
        if let name = batches.status, let status { next[name] = status }
        let work = BatchWork(
            inner: inner, slots: columns.map(\.1), failure: batches.failure, status: status)
        let node = self.node(
            "TransactionApply", rows: input.estimatedRows, children: [input, inner]
        ) { context, row, emit in
            let limit = max(1, try size.map { try Self.bound($0.0, $0.1, context) } ?? 1000)
            var batch: [Row] = []
            var (isStopped, wantsMore) = (false, true)
            func finish() throws {
                let outcome = isStopped ? (work.notStarted(batch), true) : try work.run(batch, context)
                batch = []
                isStopped = outcome.1
                for row in outcome.0 where wantsMore { wantsMore = try emit(row) }
            }
            func take(_ row: Row) throws -> Bool {
                try context.step()
                batch.append(row.copy())
                if batch.count == limit { try finish() }
                return wantsMore && (!isStopped || work.status != nil)
            }
            if input.readsGraph {
                // What is read must not see what the batches before wrote.
                for row in try input.collect(context, row) { guard try take(row) else { break } }
            } else {
                _ = try input.run(context, row, take)
            }
            if wantsMore, !batch.isEmpty { try finish() }
            return wantsMore
        }
        return (node, next)
    }

    // MARK: LOAD CSV

    func loadCSV(
        _ load: LoadCSV, _ input: PlanNode, _ scope: [String: Int], _ range: SourceRange
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        let url = try ExpressionCompiler(planner: self, scope: scope).compile(load.url)
        let slot = self.newSlot()
        let separator = load.separator.first ?? ","
        guard let files = self.services.files else {
            throw CypherError(
                .semantic, "NotSupported", "there is no folder here that LOAD CSV may read", at: range)
        }
        let node = self.node("LoadCSV", load.variable, rows: input.estimatedRows * 100, children: [input]) {
            context, row, emit in
            try input.run(context, row) { row in
                guard let url = try url(context, row).string else {
                    throw CypherError(
                        .type, "InvalidArgumentType", "LOAD CSV takes the place of a file as text", at: range)
                }
                var headers: [String]?
                var goesOn = true
                var failure: (any Error)?
                do {
                    try files(url, separator) { fields, line in
                        if load.hasHeaders, headers == nil {
                            headers = fields
                            return true
                        }
                        row[slot] = Self.row(fields, headers)
                        context.loaded = (url, line)
                        do {
                            try context.step()
                            goesOn = try emit(row)
                        } catch {
                            failure = error
                            goesOn = false
                        }
                        return goesOn
                    }
                } catch {
                    throw CypherError(.argument, "FileNotLoaded", "\(error)", at: load.url.range)
                }
                if let failure { throw failure }
                return goesOn
            }
        }
        return (node, scope.merging([load.variable: slot]) { _, new in new })
    }

    /// Fields as a list, or as a map when there are headers; empty ones are null then.
    private static func row(_ fields: [String], _ headers: [String]?) -> Value {
        guard let headers else { return .list(fields.map(Value.string)) }
        var map: [String: Value] = [:]
        for (index, name) in headers.enumerated() {
            let field = index < fields.count ? fields[index] : ""
            map[name] = field.isEmpty ? .null : .string(field)
        }
        return .map(map)
    }
}

/// One batch of `CALL { } IN TRANSACTIONS`.
private struct BatchWork {
    let inner: PlanNode
    let slots: [Int]
    let failure: SubqueryCall.Batches.Failure
    /// Where a row tells how its transaction ended.
    let status: Int?

    /// Runs the subquery for the rows in a transaction of their own; gives the rows that go on.
    func run(_ rows: [Row], _ context: ExecutionContext) throws -> (rows: [Row], stops: Bool) {
        var id = ""
        do {
            let results = try context.inTransactionOfItsOwn {
                id = $0
                return try self.results(rows, context)
            }
            return (self.with(results, id, nil), false)
        } catch let error as CypherError where self.failure != .fail && error.kind != .cancelled {
            for row in rows { for slot in self.slots { row[slot] = .null } }
            return (self.with(rows, id, error), self.failure == .stop)
        }
    }

    private func results(_ rows: [Row], _ context: ExecutionContext) throws -> [Row] {
        var results: [Row] = []
        for row in rows {
            guard !self.slots.isEmpty else {
                _ = try self.inner.run(context, row) { _ in true }
                results.append(row)
                continue
            }
            _ = try self.inner.run(context, row) { result in
                let out = row.copy()
                for slot in self.slots { out[slot] = result[slot] }
                try context.hold(out.count)
                results.append(out)
                return true
            }
        }
        return results
    }

    private func with(_ rows: [Row], _ id: String, _ error: CypherError?) -> [Row] {
        guard let status = self.status else { return rows }
        return rows.map { row in
            row[status] = .map([
                "started": .boolean(true), "committed": .boolean(error == nil),
                "transactionId": .string(id), "errorMessage": error.map { .string($0.message) } ?? .null,
            ])
            return row
        }
    }

    /// The rows that no transaction was begun for.
    func notStarted(_ rows: [Row]) -> [Row] {
        guard let status = self.status else { return [] }
        return rows.map { row in
            for slot in self.slots { row[slot] = .null }
            row[status] = .map([
                "started": .boolean(false), "committed": .boolean(false), "transactionId": .null,
                "errorMessage": .null,
            ])
            return row
        }
    }
}

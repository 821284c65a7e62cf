/// Checks what the grammar cannot: which variables there are, where aggregates may stand, what updating
/// clauses need.
struct Checker<Functions: FunctionSignatures> {
    let functions: Functions

    func check(_ query: Query) throws(CypherError) {
        _ = try self.columns(of: query, in: Scope(), isSubquery: false)
    }

    /// Checks a query and gives its column names; nil when it returns nothing.
    @discardableResult
    func columns(of query: Query, in scope: Scope, isSubquery: Bool) throws(CypherError) -> [(
        String, VariableKind
    )]? {
        var first: [(String, VariableKind)]?
        for (index, part) in query.parts.enumerated() {
            let columns = try self.columns(of: part, in: scope, isSubquery: isSubquery)
            if index == 0 {
                first = columns
            } else if Set(columns?.map(\.0) ?? []) != Set(first?.map(\.0) ?? [])
                || (columns == nil) != (first == nil)
            {
                throw CypherError(
                    .syntax, "DifferentColumnsInUnion", "all parts of a UNION must return the same columns",
                    at: part.clauses.last?.range)
            }
        }
        return first
    }

    private func columns(
        of query: SingleQuery, in outer: Scope, isSubquery: Bool
    ) throws(CypherError) -> [(String, VariableKind)]? {
        try self.checkOrder(query, isSubquery: isSubquery)
        var scope = outer
        for clause in query.clauses {
            if case .returning(let projection) = clause.kind {
                return try self.project(projection, scope, isReturn: true, clause)
            }
            scope = try self.check(clause, scope)
        }
        return nil
    }

    /// Which clause may follow which.
    private func checkOrder(_ query: SingleQuery, isSubquery: Bool) throws(CypherError) {
        var hasWritten = false
        for (index, clause) in query.clauses.enumerated() {
            let isLast = index == query.clauses.count - 1
            switch clause.kind {
            case .returning:
                guard isLast else {
                    throw self.composition("RETURN must be the last clause", query.clauses[index + 1])
                }
            case .with:
                hasWritten = false
                guard !isLast else { throw self.composition("a query cannot end with WITH", clause) }
            case .match, .unwind:
                if hasWritten, case .match = clause.kind {
                    throw self.composition("WITH is needed between an updating clause and MATCH", clause)
                }
                guard !isLast || isSubquery else {
                    throw self.composition(
                        "a query cannot end with MATCH or UNWIND", clause, hint: "add RETURN")
                }
            case .create, .merge, .set, .remove, .delete, .forEach: hasWritten = true
            case .finish:
                guard isLast else {
                    throw self.composition("FINISH must be the last clause", query.clauses[index + 1])
                }
            case .loadCSV:
                guard !isLast || isSubquery else {
                    throw self.composition("a query cannot end with LOAD CSV", clause, hint: "add RETURN")
                }
            case .call(let call):
                // Names with a space are those of SHOW: what follows them is part of the same command.
                guard query.clauses.count == 1 || call.yields?.isEmpty != true || call.name.contains(" ")
                else {
                    throw CypherError(
                        .syntax, "UnexpectedSyntax", "YIELD * can only follow a call that stands alone",
                        at: clause.range, hint: "name the columns")
                }
            case .subquery: break
            }
        }
    }

    private func composition(_ message: String, _ clause: Clause, hint: String? = nil) -> CypherError {
        CypherError(.syntax, "InvalidClauseComposition", message, at: clause.range, hint: hint)
    }

    private func check(_ clause: Clause, _ scope: Scope) throws(CypherError) -> Scope {
        switch clause.kind {
        case .match(_, let patterns, let predicate):
            let bound = try self.match(patterns, scope)
            if let predicate { try self.check(predicate, bound, .predicate) }
            return bound
        case .unwind(let list, let variable):
            try self.check(list, scope, .value)
            try self.refuseBound(variable, scope, clause.range)
            return scope.adding([(variable, .value)])
        case .with(let projection, let predicate):
            let columns = try self.project(projection, scope, isReturn: false, clause)
            let next = Scope(Dictionary(columns) { first, _ in first }).losing(scope) { name in
                "WITH did not pass `\(name)` on: write WITH \(name), ..."
            }
            // WHERE sees what is projected and, before aggregation, what was there.
            if let predicate {
                let aggregates = projection.items.contains { $0.expression.containsAggregate(self.functions) }
                let seen = aggregates ? next : scope.adding(columns)
                try self.check(predicate, seen, .predicate)
            }
            return next
        case .returning: return scope
        case .create(let patterns):
            var bound = scope
            for pattern in patterns { bound = try self.create(pattern, bound, merging: false) }
            return bound
        case .merge(let pattern, let onCreate, let onMatch):
            let bound = try self.create(pattern, scope, merging: true)
            for item in onCreate + onMatch { try self.check(item, bound) }
            return bound
        case .set(let items):
            for item in items { try self.check(item, scope) }
            return scope
        case .remove(let items):
            for item in items {
                switch item {
                case .property(let entity, _): try self.check(entity, scope, .value)
                case .element(let entity, let key):
                    for part in [entity, key] { try self.check(part, scope, .value) }
                case .labels(let variable, _, let range): try self.require(variable, scope, range)
                }
            }
            return scope
        case .delete(let expressions, _):
            for expression in expressions {
                if case .hasLabels = expression.kind {
                    throw CypherError(
                        .syntax, "InvalidDelete", "DELETE takes nodes, relationships and paths",
                        at: expression.range, hint: "use REMOVE for labels")
                }
                try self.check(expression, scope, .value)
                switch expression.kind {
                case .integer, .float, .string, .boolean, .binary, .comparison, .map, .list:
                    throw CypherError(
                        .syntax, "InvalidArgumentType", "DELETE takes nodes, relationships and paths",
                        at: expression.range)
                default: break
                }
            }
            return scope
        case .forEach(let variable, let list, let clauses):
            try self.check(list, scope, .value)
            var inner = scope.adding([(variable, .value)])
            for clause in clauses {
                switch clause.kind {
                case .create, .merge, .set, .remove, .delete, .forEach: inner = try self.check(clause, inner)
                default: throw self.composition("FOREACH holds updating clauses only", clause)
                }
            }
            return scope
        case .call(let call): return try self.check(call, scope, clause)
        case .subquery(let call): return try self.check(call, scope, clause)
        case .finish: return scope
        case .loadCSV(let load):
            try self.check(load.url, scope, .value)
            try self.refuseBound(load.variable, scope, clause.range)
            return scope.adding([(load.variable, .value)])
        }
    }

    private func check(_ call: ProcedureCall, _ scope: Scope, _ clause: Clause) throws(CypherError) -> Scope {
        for argument in call.arguments ?? [] {
            if argument.containsAggregate(self.functions) {
                throw CypherError(
                    .syntax, "InvalidAggregation", "a procedure's arguments cannot aggregate",
                    at: argument.range)
            }
            try self.check(argument, scope, .value)
        }
        var bound = scope
        for name in self.names(yieldedBy: call) {
            try self.refuseBound(name, bound, clause.range)
            bound.bind(name, .value)
        }
        if let predicate = call.predicate { try self.check(predicate, bound, .predicate) }
        return bound
    }

    private func names(yieldedBy call: ProcedureCall) -> [String] {
        guard let yields = call.yields else { return [] }
        return yields.isEmpty
            ? self.functions.columns(ofProcedure: call.name) ?? [] : yields.map(\.variable)
    }

    private func check(_ call: SubqueryCall, _ scope: Scope, _ clause: Clause) throws(CypherError) -> Scope {
        var inner = Scope().losing(scope) { "the subquery does not see it: write CALL (\($0)) { ... }" }
        for name in self.imports(call, scope) {
            try self.require(name, scope, clause.range)
            inner.bind(name, scope[name] ?? .value)
        }
        var columns = try self.columns(of: call.query, in: inner, isSubquery: true) ?? []
        if let batches = call.batches {
            if let rows = batches.rows { try self.checkBound(rows) }
            if let status = batches.status { columns.append((status, .value)) }
        }
        for (name, _) in columns { try self.refuseBound(name, scope, clause.range) }
        return scope.adding(columns)
    }

    private func imports(_ call: SubqueryCall, _ scope: Scope) -> [String] {
        switch call.imports {
        case .all: scope.names
        case .names(let names): names
        case .leadingWith: self.leadingImports(call.query, scope)
        }
    }

    /// `CALL { WITH a, b ... }` imports a and b.
    private func leadingImports(_ query: Query, _ scope: Scope) -> [String] {
        query.parts.flatMap { part -> [String] in
            guard case .with(let projection, _)? = part.clauses.first?.kind else { return [] }
            if projection.includesAll { return scope.names }
            return projection.items.compactMap {
                if case .variable(let name) = $0.expression.kind { name } else { nil }
            }
        }
    }

    private func check(_ item: SetItem, _ scope: Scope) throws(CypherError) {
        switch item {
        case .property(let entity, _, let value):
            try self.check(entity, scope, .value)
            try self.check(value, scope, .value)
        case .element(let entity, let key, let value):
            for part in [entity, key, value] { try self.check(part, scope, .value) }
        case .properties(let variable, let value, _, let range):
            try self.require(variable, scope, range)
            try self.check(value, scope, .value)
        case .labels(let variable, _, let range): try self.require(variable, scope, range)
        }
    }

    func require(_ name: String, _ scope: Scope, _ range: SourceRange) throws(CypherError) {
        guard scope[name] == nil else { return }
        let hint: String
        if let lost = scope.lost[name] {
            hint = lost
        } else if let near = nearest(to: name, among: scope.names) {
            hint = "did you mean `\(near)`?"
        } else {
            hint =
                scope.names.isEmpty
                ? "no variables are known here" : "known here: \(scope.names.joined(separator: ", "))"
        }
        throw CypherError(
            .syntax, "UndefinedVariable", "variable `\(name)` is not defined", at: range, hint: hint)
    }

    private func refuseBound(_ name: String, _ scope: Scope, _ range: SourceRange) throws(CypherError) {
        guard scope[name] != nil else { return }
        throw CypherError(.syntax, "VariableAlreadyBound", "variable `\(name)` is already defined", at: range)
    }

    // MARK: Projections

    private func isAggregating(_ projection: Projection) -> Bool {
        projection.isDistinct || projection.items.contains { $0.expression.containsAggregate(self.functions) }
    }

    private func project(
        _ projection: Projection, _ scope: Scope, isReturn: Bool, _ clause: Clause
    ) throws(CypherError) -> [(String, VariableKind)] {
        var columns: [(String, VariableKind)] = []
        if projection.includesAll {
            guard !scope.kinds.isEmpty || !isReturn else {
                throw CypherError(
                    .syntax, "NoVariablesInScope", "RETURN * needs variables, and there are none",
                    at: projection.range)
            }
            columns = scope.names.map { ($0, scope[$0] ?? .value) }
        }
        for item in projection.items {
            try self.check(item.expression, scope, .projection)
            guard !columns.contains(where: { $0.0 == item.name }) else {
                throw CypherError(
                    .syntax, "ColumnNameConflict", "two columns have the name `\(item.name)`",
                    at: item.expression.range,
                    hint: "give one another name with AS")
            }
            columns.append((item.name, self.kind(of: item.expression, scope)))
        }
        try self.checkGrouping(projection, scope)
        try self.checkOrder(projection, scope, columns)
        if !isReturn, let unnamed = projection.items.first(where: { !$0.isAliased }) {
            throw CypherError(
                .syntax, "NoExpressionAlias", "an expression in WITH needs a name",
                at: unnamed.expression.range, hint: "add AS name")
        }
        for bound in [projection.skip, projection.limit].compactMap({ $0 }) { try self.checkBound(bound) }
        return columns
    }

    func kind(of expression: Expression, _ scope: Scope) -> VariableKind {
        switch expression.kind {
        case .variable(let name): scope[name] ?? .value
        case .boolean, .integer, .float, .string, .map: .plain(expression.plainType)
        case .list: .list
        default: .value
        }
    }

    private func checkOrder(
        _ projection: Projection, _ scope: Scope, _ columns: [(String, VariableKind)]
    ) throws(CypherError) {
        let aggregates = projection.items.contains { $0.expression.containsAggregate(self.functions) }
        for key in projection.order {
            let text = key.expression
            if projection.items.contains(where: { $0.expression == text }) { continue }
            if text.containsAggregate(self.functions), !aggregates {
                throw CypherError(
                    .syntax, "InvalidAggregation",
                    "ORDER BY can aggregate only what the projection aggregates",
                    at: text.range)
            }
            let seen =
                self.isAggregating(projection)
                ? Scope(Dictionary(columns) { first, _ in first }) : scope.adding(columns)
            if aggregates || projection.isDistinct {
                try self.checkAfterGrouping(text, projection, seen, scope)
            } else {
                try self.check(text, seen, .projection)
            }
        }
    }

    /// After grouping, ORDER BY sees the columns and expressions that are columns.
    private func checkAfterGrouping(
        _ expression: Expression, _ projection: Projection, _ columns: Scope, _ before: Scope
    ) throws(CypherError) {
        if projection.items.contains(where: { $0.expression == expression }) { return }
        if self.isAggregateCall(expression) {
            // An aggregate must be among those of the projection; else it would need rows that are gone.
            let isProjected = projection.items.contains { self.contains($0.expression, expression) }
            return try self.check(expression, isProjected ? before : columns, .projection)
        }
        if case .variable(let name) = expression.kind {
            return try self.require(name, columns, expression.range)
        }
        let children = expression.children
        guard !children.isEmpty else { return try self.check(expression, columns, .projection) }
        for child in children { try self.checkAfterGrouping(child, projection, columns, before) }
    }

    private func contains(_ whole: Expression, _ part: Expression) -> Bool {
        whole == part || whole.children.contains { self.contains($0, part) }
    }

    private func checkBound(_ bound: Expression) throws(CypherError) {
        if case .integer(let number) = bound.kind, number < 0 {
            throw CypherError(
                .syntax, "NegativeIntegerArgument", "SKIP and LIMIT need a number from 0", at: bound.range)
        }
        if case .float = bound.kind {
            throw CypherError(
                .syntax, "InvalidArgumentType", "SKIP and LIMIT need a whole number", at: bound.range)
        }
        guard !self.usesVariables(bound) else {
            throw CypherError(
                .syntax, "NonConstantExpression", "SKIP and LIMIT cannot depend on the rows", at: bound.range)
        }
        try self.check(bound, Scope(), .value)
    }

    private func usesVariables(_ expression: Expression) -> Bool {
        if case .variable = expression.kind { return true }
        return expression.children.contains(where: self.usesVariables)
    }

    private func isAggregateCall(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .countAll: true
        case .call(let call): self.functions.isAggregate(call.name)
        default: false
        }
    }

    /// Beside an aggregate only what is the same for all rows of a group may stand.
    private func checkGrouping(_ projection: Projection, _ scope: Scope) throws(CypherError) {
        let (aggregating, keys) = projection.items.reduce(into: ([Expression](), [Expression]())) {
            parts, item in
            if item.expression.containsAggregate(self.functions) {
                parts.0.append(item.expression)
            } else {
                parts.1.append(item.expression)
            }
        }
        // Only variables and their properties are compared: that two longer expressions mean the same cannot be told
        // from their text, so they stand beside an aggregate only when a WITH before names them.
        let simple = keys.filter { key in
            switch key.kind {
            case .variable: true
            case .property(let base, _): if case .variable = base.kind { true } else { false }
            default: false
            }
        }
        let sorted = projection.order.map(\.expression).filter { key in
            key.containsAggregate(self.functions)
                && !projection.items.contains { $0.expression == key || $0.name == self.name(key) }
        }
        for expression in aggregating { try self.checkGrouped(expression, simple, projection.includesAll) }
        let names = projection.items.map { Expression(.variable($0.name), $0.expression.range) }
        for expression in sorted { try self.requireGrouped(expression, keys + names, projection.includesAll) }
        for expression in sorted { try self.checkGrouped(expression, simple + names, projection.includesAll) }
    }

    /// Beside an aggregate, ORDER BY sees no variable that the columns do not name.
    private func requireGrouped(
        _ expression: Expression, _ keys: [Expression], _ includesAll: Bool
    ) throws(CypherError) {
        if self.isAggregateCall(expression) || includesAll { return }
        if case .variable(let name) = expression.kind,
            !keys.contains(where: { self.contains($0, expression) })
        {
            throw CypherError(
                .syntax, "UndefinedVariable",
                "variable `\(name)` is not defined after the columns were joined",
                at: expression.range, hint: "return it as a column")
        }
        for child in expression.children { try self.requireGrouped(child, keys, includesAll) }
    }

    private func name(_ expression: Expression) -> String? {
        if case .variable(let name) = expression.kind { return name }
        return nil
    }

    private func checkGrouped(
        _ expression: Expression, _ keys: [Expression], _ includesAll: Bool
    ) throws(CypherError) {
        if keys.contains(expression) || self.isAggregateCall(expression) { return }
        if case .variable(let name) = expression.kind, !includesAll {
            throw CypherError(
                .syntax, "AmbiguousAggregationExpression",
                "`\(name)` stands beside an aggregate and is not a column of its own", at: expression.range,
                hint: "return it as a column, or compute it in a WITH before")
        }
        if case .property(let base, _) = expression.kind, case .variable = base.kind, keys.contains(base) {
            return
        }
        for child in expression.children { try self.checkGrouped(child, keys, includesAll) }
    }
}

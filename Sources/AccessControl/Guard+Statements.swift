internal import Cypher
package import GraphDatabase
internal import Identity
package import QueryEngine

/// Statements of Cypher, from whichever way they come.
extension Guard {
    /// Whether a caller may run a statement on a graph.
    /// - Throws: ``AccessDenied``.
    package func require(
        _ caller: Caller, _ statement: PreparedQuery, on graph: String
    ) throws(AccessDenied) {
        if case .unchecked = caller { return }
        if let permission = Permission(statement, on: graph) { return try self.require(caller, permission) }
        guard caller.user != nil else {
            throw AccessDenied(
                caller: caller, permission: .graph(.read, graph), reason: .unknownCaller)
        }
    }

    /// On whose behalf a statement runs on a graph: which transactions and graphs it shows, and what of the graph.
    package func queryCaller(
        _ caller: Caller, _ statement: PreparedQuery, on graph: String, _ catalog: GraphCatalog
    ) -> QueryCaller {
        guard case .user(let principal) = caller else { return .administrator }
        let rights = self.now()
        guard !rights.allows(caller, .network(.administer)) else {
            return QueryCaller(user: principal.user)
        }
        // Only commands show graphs; other statements need not know which.
        let graphs =
            statement.isAboutServer ? catalog.names.filter { rights.allows(caller, .graph(.check, $0)) } : []
        return QueryCaller(
            user: principal.user, graphs: Set(graphs), rules: rights.rules(principal, on: graph))
    }
}

extension Permission {
    /// What a statement asks for; nil when it shows nothing but what the caller may see anyway: its own transactions, the
    /// graphs that are open to it.
    init?(_ statement: PreparedQuery, on graph: String) {
        if let command = statement.administration {
            switch command {
            case .createDatabase: self = .network(.createGraphs)
            case .dropDatabase(let name, _): self = .graph(.administer, name)
            }
            return
        }
        if case .schema = statement.statement.body {
            self = .graph(.changeSchema, graph)
        } else if !statement.isReadOnly || statement.commitsInBatches {
            self = .graph(.write, graph)
        } else if statement.showsServerOnly {
            return nil
        } else {
            self = .graph(.read, graph)
        }
    }
}

extension PreparedQuery {
    private static let harmless: Set<String> = [
        "show databases", "show transactions", "terminate transactions", "show procedures", "show functions",
        "db.ping", "dbms.components",
    ]

    /// Whether it is nothing but one command about the server. Conditions and columns of its own may hold subqueries: such
    /// a statement is a read like others.
    fileprivate var showsServerOnly: Bool {
        guard case .query(let query) = self.statement.body, query.parts.count == 1,
            let clauses = query.parts.first?.clauses, clauses.count == 1,
            case .call(let call)? = clauses.first?.kind
        else { return false }
        return Self.harmless.contains(call.name) && call.predicate == nil
            && call.arguments?.allSatisfy(\.isPlain) ?? true
    }
}

extension Expression {
    /// Whether it is made of literals and parameters alone.
    fileprivate var isPlain: Bool {
        switch self.kind {
        case .null, .boolean, .integer, .float, .string, .parameter: true
        case .list(let elements): elements.allSatisfy(\.isPlain)
        case .map(let entries): entries.allSatisfy(\.value.isPlain)
        default: false
        }
    }
}

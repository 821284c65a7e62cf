/// A statement: a query or a change of the schema, and how it is to be run.
package struct Statement: Hashable, Sendable {
    /// How it is to be run.
    package enum Mode: Hashable, Sendable {
        /// Run it.
        case run
        /// Show the plan only.
        case explain
        /// Run it and show the plan with figures.
        case profile
    }
    /// What it is.
    package enum Body: Hashable, Sendable {
        /// A query.
        case query(Query)
        /// A change or listing of the schema.
        case schema(SchemaCommand)
        /// A command about whole graphs.
        case administration(AdministrationCommand)
    }
    /// The graph that `USE` names; nil when the statement runs where it is sent.
    package let graph: String?
    /// How.
    package let mode: Mode
    /// What.
    package let body: Body
    /// The text.
    package let source: String
}

/// Single queries joined by `UNION`.
package struct Query: Hashable, Sendable {
    /// At least one.
    package let parts: [SingleQuery]
    /// Whether duplicates stay: `UNION ALL`.
    package let keepsDuplicates: Bool
}

/// Clauses in order.
package struct SingleQuery: Hashable, Sendable {
    /// At least one.
    package let clauses: [Clause]
}

/// A clause and where it stands.
package struct Clause: Hashable, Sendable {
    /// What it is.
    package let kind: Kind
    /// Where it stands.
    package let range: SourceRange

    /// The clauses.
    package indirect enum Kind: Hashable, Sendable {
        /// `MATCH`, `OPTIONAL MATCH`
        case match(optional: Bool, [PatternPart], predicate: Expression?)
        /// `UNWIND list AS x`
        case unwind(Expression, variable: String)
        /// `WITH`
        case with(Projection, predicate: Expression?)
        /// `RETURN`
        case returning(Projection)
        /// `CREATE`
        case create([PatternPart])
        /// `MERGE`
        case merge(PatternPart, onCreate: [SetItem], onMatch: [SetItem])
        /// `SET`
        case set([SetItem])
        /// `REMOVE`
        case remove([RemoveItem])
        /// `DELETE`, `DETACH DELETE`
        case delete([Expression], detach: Bool)
        /// `FOREACH (x IN list | ...)`
        case forEach(variable: String, list: Expression, [Clause])
        /// `CALL name(...) YIELD ...`
        case call(ProcedureCall)
        /// `CALL { }`
        case subquery(SubqueryCall)
        /// `LOAD CSV FROM 'file.csv' AS row`
        case loadCSV(LoadCSV)
        /// `FINISH`: rows are not returned.
        case finish
    }
}

/// `OPTIONAL CALL (x, y) { ... } IN TRANSACTIONS OF 1000 ROWS`
package struct SubqueryCall: Hashable, Sendable {
    /// Which variables of the outer query it sees.
    package enum Imports: Hashable, Sendable {
        /// Those that its first `WITH` names.
        case leadingWith
        /// Those of `CALL (x, y)`.
        case names([String])
        /// All of them: `CALL (*)`.
        case all
    }

    /// How the work is split into transactions.
    package struct Batches: Hashable, Sendable {
        /// What happens when one of them fails.
        package enum Failure: Hashable, Sendable {
            /// The query fails; what was committed stays.
            case fail
            /// The next one is tried.
            case `continue`
            /// No more are tried.
            case stop
        }
        /// Rows for each transaction; 1,000 without it.
        package let rows: Expression?
        /// What happens on failure.
        package let failure: Failure
        /// The variable that tells how a row's transaction ended.
        package let status: String?
    }

    /// What is called.
    package let query: Query
    /// What it sees.
    package let imports: Imports
    /// Whether a row goes on with nulls when the subquery gives none.
    package let isOptional: Bool
    /// Nil when all is one transaction.
    package let batches: Batches?
}

/// `LOAD CSV WITH HEADERS FROM url AS row FIELDTERMINATOR ';'`
package struct LoadCSV: Hashable, Sendable {
    /// Whether the first line names the columns: then rows are maps.
    package let hasHeaders: Bool
    /// Where the file is.
    package let url: Expression
    /// The row's name.
    package let variable: String
    /// What separates the fields.
    package let separator: String
}

/// What `WITH` and `RETURN` share.
package struct Projection: Hashable, Sendable {
    /// One column.
    package struct Item: Hashable, Sendable {
        /// The value.
        package let expression: Expression
        /// The column's name: the alias or the text as written.
        package let name: String
        /// Whether `AS` gave the name.
        package let isAliased: Bool

        /// The column with another value.
        package func with(_ expression: Expression) -> Item {
            Item(expression: expression, name: self.name, isAliased: self.isAliased)
        }
    }
    /// One key of `ORDER BY`.
    package struct SortItem: Hashable, Sendable {
        /// The key.
        package let expression: Expression
        /// Whether `DESC` follows.
        package let isDescending: Bool

        /// The key with another value.
        package func with(_ expression: Expression) -> SortItem {
            SortItem(expression: expression, isDescending: self.isDescending)
        }
    }
    /// Whether `DISTINCT` stands first.
    package let isDistinct: Bool
    /// Whether `*` stands first.
    package let includesAll: Bool
    /// The columns.
    package let items: [Item]
    /// The order.
    package let order: [SortItem]
    /// How many rows are left out at the start.
    package let skip: Expression?
    /// How many rows are kept.
    package let limit: Expression?
    /// Where it stands.
    package let range: SourceRange

    /// The same with other columns and another order.
    package func with(items: [Item], order: [SortItem]) -> Projection {
        Projection(
            isDistinct: self.isDistinct, includesAll: self.includesAll, items: items, order: order,
            skip: self.skip, limit: self.limit, range: self.range)
    }
}

/// One assignment of `SET`.
package enum SetItem: Hashable, Sendable {
    /// `n.key = value`
    case property(Expression, key: String, value: Expression)
    /// `n[key] = value`
    case element(Expression, key: Expression, value: Expression)
    /// `n = map`, `n += map`
    case properties(String, value: Expression, merges: Bool, SourceRange)
    /// `n:A:B`
    case labels(String, [String], SourceRange)
}

/// One item of `REMOVE`.
package enum RemoveItem: Hashable, Sendable {
    /// `n.key`
    case property(Expression, key: String)
    /// `n[key]`
    case element(Expression, key: Expression)
    /// `n:A:B`
    case labels(String, [String], SourceRange)
}

/// `CALL name(arguments) YIELD a AS b WHERE p`
package struct ProcedureCall: Hashable, Sendable {
    /// The name with its namespace.
    package let name: String
    /// The arguments; nil when there are no parentheses.
    package let arguments: [Expression]?
    /// The columns taken: name and alias; nil without `YIELD`, empty for `YIELD *`.
    package let yields: [Yield]?
    /// Which rows.
    package let predicate: Expression?
    /// Whether a row goes on with nulls when the procedure gives none.
    package var isOptional = false

    /// One column of `YIELD`.
    package struct Yield: Hashable, Sendable {
        /// The procedure's name for it.
        package let column: String
        /// The query's name for it.
        package let variable: String

        /// Joins the two names.
        package init(column: String, variable: String) {
            self.column = column
            self.variable = variable
        }
    }
}

/// A command about whole graphs.
package enum AdministrationCommand: Hashable, Sendable {
    /// `CREATE DATABASE name IF NOT EXISTS`
    case createDatabase(name: String, ifNotExists: Bool)
    /// `DROP DATABASE name IF EXISTS`
    case dropDatabase(name: String, ifExists: Bool)
}

/// Changes and listings of the schema.
package enum SchemaCommand: Hashable, Sendable {
    /// `CREATE INDEX name IF NOT EXISTS FOR (n:Label) ON (n.key)`, or `FOR ()-[r:TYPE]-() ON (r.key)`; `CREATE TEXT INDEX`
    case createIndex(
        name: String?, isRelationship: Bool, isText: Bool, entity: String, keys: [String], ifNotExists: Bool)
    /// `DROP INDEX name IF EXISTS`
    case dropIndex(name: String, ifExists: Bool)
    /// `CREATE CONSTRAINT name IF NOT EXISTS FOR (n:Label) REQUIRE n.key IS UNIQUE`
    case createConstraint(name: String?, ConstraintRule, entity: String, keys: [String], ifNotExists: Bool)
    /// `DROP CONSTRAINT name IF EXISTS`
    case dropConstraint(name: String, ifExists: Bool)

    /// What a constraint asks for.
    package enum ConstraintRule: Hashable, Sendable {
        /// `IS UNIQUE`, `IS NODE UNIQUE`
        case unique
        /// `IS NODE KEY`
        case nodeKey
        /// `IS NOT NULL` on nodes
        case nodePropertyExists
        /// `IS :: INTEGER`, `IS TYPED INTEGER` on nodes
        case nodePropertyType(String)
        /// `IS UNIQUE`, `IS RELATIONSHIP UNIQUE`
        case relationshipUnique
        /// `IS RELATIONSHIP KEY`
        case relationshipKey
        /// `IS NOT NULL` on relationships
        case relationshipPropertyExists
        /// `IS :: INTEGER`, `IS TYPED INTEGER` on relationships
        case relationshipPropertyType(String)
    }
}

extension Query {
    /// Whether a clause anywhere changes the graph.
    package var isUpdating: Bool {
        self.parts.contains { part in
            part.clauses.contains { clause in
                switch clause.kind {
                case .create, .merge, .set, .remove, .delete, .forEach: true
                case .subquery(let call): call.query.isUpdating
                default: false
                }
            }
        }
    }

    /// Whether it commits as it goes: then it cannot run inside one transaction.
    package var commitsInBatches: Bool {
        self.parts.contains { part in
            part.clauses.contains { clause in
                if case .subquery(let call) = clause.kind { call.batches != nil } else { false }
            }
        }
    }
}

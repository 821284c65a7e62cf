/// Listings, identities and commands.
enum SchemaQueries {
    static let text = #"""
        # listings
        SHOW INDEXES
        > nothing
        SHOW CONSTRAINTS YIELD name, type
        > nothing
        SHOW FUNCTIONS YIELD name WHERE name = 'toUpper' RETURN name
        > 'toUpper'
        SHOW FUNCTIONS YIELD name, category WHERE category = 'spatial' RETURN name ORDER BY name
        > 'point'
        > 'point.distance'
        > 'point.withinBBox'
        SHOW PROCEDURES YIELD name WHERE name STARTS WITH 'algo.c'
        > 'algo.components'
        > 'algo.criticalPath'
        SHOW PROCEDURES YIELD name, signature WHERE name = 'db.ping' RETURN signature
        > 'db.ping() :: (success :: BOOLEAN)'
        SHOW PROCEDURES YIELD name ORDER BY name DESC LIMIT 1
        > 'dbms.procedures'
        SHOW TRANSACTIONS YIELD transactionId, status RETURN count(*), collect(DISTINCT status)
        > 1, ['Running']
        TERMINATE TRANSACTION 'plexus-transaction-99'
        > 'plexus-transaction-99', 'Transaction not found.'
        TERMINATE TRANSACTIONS 'a', 'b' YIELD transactionId AS t RETURN t
        > 'a'
        > 'b'
        SHOW NONSENSE
        ! UnexpectedSyntax
        DROP NONSENSE x
        ! UnexpectedSyntax
        # identities
        MATCH (p:Person {name: 'Anne'}) RETURN elementId(p) = toString(id(p))
        > true
        MATCH (p:Person {name: 'Anne'}) WITH elementId(p) AS e MATCH (q) WHERE elementId(q) = e RETURN q.name
        > 'Anne'
        MATCH (p:Person {name: 'Anne'}) RETURN labels(p), keys(p), properties(p).city
        > ['Person', 'Admin'], ['age', 'city', 'name'], 'Lund'
        MATCH ()-[r:LIKES]->() RETURN type(r), startNode(r).name, endNode(r).name, keys(r)
        > 'LIKES', 'Dora', 'Anne', []
        MATCH (p:Person {name: 'Anne'}) RETURN p['na' + 'me']
        > 'Anne'
        MATCH (n:Machine) RETURN valueType(n) LIMIT 1
        > 'NODE NOT NULL'
        MATCH (n:Person) WHERE n.age IS :: INTEGER NOT NULL RETURN count(n)
        > 3
        MATCH (n) RETURN labels(n)[0] AS l, count(*) ORDER BY l
        > 'Machine', 3
        > 'Person', 4
        RETURN labels(1)
        ! InvalidArgumentType
        UNWIND [1] AS x RETURN labels(x)
        ! InvalidArgumentValue
        # files
        LOAD CSV FROM 'file:///x.csv' AS row RETURN row
        ! NotSupported
        # mistakes
        CREATE FULLTEXT INDEX f FOR (n:Person) ON EACH [n.name]
        ! NotSupported
        MTACH (n) RETURN n
        ! UnexpectedSyntax
        MATCH (n:Person RETURN n
        ! UnexpectedSyntax
        RETURN $missing
        ! MissingParameter
        RETURN 'open
        ! UnexpectedSyntax
        RETURN 1 +
        ! UnexpectedSyntax
        MATCH (n) RETURN n;; MATCH (n) RETURN n
        ! UnexpectedSyntax
        """#
}

/// EXISTS, COUNT, COLLECT, CALL.
enum SubqueryQueries {
    static let text = #"""
        # exists
        MATCH (p:Person) WHERE EXISTS { (p)-[:OWNS]->(:Spare) } RETURN p.name
        > 'Bob'
        MATCH (p:Person) WHERE EXISTS { MATCH (p)-[:OWNS]->(m) WHERE m.cores > 10 } RETURN p.name
        > 'Anne'
        MATCH (p:Person) WHERE NOT EXISTS { (p)-[:KNOWS]->() } RETURN p.name
        > 'Dora'
        MATCH (p:Person) WHERE EXISTS { MATCH (p)-[:KNOWS]->(q) WHERE EXISTS { (q)-[:OWNS]->(:Spare) } } RETURN p.name
        > 'Anne'
        MATCH (p:Person) RETURN p.name, EXISTS { (p)-[:LIKES]->() } AS likes ORDER BY p.name
        > 'Anne', false
        > 'Bob', false
        > 'Carl', false
        > 'Dora', true
        MATCH (p:Person {name: 'Anne'}) RETURN EXISTS { MATCH (p)-[:KNOWS]->(q) RETURN q UNION MATCH (p)-[:LIKES]->(q) RETURN q }
        > true
        MATCH (p:Person) WHERE exists((p)-[:OWNS]->()) RETURN count(p)
        > 2
        MATCH (p) WHERE EXISTS { CREATE (n) } RETURN p
        ! InvalidClauseComposition
        # count
        MATCH (p:Person) RETURN p.name, COUNT { (p)-[:KNOWS]->() } AS n ORDER BY p.name
        > 'Anne', 2
        > 'Bob', 1
        > 'Carl', 1
        > 'Dora', 0
        MATCH (p:Person) WHERE COUNT { (p)-[:OWNS]->() } > 1 RETURN p.name
        > 'Anne'
        RETURN COUNT { MATCH (p:Person) WHERE p.age > 30 RETURN p }
        > 2
        RETURN COUNT { (p:Person)-[:KNOWS]->(q) WHERE q.city = p.city }
        > 1
        RETURN COUNT { MATCH (p:Person) RETURN DISTINCT p.city }
        > 3
        # collect
        MATCH (p:Person {name: 'Anne'}) RETURN COLLECT { MATCH (p)-[:OWNS]->(m) RETURN m.name ORDER BY m.name DESC } AS ms
        > ['m2', 'm1']
        RETURN COLLECT { UNWIND [3, 1, 2] AS x RETURN x ORDER BY x LIMIT 2 }
        > [1, 2]
        # pattern comprehensions
        MATCH (p:Person {name: 'Anne'}) RETURN [(p)-[:KNOWS]->(q) | q.name] AS names
        > ['Bob', 'Carl']
        MATCH (p:Person {name: 'Anne'}) RETURN [(p)-[r:KNOWS]->(q) WHERE r.since > 2012 | q.name]
        > ['Carl']
        MATCH (p:Person {name: 'Dora'}) RETURN [x = (p)-[:LIKES]->() | length(x)]
        > [1]
        MATCH (p:Person) RETURN p.name, size([(p)-[:KNOWS]->() | 1]) AS n ORDER BY n DESC, p.name LIMIT 1
        > 'Anne', 2
        # call
        CALL { MATCH (p:Person) RETURN count(p) AS n } RETURN n
        > 4
        MATCH (p:Person) CALL { WITH p MATCH (p)-[:OWNS]->(m) RETURN count(m) AS n } RETURN p.name, n ORDER BY p.name
        > 'Anne', 2
        > 'Bob', 1
        > 'Carl', 0
        > 'Dora', 0
        MATCH (p:Person) CALL (p) { MATCH (p)-[:OWNS]->(m) RETURN m.name AS m } RETURN p.name, m ORDER BY m
        > 'Anne', 'm1'
        > 'Anne', 'm2'
        > 'Bob', 'm3'
        MATCH (p:Person {name: 'Anne'}) CALL (*) { RETURN p.age AS a } RETURN a
        > 34
        MATCH (p:Person {name: 'Anne'}) CALL () { MATCH (p:Machine) RETURN count(p) AS n } RETURN n
        > 3
        MATCH (p:Person {name: 'Anne'}) CALL { MATCH (p:Machine) RETURN count(p) AS n } RETURN n
        > 3
        MATCH (p:Person) OPTIONAL CALL (p) { MATCH (p)-[:OWNS]->(m:Spare) RETURN m.name AS m } RETURN p.name, m ORDER BY p.name
        > 'Anne', null
        > 'Bob', 'm3'
        > 'Carl', null
        > 'Dora', null
        CALL { RETURN 1 AS x UNION RETURN 2 AS x } RETURN sum(x)
        > 3
        UNWIND [1, 2] AS x CALL (x) { CREATE (n:Made {x: x}) } WITH count(*) AS c MATCH (n:Made) RETURN c, sum(n.x)
        > 2, 3
        UNWIND [1, 2] AS x CALL (x) { UNWIND range(1, x) AS y RETURN sum(y) AS s } RETURN x, s
        > 1, 1
        > 2, 3
        CALL (nobody) { RETURN 1 AS x } RETURN x
        ! UndefinedVariable
        MATCH (p:Person) CALL (p) { RETURN 1 AS p } RETURN p
        ! VariableAlreadyBound
        MATCH (p:Person) CALL () { RETURN p.name AS n } RETURN n
        ! UndefinedVariable
        CALL { CREATE (:X) } IN TRANSACTIONS
        ! TransactionStartFailed
        # procedures
        CALL db.labels() YIELD label RETURN label ORDER BY label
        > 'Admin'
        > 'Machine'
        > 'Person'
        > 'Spare'
        CALL db.relationshipTypes() YIELD relationshipType AS t WHERE t STARTS WITH 'L' RETURN t ORDER BY t
        > 'LIKES'
        > 'LINK'
        CALL db.propertyKeys() YIELD propertyKey RETURN count(*)
        > 6
        CALL db.ping()
        > true
        CALL dbms.components() YIELD name, edition RETURN name
        > 'Plexus Kernel'
        CALL dbms.procedures() YIELD name WHERE name = 'db.labels' RETURN name
        > 'db.labels'
        CALL dbms.functions() YIELD name, aggregating WHERE aggregating RETURN count(*)
        > 10
        CALL db.schema.nodeTypeProperties() YIELD nodeType, propertyName, propertyTypes, mandatory WHERE nodeType = ':`Machine`' RETURN propertyName, propertyTypes, mandatory
        > 'cores', ['INTEGER'], true
        > 'name', ['STRING'], true
        CALL db.schema.relTypeProperties() YIELD relType, propertyName WHERE relType = ':`LINK`' RETURN propertyName
        > 'ms'
        CALL db.schema.visualization() YIELD nodes, relationships RETURN [n IN nodes | n.name], size(relationships)
        > ['Person', 'Admin', 'Machine', 'Spare'], 9
        OPTIONAL CALL db.indexes() YIELD name RETURN name
        > null
        UNWIND [1, 2] AS x OPTIONAL CALL db.labels() YIELD label WHERE label = 'Spare' AND x = 2 RETURN x, label
        > 1, null
        > 2, 'Spare'
        CALL no.such.procedure()
        ! ProcedureNotFound
        CALL db.labels(1)
        ! InvalidNumberOfArguments
        CALL db.labels() YIELD nothing RETURN nothing
        ! UndefinedVariable
        WITH 1 AS one CALL db.labels() YIELD * RETURN one
        ! UnexpectedSyntax
        CALL db.awaitIndexes('soon')
        ! InvalidArgumentType
        """#
}

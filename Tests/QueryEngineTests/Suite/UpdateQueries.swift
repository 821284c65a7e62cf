/// CREATE, MERGE, SET, REMOVE, DELETE, FOREACH.
enum UpdateQueries {
    static let text = #"""
        # create
        CREATE (n:New {x: 1}) RETURN n
        > (:New {x: 1})
        CREATE (a:A)-[r:R {k: 1}]->(b:B) RETURN a, r, b
        > (:A), [:R {k: 1}], (:B)
        CREATE (a:A)<-[:R]-(b:B) WITH a MATCH (a)<--(b) RETURN labels(b)
        > ['B']
        CREATE p = (:A)-[:R]->(:B)-[:R]->(:C) RETURN length(p)
        > 2
        CREATE (a {x: 1}), (b {y: a.x + 1}) RETURN b.y
        > 2
        CREATE (a:A {x: 1}) CREATE (b:B {x: a.x}) CREATE (a)-[:R]->(b) WITH 1 AS one MATCH (:A)-[:R]->(b:B) RETURN b.x
        > 1
        UNWIND range(1, 3) AS i CREATE (n:Item {i: i}) RETURN sum(n.i)
        > 6
        CREATE (n:A&B) RETURN labels(n)
        > ['A', 'B']
        CREATE (n {a: null, b: [1, 2]}) RETURN keys(n)
        > ['b']
        MATCH (p:Person) CREATE (p)-[:HAS]->(:Account {of: p.name}) WITH count(*) AS c MATCH (a:Account) RETURN c, count(a)
        > 4, 4
        CREATE (n {m: {a: 1}}) RETURN n
        ! InvalidPropertyType
        CREATE (a)-[:R]-(b)
        ! RequiresDirectedRelationship
        CREATE (a)-->(b)
        ! NoSingleRelationshipType
        MATCH (a:Person) CREATE (a:Person)
        ! VariableAlreadyBound
        CREATE (a)-[:R*2]->(b)
        ! CreatingVarLength
        CREATE (n:A|B)
        ! UnexpectedSyntax
        CREATE p = SHORTEST 1 (:A)-[:R]->(:B) RETURN p
        ! UnexpectedSyntax
        CREATE (n:A WHERE n.x = 1)
        ! UnexpectedSyntax
        INSERT (n:New {x: 1}) RETURN n.x
        > 1
        # merge
        MERGE (p:Person {name: 'Anne'}) ON MATCH SET p.seen = 1 ON CREATE SET p.made = 1 RETURN p.seen, p.made
        > 1, null
        MERGE (p:Person {name: 'Erik'}) ON MATCH SET p.seen = 1 ON CREATE SET p.made = 1 RETURN p.seen, p.made
        > null, 1
        UNWIND ['x', 'y', 'x'] AS n MERGE (t:Tag {name: n}) WITH count(*) AS c MATCH (t:Tag) RETURN c, count(t)
        > 3, 2
        MATCH (a:Person {name: 'Anne'}), (b:Person {name: 'Bob'}) MERGE (a)-[r:KNOWS]->(b) RETURN r.since
        > 2010
        MATCH (a:Person {name: 'Anne'}), (b:Person {name: 'Dora'}) MERGE (a)-[r:KNOWS]->(b) ON CREATE SET r.since = 1 RETURN r.since
        > 1
        MATCH (a:Person {name: 'Anne'}), (b:Person {name: 'Dora'}) MERGE (a)-[r:LIKES]-(b) RETURN startNode(r).name
        > 'Dora'
        MERGE (a:City {name: 'Lund'})-[:IN]->(b:Country {name: 'Sweden'}) RETURN a.name, b.name
        > 'Lund', 'Sweden'
        MERGE (n {x: null}) RETURN n
        ! MergeReadOwnWrites
        # set
        MATCH (p:Person {name: 'Bob'}) SET p.age = p.age + 1 RETURN p.age
        > 29
        MATCH (p:Person {name: 'Bob'}) SET p.age = null RETURN p.age
        > null
        MATCH (p:Person {name: 'Bob'}) SET p += {age: 1, x: 2} RETURN p
        > (:Person {age: 1, city: 'Oslo', name: 'Bob', x: 2})
        MATCH (p:Person {name: 'Bob'}) SET p = {name: 'B'} RETURN p
        > (:Person {name: 'B'})
        MATCH (a:Person {name: 'Bob'}), (b:Machine {name: 'm1'}) SET a = b RETURN a
        > (:Person {cores: 8, name: 'm1'})
        MATCH (p:Person {name: 'Bob'}) SET p:Admin:Boss RETURN labels(p)
        > ['Person', 'Admin', 'Boss']
        MATCH (p:Person {name: 'Bob'}) SET p IS Boss RETURN labels(p)
        > ['Person', 'Boss']
        MATCH (p:Person {name: 'Bob'}) SET p['na' + 'me'] = 'Rob' RETURN p.name
        > 'Rob'
        MATCH (:Person {name: 'Anne'})-[r:KNOWS]->(:Person {name: 'Bob'}) SET r.since = 2000, r.close = true RETURN properties(r)
        > {close: true, since: 2000}
        OPTIONAL MATCH (n:Nobody) SET n.x = 1 RETURN n
        > null
        MATCH (p:Person {name: 'Bob'}) SET (CASE WHEN p.age > 20 THEN p ELSE null END).old = true RETURN p.old
        > true
        WITH 1 AS x SET x.y = 2
        ! InvalidArgumentType
        # remove
        MATCH (p:Person {name: 'Anne'}) REMOVE p.age, p:Admin RETURN p
        > (:Person {city: 'Lund', name: 'Anne'})
        MATCH (p:Person {name: 'Anne'}) REMOVE p.missing RETURN p.name
        > 'Anne'
        MATCH (p:Person {name: 'Anne'}) REMOVE p['age'] RETURN p.age
        > null
        # delete
        MATCH (p:Person {name: 'Anne'}) DETACH DELETE p WITH 1 AS x MATCH (n) RETURN count(n)
        > 6
        MATCH ()-[r:KNOWS]->() DELETE r WITH 1 AS x MATCH ()-[r]->() RETURN count(DISTINCT r)
        > 7
        MATCH (p:Person {name: 'Dora'})-[r]-() DELETE r, p WITH 1 AS x MATCH (p:Person) RETURN count(DISTINCT p)
        > 3
        MATCH (p:Person {name: 'Anne'}) DELETE p
        ! DeleteConnectedNode
        MATCH (p:Person {name: 'Anne'}) DETACH DELETE p RETURN p.name
        ! DeletedEntityAccess
        MATCH p = (:Person {name: 'Dora'})-[:LIKES]->() DETACH DELETE p WITH 1 AS x MATCH (n) RETURN count(n)
        > 5
        MATCH (n) DELETE n:Person
        ! InvalidDelete
        RETURN 1 AS x DELETE x
        ! InvalidClauseComposition
        # foreach
        FOREACH (i IN range(1, 3) | CREATE (:Step {i: i})) WITH 1 AS x MATCH (s:Step) RETURN sum(s.i)
        > 6
        MATCH p = (:Person {name: 'Anne'})-[:KNOWS*2]->(:Person {name: 'Dora'}) FOREACH (n IN nodes(p) | SET n.marked = true) WITH 1 AS x MATCH (n {marked: true}) RETURN count(n)
        > 3
        FOREACH (i IN [1, 2] | FOREACH (j IN [1, 2] | MERGE (:Cell {i: i, j: j}))) WITH 1 AS x MATCH (c:Cell) RETURN count(c)
        > 4
        FOREACH (i IN null | CREATE (:Never)) WITH 1 AS x OPTIONAL MATCH (n:Never) RETURN n
        > null
        FOREACH (i IN [1] | MATCH (n) DELETE n)
        ! InvalidClauseComposition
        # reading and writing
        MATCH (a:Person) CREATE (:Person {name: a.name}) WITH count(*) AS c MATCH (p:Person) RETURN c, count(p)
        > 4, 8
        MATCH (p:Person) WITH p LIMIT 1 SET p.first = true WITH 1 AS x MATCH (n {first: true}) RETURN count(n)
        > 1
        UNWIND range(1, 5) AS i CREATE (n:Five {i: i}) WITH n LIMIT 2 WITH count(*) AS c MATCH (m:Five) RETURN c, count(m)
        > 2, 5
        UNWIND range(1, 5) AS i MERGE (n:Five {i: i}) WITH n LIMIT 2 WITH count(*) AS c MATCH (m:Five) RETURN c, count(m)
        > 2, 5
        UNWIND range(1, 5) AS i CALL (i) { CREATE (n:Five {i: i}) RETURN n } WITH n LIMIT 0 WITH count(*) AS c MATCH (m:Five) RETURN c, count(m)
        > 0, 5
        UNWIND range(1, 1000000000) AS i WITH i LIMIT 1 CREATE (n:One) RETURN i
        ! MemoryLimit
        CALL { UNWIND range(1, 100000) AS i UNWIND range(1, 100000) AS j RETURN j LIMIT 1 } CREATE (n:One) RETURN j
        > 1
        CREATE (a) MATCH (b) RETURN b
        ! InvalidClauseComposition
        MATCH (n:Person) WITH n ORDER BY n.name SKIP 3 DETACH DELETE n RETURN count(*)
        > 1
        """#
}

/// MATCH and what stands in patterns.
enum PatternQueries {
    static let text = #"""
        # nodes and labels
        MATCH (n) RETURN count(n)
        > 7
        MATCH (p:Person) RETURN p.name ORDER BY p.name
        > 'Anne'
        > 'Bob'
        > 'Carl'
        > 'Dora'
        MATCH (p:Person:Admin) RETURN p.name
        > 'Anne'
        MATCH (n:Person&Admin) RETURN n.name
        > 'Anne'
        MATCH (n:Admin|Spare) RETURN n.name ORDER BY n.name
        > 'Anne'
        > 'm3'
        MATCH (n:!Person) RETURN count(n)
        > 3
        MATCH (n:Machine&!Spare) RETURN n.name ORDER BY n.name
        > 'm1'
        > 'm2'
        MATCH (n:(Person&!Admin)|Spare) RETURN count(n)
        > 4
        MATCH (n:%) RETURN count(n)
        > 7
        MATCH (n:!%) RETURN count(n)
        > 0
        MATCH (n IS Person) RETURN count(n)
        > 4
        MATCH (n IS Machine&!Spare) RETURN count(n)
        > 2
        MATCH (n) WHERE n:Admin RETURN n.name
        > 'Anne'
        MATCH (n) WHERE n IS Admin|Spare RETURN count(n)
        > 2
        MATCH (n) WHERE n:!Person RETURN count(n)
        > 3
        MATCH (n:Nobody) RETURN n
        > nothing
        MATCH (n:Person {city: 'Lund'}) RETURN count(n)
        > 2
        MATCH (n:Person {city: 'Lund', age: 41}) RETURN n.name
        > 'Carl'
        MATCH (n:Person WHERE n.age > 30) RETURN n.name ORDER BY n.age
        > 'Anne'
        > 'Carl'
        # relationships
        MATCH (a)-[:KNOWS]->(b) RETURN count(*)
        > 4
        MATCH (a)-[:KNOWS]-(b) RETURN count(*)
        > 8
        MATCH (a)<-[:KNOWS]-(b {name: 'Anne'}) RETURN a.name ORDER BY a.name
        > 'Bob'
        > 'Carl'
        MATCH (a:Person)-[r:KNOWS|LIKES]->(b) RETURN count(r)
        > 5
        MATCH ()-[r:!KNOWS]->() RETURN count(r)
        > 7
        MATCH (a)-[r:KNOWS WHERE r.since < 2016]->(b) RETURN a.name, b.name ORDER BY r.since
        > 'Anne', 'Bob'
        > 'Bob', 'Carl'
        MATCH (a)-[r:KNOWS {since: 2020}]->(b) RETURN a.name, b.name
        > 'Carl', 'Dora'
        MATCH (a)-[r]->(b) WHERE type(r) = 'LIKES' RETURN a.name, b.name
        > 'Dora', 'Anne'
        MATCH (a)-[r IS LIKES]->(b) RETURN a.name
        > 'Dora'
        MATCH (a)-->(b)-->(c) WHERE a.name = 'Anne' AND c.name = 'Dora' RETURN b.name
        > 'Carl'
        MATCH (a)-[:KNOWS]->(b), (a)-[:OWNS]->(m) RETURN a.name, b.name, m.name ORDER BY a.name, b.name, m.name
        > 'Anne', 'Bob', 'm1'
        > 'Anne', 'Bob', 'm2'
        > 'Anne', 'Carl', 'm1'
        > 'Anne', 'Carl', 'm2'
        > 'Bob', 'Carl', 'm3'
        MATCH (a)-[:KNOWS]->(b)<-[:KNOWS]-(c) RETURN a.name, b.name, c.name ORDER BY a.name
        > 'Anne', 'Carl', 'Bob'
        > 'Bob', 'Carl', 'Anne'
        MATCH (a)-[:KNOWS]->(b)-[:KNOWS]->(c)<-[:KNOWS]-(a) RETURN a.name, b.name, c.name
        > 'Anne', 'Bob', 'Carl'
        MATCH (a:Person), (m:Spare) RETURN count(*)
        > 4
        MATCH ()-[r]->()-[r]->() RETURN r
        ! RelationshipUniquenessViolation
        MATCH (a)-[:KNOWS..]->(b) RETURN a
        ! InvalidRelationshipPattern
        # variable length
        MATCH (a {name: 'Anne'})-[:KNOWS*1..2]->(b) RETURN b.name, count(*) ORDER BY b.name
        > 'Bob', 1
        > 'Carl', 2
        > 'Dora', 1
        MATCH (a {name: 'Anne'})-[:KNOWS*]->(b {name: 'Dora'}) RETURN count(*)
        > 2
        MATCH (a {name: 'Anne'})-[:KNOWS*0..1]->(b) RETURN b.name ORDER BY b.name
        > 'Anne'
        > 'Bob'
        > 'Carl'
        MATCH (a {name: 'Anne'})-[r:KNOWS*2]->(b) RETURN [x IN r | x.since] AS years, b.name ORDER BY years[0]
        > [2010, 2015], 'Carl'
        > [2018, 2020], 'Dora'
        MATCH (a {name: 'Anne'})-[r:KNOWS*2 WHERE r.since > 2015]->(b) RETURN b.name
        > 'Dora'
        MATCH (a {name: 'Anne'})-[:LINK|OWNS*]->(m) RETURN DISTINCT m.name ORDER BY m.name
        > 'm1'
        > 'm2'
        > 'm3'
        MATCH p = (:Person {name: 'Anne'})-[:KNOWS*2]->() RETURN length(p), [n IN nodes(p) | n.name] ORDER BY nodes(p)[1].name
        > 2, ['Anne', 'Bob', 'Carl']
        > 2, ['Anne', 'Carl', 'Dora']
        MATCH (a {name: 'Anne'})-[r:KNOWS*1..2]->(b) WHERE all(k IN r WHERE k.since > 2012) RETURN b.name ORDER BY b.name
        > 'Carl'
        > 'Dora'
        MATCH (a {name: 'Anne'})-[r:KNOWS*1..2]->(b) WHERE size([k IN r WHERE k.since > 2012]) = 1 RETURN b.name
        > 'Carl'
        > 'Carl'
        MATCH p = ({name: 'Anne'})-[:KNOWS*2]->(b) WHERE reduce(s = 0, k IN relationships(p) | s + k.since) > 4030 RETURN b.name
        > 'Dora'
        # quantified relationships and groups
        MATCH (a {name: 'Anne'})-[:KNOWS]->{1,2}(b) RETURN b.name, count(*) ORDER BY b.name
        > 'Bob', 1
        > 'Carl', 2
        > 'Dora', 1
        MATCH (a {name: 'Anne'})-[:KNOWS]->+(b) RETURN count(*)
        > 5
        MATCH (a {name: 'Anne'})-[:KNOWS]->*(b) RETURN count(*)
        > 6
        MATCH (a {name: 'Anne'})-[:KNOWS]->{2}(b) RETURN b.name ORDER BY b.name
        > 'Carl'
        > 'Dora'
        MATCH (a {name: 'Anne'})-->{,1}(b:Person) RETURN b.name ORDER BY b.name
        > 'Anne'
        > 'Bob'
        > 'Carl'
        MATCH (a {name: 'Anne'}) ((x)-[r:KNOWS]->(y)){2} (b) RETURN [n IN x | n.name] AS xs, [n IN y | n.name] AS ys, b.name ORDER BY b.name
        > ['Anne', 'Bob'], ['Bob', 'Carl'], 'Carl'
        > ['Anne', 'Carl'], ['Carl', 'Dora'], 'Dora'
        MATCH (a {name: 'Anne'}) ((x)-[r:KNOWS]->(y) WHERE r.since > 2012)+ (b) RETURN [k IN r | k.since], b.name ORDER BY b.name
        > [2018], 'Carl'
        > [2018, 2020], 'Dora'
        MATCH (a {name: 'Anne'}) ((:Person)-[:KNOWS]->(y:Person {city: 'Lund'}))+ RETURN [n IN y | n.name]
        > ['Carl']
        MATCH (a {name: 'Anne'}) (()-[:KNOWS]->()-[:KNOWS]->()){1,2} (b) RETURN b.name ORDER BY b.name
        > 'Carl'
        > 'Dora'
        MATCH (a {name: 'Dora'}) ((x)-[:KNOWS]->(y))* (b) RETURN b.name, x
        > 'Dora', []
        MATCH p = (a {name: 'Anne'}) ((x)-[:KNOWS]->(y)){2} (b) RETURN length(p) ORDER BY b.name
        > 2
        > 2
        MATCH ((x)-[:LINK]->(y)){2} RETURN [n IN x | n.name] + last(y).name
        > ['m1', 'm2', 'm3']
        MATCH (a:Machine {name: 'm1'}) ((x)-[l:LINK]->(y)){1,2} (b {name: 'm3'}) RETURN reduce(s = 0, k IN l | s + k.ms) AS ms ORDER BY ms
        > 12
        > 20
        MATCH (x) ((x)-->(y))+ RETURN 1
        ! VariableAlreadyBound
        MATCH ((a))+ RETURN a
        ! InvalidRelationshipPattern
        MATCH ((a)-[:R*]->(b))+ RETURN a
        ! InvalidRelationshipPattern
        MATCH (a)-[:KNOWS]->{3,1}(b) RETURN a
        ! InvalidRelationshipPattern
        MATCH ((a:Person)-[:LIKES]->(b)) RETURN a.name, b.name
        > 'Dora', 'Anne'
        MATCH ((a:Person)-[k:KNOWS]->(b) WHERE k.since = 2020) RETURN a.name, b.name
        > 'Carl', 'Dora'
        # shortest paths
        MATCH p = shortestPath((:Person {name: 'Anne'})-[:KNOWS*]->(:Person {name: 'Dora'})) RETURN [n IN nodes(p) | n.name]
        > ['Anne', 'Carl', 'Dora']
        MATCH p = allShortestPaths((:Machine {name: 'm1'})-[:LINK*]-(:Machine {name: 'm3'})) RETURN length(p)
        > 1
        MATCH (a:Person {name: 'Dora'}), (b:Person {name: 'Bob'}) RETURN length(shortestPath((a)-[:KNOWS|LIKES*]->(b)))
        > 2
        MATCH (a:Person {name: 'Dora'}), (b:Person {name: 'Anne'}) RETURN shortestPath((a)-[:KNOWS*]->(b))
        > null
        MATCH p = SHORTEST 1 (:Person {name: 'Anne'})-[:KNOWS]->+(:Person {name: 'Dora'}) RETURN length(p)
        > 2
        MATCH p = ANY SHORTEST (:Person {name: 'Anne'})-[:KNOWS]->+(:Person {name: 'Dora'}) RETURN length(p)
        > 2
        MATCH p = SHORTEST 2 (:Person {name: 'Anne'})-[:KNOWS]->+(:Person {name: 'Dora'}) RETURN length(p) ORDER BY length(p)
        > 2
        > 3
        MATCH p = ALL SHORTEST (:Person {name: 'Anne'})-[:KNOWS]-+(:Person {name: 'Carl'}) RETURN length(p)
        > 1
        MATCH p = SHORTEST 2 GROUPS (:Person {name: 'Anne'})-[:KNOWS]->+(:Person {name: 'Carl'}) RETURN length(p) ORDER BY length(p)
        > 1
        > 2
        MATCH p = ANY (:Person {name: 'Anne'})-[:KNOWS]->+(:Person {name: 'Dora'}) RETURN count(p)
        > 1
        MATCH p = SHORTEST 1 (a:Person)-[:KNOWS]->+(b:Person {name: 'Dora'}) RETURN a.name, length(p) ORDER BY a.name
        > 'Anne', 2
        > 'Bob', 2
        > 'Carl', 1
        MATCH p = SHORTEST 1 (a {name: 'Anne'}) ((x)-[r:KNOWS]->(y) WHERE r.since <> 2018)+ (b {name: 'Dora'}) RETURN length(p)
        > 3
        MATCH p = SHORTEST 0 (a)-->+(b) RETURN p
        ! NegativeIntegerArgument
        # paths
        MATCH p = (a {name: 'Dora'})-[:LIKES]->(b) RETURN p
        > (:Person {city: 'Rome', name: 'Dora'})-[:LIKES]->(:Person:Admin {age: 34, city: 'Lund', name: 'Anne'})
        MATCH p = (a {name: 'Bob'})-[:KNOWS]->() RETURN length(p), size(nodes(p)), type(relationships(p)[0])
        > 1, 2, 'KNOWS'
        MATCH p = (a {name: 'Bob'}) RETURN length(p)
        > 0
        # optional
        MATCH (p:Person) OPTIONAL MATCH (p)-[:OWNS]->(m) RETURN p.name, count(m) ORDER BY p.name
        > 'Anne', 2
        > 'Bob', 1
        > 'Carl', 0
        > 'Dora', 0
        MATCH (p:Person {name: 'Dora'}) OPTIONAL MATCH (p)-[r:OWNS]->(m) RETURN p.name, r, m.name
        > 'Dora', null, null
        OPTIONAL MATCH (n:Nobody) RETURN n.name
        > null
        MATCH (p:Person) OPTIONAL MATCH (p)-[:OWNS]->(m) WHERE m.cores > 10 RETURN p.name, m.name ORDER BY p.name
        > 'Anne', 'm2'
        > 'Bob', null
        > 'Carl', null
        > 'Dora', null
        OPTIONAL MATCH (n:Nobody) MATCH (n)-->(m) RETURN m
        > nothing
        # conditions
        MATCH (p:Person) WHERE p.age IS NULL RETURN p.name
        > 'Dora'
        MATCH (p:Person) WHERE NOT p.city = 'Lund' RETURN p.name ORDER BY p.name
        > 'Bob'
        > 'Dora'
        MATCH (p:Person) WHERE (p)-[:OWNS]->() RETURN p.name ORDER BY p.name
        > 'Anne'
        > 'Bob'
        MATCH (p:Person) WHERE NOT (p)-[:OWNS]->(:Spare) AND p.age > 0 RETURN p.name ORDER BY p.name
        > 'Anne'
        > 'Carl'
        MATCH (p:Person) WHERE p.name IN ['Bob', 'Dora'] RETURN count(p)
        > 2
        MATCH (n) WHERE n.cores > 5 OR n.age > 40 RETURN n.name ORDER BY n.name
        > 'Carl'
        > 'm1'
        > 'm2'
        MATCH (n) WHERE (n) RETURN n
        ! InvalidArgumentType
        MATCH (n) WHERE n.name RETURN n
        ! InvalidArgumentType
        MATCH (n) RETURN m
        ! UndefinedVariable
        MATCH (n)
        ! InvalidClauseComposition
        """#
}

/// WITH, RETURN, UNWIND, UNION, aggregation, order.
enum ClauseQueries {
    static let text = #"""
        # projection
        RETURN 1 AS a, 'x' AS b
        > 1, 'x'
        WITH 1 AS a, 2 AS b RETURN *
        > 1, 2
        WITH 1 AS a WITH a, a + 1 AS b RETURN b
        > 2
        MATCH (p:Person {name: 'Bob'}) WITH p.age AS age RETURN age * 2
        > 56
        UNWIND [1, 2, 2, null] AS x RETURN DISTINCT x
        > 1
        > 2
        > null
        WITH 1 AS a RETURN b
        ! UndefinedVariable
        RETURN 1 AS a, 2 AS a
        ! ColumnNameConflict
        MATCH (n) WITH n.name RETURN 1
        ! NoExpressionAlias
        RETURN *
        ! NoVariablesInScope
        MATCH (p:Person) FINISH
        > nothing
        # order, skip, limit
        UNWIND [3, 1, 2] AS x RETURN x ORDER BY x
        > 1
        > 2
        > 3
        UNWIND [3, 1, 2] AS x RETURN x ORDER BY x DESC LIMIT 2
        > 3
        > 2
        UNWIND [3, 1, 2] AS x RETURN x ORDER BY x SKIP 1
        > 2
        > 3
        UNWIND [3, 1, 2] AS x RETURN x ORDER BY x OFFSET 2
        > 3
        UNWIND [1, 2] AS x RETURN x LIMIT 0
        > nothing
        UNWIND [1, null, 2] AS x RETURN x ORDER BY x DESCENDING
        > null
        > 2
        > 1
        UNWIND [1, 'a', true, [1], 2.5] AS x RETURN x ORDER BY x
        > [1]
        > 'a'
        > true
        > 1
        > 2.5
        MATCH (p:Person) RETURN p.name ORDER BY p.city, p.age DESC
        > 'Carl'
        > 'Anne'
        > 'Bob'
        > 'Dora'
        MATCH (p:Person) WITH p ORDER BY p.name LIMIT 2 RETURN collect(p.name)
        > ['Anne', 'Bob']
        MATCH (p:Person) WITH p.city AS city, count(*) AS n WHERE n > 1 RETURN city, n
        > 'Lund', 2
        RETURN 1 LIMIT -1
        ! NegativeIntegerArgument
        RETURN 1 LIMIT 1.5
        ! InvalidArgumentType
        MATCH (n) RETURN n LIMIT n.x
        ! NonConstantExpression
        UNWIND [1, 2, 3] AS x RETURN x LIMIT 1 + 1
        > 1
        > 2
        MATCH (p:Person) ORDER BY p.name LIMIT 1 RETURN p.name
        > 'Anne'
        MATCH (p:Person) ORDER BY p.name SKIP 3 MATCH (q:Spare) RETURN p.name, q.name
        > 'Dora', 'm3'
        # unwind
        UNWIND [] AS x RETURN x
        > nothing
        UNWIND null AS x RETURN x
        > nothing
        UNWIND [[1, 2], [3]] AS l UNWIND l AS x RETURN sum(x)
        > 6
        UNWIND range(1, 3) AS x UNWIND ['a', 'b'] AS y RETURN count(*)
        > 6
        UNWIND 5 AS x RETURN x
        > 5
        # union
        RETURN 1 AS x UNION RETURN 2 AS x
        > 1
        > 2
        RETURN 1 AS x UNION RETURN 1 AS x
        > 1
        RETURN 1 AS x UNION ALL RETURN 1 AS x
        > 1
        > 1
        RETURN 1 AS x UNION DISTINCT RETURN 1 AS x
        > 1
        RETURN 1 AS a, 2 AS b UNION RETURN 4 AS b, 3 AS a
        > 1, 2
        > 3, 4
        RETURN 1 AS x UNION RETURN 1 AS y
        ! DifferentColumnsInUnion
        RETURN 1 AS x UNION RETURN 2 AS x UNION ALL RETURN 3 AS x
        ! InvalidClauseComposition
        # aggregation
        MATCH (p:Person) RETURN count(*), count(p.age), count(DISTINCT p.city)
        > 4, 3, 3
        MATCH (p:Person) RETURN sum(p.age), avg(p.age), min(p.age), max(p.age)
        > 103, 34.333333333333336, 28, 41
        MATCH (p:Person) RETURN p.city, collect(p.name) ORDER BY p.city
        > 'Lund', ['Anne', 'Carl']
        > 'Oslo', ['Bob']
        > 'Rome', ['Dora']
        MATCH (p:Person)-[:OWNS]->(m) RETURN p.name, sum(m.cores) AS cores ORDER BY cores DESC
        > 'Anne', 24
        > 'Bob', 4
        MATCH (p:Nobody) RETURN count(p), collect(p), sum(p.age), avg(p.age), min(p.age)
        > 0, [], 0, null, null
        MATCH (p:Nobody) RETURN p.city, count(*)
        > nothing
        UNWIND [1, 1, 2] AS x RETURN sum(DISTINCT x), collect(DISTINCT x)
        > 3, [1, 2]
        UNWIND [1, 2, 3, 4] AS x RETURN percentileDisc(x, 0.5), percentileCont(x, 0.5)
        > 2, 2.5
        UNWIND [10, 20, 30] AS x RETURN percentileCont(x, 0), percentileCont(x, 1), percentileDisc(x, 0.9)
        > 10.0, 30.0, 30
        UNWIND [2, 4, 4, 4, 5, 5, 7, 9] AS x RETURN stDevP(x), round(stDev(x), 3)
        > 2.0, 2.138
        UNWIND [1] AS x RETURN stDev(x)
        > 0.0
        UNWIND [1, 2.5] AS x RETURN sum(x)
        > 3.5
        UNWIND ['b', 'a'] AS x RETURN min(x), max(x)
        > 'a', 'b'
        UNWIND [1, 'a'] AS x RETURN min(x), max(x)
        > 'a', 1
        UNWIND [duration('P1D'), duration('P2D')] AS d RETURN sum(d), avg(d)
        > P3D, P1DT12H
        MATCH (p:Person) RETURN count(p) + 1, count(p) * 2
        > 5, 8
        MATCH (p:Person) RETURN p.city AS c, count(*) AS n ORDER BY n DESC, c LIMIT 1
        > 'Lund', 2
        MATCH (p:Person) RETURN count(ALL p.city)
        > 4
        UNWIND ['a'] AS x RETURN sum(x)
        ! InvalidArgumentValue
        UNWIND [1] AS x RETURN percentileCont(x, 2)
        ! NumberOutOfRange
        MATCH (n) RETURN n.name + count(n)
        ! AmbiguousAggregationExpression
        MATCH (n) WHERE count(n) > 1 RETURN n
        ! InvalidAggregation
        RETURN count(count(1))
        ! NestedAggregation
        MATCH (p:Person) RETURN count(*) AS n ORDER BY p.age + count(*)
        ! UndefinedVariable
        MATCH (p:Person) RETURN p.age + 1, count(*) AS n ORDER BY p.age + 1 + count(*)
        ! AmbiguousAggregationExpression
        UNWIND [{k: 1, v: 'a'}, {k: 1, v: 'b'}, {k: 2, v: 'c'}] AS m RETURN m.k AS k, collect(m.v) AS vs ORDER BY k
        > 1, ['a', 'b']
        > 2, ['c']
        UNWIND [1, 1.0, null, null] AS x RETURN x, count(*) ORDER BY x
        > 1, 2
        > null, 2
        """#
}

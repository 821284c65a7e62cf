/// Operators, literals, comparisons, lists, maps, conditionals.
enum ExpressionQueries {
    static let text = #"""
        # literals
        42 ⇒ 42
        -0x1F ⇒ -31
        0o17 ⇒ 15
        1_000 ⇒ 1000
        1e3 ⇒ 1000.0
        .5 ⇒ 0.5
        'a\'b' ⇒ 'a'b'
        "double" ⇒ 'double'
        'tab\tx' = "tab	x" ⇒ true
        '\u00e5' ⇒ 'å'
        [1, 'a', null] ⇒ [1, 'a', null]
        {a: 1, `b c`: 2} ⇒ {a: 1, b c: 2}
        9223372036854775807 ⇒ 9223372036854775807
        -9223372036854775808 ⇒ -9223372036854775808
        9223372036854775808 ⇒ ! IntegerOverflow
        -0x8000000000000001 ⇒ ! IntegerOverflow
        1e999 ⇒ ! FloatingPointOverflow
        12abc ⇒ ! InvalidNumberLiteral
        # arithmetic
        7 / 2 ⇒ 3
        -7 / 2 ⇒ -3
        7 % 3 ⇒ 1
        -7 % 3 ⇒ -1
        7 / 2.0 ⇒ 3.5
        2 ^ 10 ⇒ 1024.0
        2 ^ 3 ^ 2 ⇒ 64.0
        1 + 2 * 3 ⇒ 7
        (1 + 2) * 3 ⇒ 9
        -2 ^ 2 ⇒ 4.0
        10 - 4 - 3 ⇒ 3
        1 + null ⇒ null
        1 / 0 ⇒ ! DivisionByZero
        1.0 / 0 ⇒ inf
        9223372036854775807 + 1 ⇒ ! IntegerOverflow
        'a' + 1 ⇒ 'a1'
        'a' - 1 ⇒ ! InvalidArgumentType
        true * 2 ⇒ ! InvalidArgumentType
        # comparisons
        1 = 1.0 ⇒ true
        1 < 2 < 3 ⇒ true
        1 < 3 < 2 ⇒ false
        'a' < 'b' ⇒ true
        'a' = 1 ⇒ false
        'a' < 1 ⇒ null
        null = null ⇒ null
        null <> null ⇒ null
        null IS NULL ⇒ true
        1 IS NOT NULL ⇒ true
        [1, 2] = [1, 2] ⇒ true
        [1, null] = [1, 2] ⇒ null
        [1, null] = [2, null] ⇒ false
        [1, 2] < [1, 3] ⇒ true
        {a: 1} = {a: 1.0} ⇒ true
        {a: null} = {a: null} ⇒ null
        true > false ⇒ true
        1 <> 2 ⇒ true
        # logic
        true AND null ⇒ null
        false AND null ⇒ false
        true OR null ⇒ true
        false OR null ⇒ null
        true XOR true ⇒ false
        true XOR null ⇒ null
        NOT null ⇒ null
        NOT true OR true ⇒ true
        1 = 1 AND 2 > 1 ⇒ true
        NOT 1 ⇒ ! InvalidArgumentType
        'a' OR true ⇒ ! InvalidArgumentType
        # texts
        'hello' STARTS WITH 'he' ⇒ true
        'hello' ENDS WITH 'lo' ⇒ true
        'hello' CONTAINS 'ell' ⇒ true
        'hello' CONTAINS '' ⇒ true
        'hello' STARTS WITH null ⇒ null
        'hello' =~ 'h.*o' ⇒ true
        'hello' =~ 'ell' ⇒ false
        'HELLO' =~ '(?i)hello' ⇒ true
        'a' =~ '[' ⇒ ! InvalidRegularExpression
        # lists
        [1, 2, 3][0] ⇒ 1
        [1, 2, 3][-1] ⇒ 3
        [1, 2, 3][9] ⇒ null
        [1, 2, 3][1..] ⇒ [2, 3]
        [1, 2, 3][..-1] ⇒ [1, 2]
        [1, 2, 3][1..1] ⇒ []
        [1, 2, 3][null..] ⇒ null
        [1] + [2] ⇒ [1, 2]
        [1] + 2 ⇒ [1, 2]
        0 + [1] ⇒ [0, 1]
        [1] + null ⇒ null
        2 IN [1, 2] ⇒ true
        3 IN [1, null] ⇒ null
        null IN [] ⇒ false
        [1] IN [[1], [2]] ⇒ true
        1 IN 'abc' ⇒ ! InvalidArgumentType
        [1, 2]['a'] ⇒ ! InvalidArgumentType
        [x IN range(1, 5) WHERE x % 2 = 1] ⇒ [1, 3, 5]
        [x IN [1, 2] | x * 10] ⇒ [10, 20]
        [x IN [1, 2, 3] WHERE x > 1 | toString(x)] ⇒ ['2', '3']
        [x IN null | x] ⇒ null
        [x IN [[1, 2], [3]] | [y IN x | y + 1]] ⇒ [[2, 3], [4]]
        all(x IN [1, 2] WHERE x > 0) ⇒ true
        all(x IN [] WHERE false) ⇒ true
        any(x IN [1, null] WHERE x > 1) ⇒ null
        any(x IN [1, 2] WHERE x > 1) ⇒ true
        none(x IN [1, 2] WHERE x > 2) ⇒ true
        single(x IN [1, 2] WHERE x > 1) ⇒ true
        single(x IN [1, 1] WHERE x = 1) ⇒ false
        any(x IN ['a'] WHERE x % 2 = 0) ⇒ ! InvalidArgumentType
        # maps
        {a: 1}.a ⇒ 1
        {a: {b: 2}}.a.b ⇒ 2
        {a: 1}['a'] ⇒ 1
        {a: 1}.missing ⇒ null
        keys({b: 1, a: 2}) ⇒ ['a', 'b']
        {a: 1}[0] ⇒ ! MapElementAccessByNonString
        null.a ⇒ null
        properties({a: 1}) ⇒ {a: 1}
        properties(1) ⇒ ! InvalidArgumentType
        # conditionals
        CASE WHEN true THEN 1 ELSE 2 END ⇒ 1
        CASE WHEN null THEN 1 ELSE 2 END ⇒ 2
        CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END ⇒ 'b'
        CASE 9 WHEN 1 THEN 'a' END ⇒ null
        CASE 5 WHEN 1, 5 THEN 'some' ELSE 'other' END ⇒ 'some'
        CASE 5 WHEN > 3 THEN 'more' ELSE 'less' END ⇒ 'more'
        CASE 2 WHEN > 3 THEN 'more' WHEN < 1, = 2 THEN 'two' END ⇒ 'two'
        CASE null WHEN IS NULL THEN 'none' ELSE 'some' END ⇒ 'none'
        CASE 'abc' WHEN STARTS WITH 'a' THEN 1 ELSE 2 END ⇒ 1
        CASE 3 WHEN IN [1, 2] THEN 'in' ELSE 'out' END ⇒ 'out'
        CASE 1.5 WHEN IS :: INTEGER THEN 'whole' WHEN IS :: FLOAT THEN 'part' END ⇒ 'part'
        CASE null WHEN null THEN 1 ELSE 2 END ⇒ 2
        CASE END ⇒ ! UnexpectedSyntax
        # map projections
        MATCH (p:Person {name: 'Anne'}) RETURN p {.name, .age}
        > {age: 34, name: 'Anne'}
        MATCH (p:Person {name: 'Anne'}) RETURN p {.*, age: 1}
        > {age: 1, city: 'Lund', name: 'Anne'}
        MATCH (p:Person {name: 'Anne'}) WITH p, 3 AS n RETURN p {.name, n}
        > {n: 3, name: 'Anne'}
        MATCH (p:Person {name: 'Anne'})-[:OWNS]->(m) WITH p, m ORDER BY m.name RETURN p {.name, machines: collect(m {.name})}
        ! AmbiguousAggregationExpression
        MATCH (p:Person {name: 'Anne'})-[:OWNS]->(m) WITH p, m ORDER BY m.name WITH p, collect(m {.name}) AS machines RETURN p {.name, machines}
        > {machines: [{name: 'm1'}, {name: 'm2'}], name: 'Anne'}
        OPTIONAL MATCH (p:Nobody) RETURN p {.name}
        > null
        WITH {inner: {a: 1, b: 2}} AS m RETURN m.inner {.a}
        > {a: 1}
        """#
}

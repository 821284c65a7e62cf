/// The functions of the language, one case a line.
enum FunctionQueries {
    static let text = #"""
        # text functions
        toUpper('straße') ⇒ 'STRASSE'
        toLower('ÅÄÖ') ⇒ 'åäö'
        upper('a') ⇒ 'A'
        lower('A') ⇒ 'a'
        trim('  a b  ') ⇒ 'a b'
        ltrim('  a ') ⇒ 'a '
        rtrim(' a  ') ⇒ ' a'
        btrim('xxaxx', 'x') ⇒ 'a'
        btrim('xyaxy', 'yx') ⇒ 'a'
        ltrim('xxax', 'x') ⇒ 'ax'
        rtrim('xaxx', 'x') ⇒ 'xa'
        trim(BOTH 'x' FROM 'xxaxx') ⇒ 'a'
        trim(LEADING 'x' FROM 'xxaxx') ⇒ 'axx'
        trim(TRAILING FROM 'a  ') ⇒ 'a'
        trim(null) ⇒ null
        left('hello', 2) ⇒ 'he'
        left('hello', 20) ⇒ 'hello'
        left(null, 2) ⇒ null
        left('a', -1) ⇒ ! NegativeIntegerArgument
        right('hello', 3) ⇒ 'llo'
        substring('hello', 1) ⇒ 'ello'
        substring('hello', 1, 3) ⇒ 'ell'
        substring('hello', 4, 9) ⇒ 'o'
        substring('hello', 9) ⇒ ''
        replace('banana', 'a', 'o') ⇒ 'bonono'
        replace('banana', 'a', 'o', 2) ⇒ 'bonona'
        replace('aaa', 'aa', 'b') ⇒ 'ba'
        replace('abc', '', 'x') ⇒ 'abc'
        split('a,b,,c', ',') ⇒ ['a', 'b', '', 'c']
        split('abc', '') ⇒ ['a', 'b', 'c']
        split('a-b_c', ['-', '_']) ⇒ ['a', 'b', 'c']
        split('', ',') ⇒ ['']
        split(null, ',') ⇒ null
        reverse('abc') ⇒ 'cba'
        size('') ⇒ 0
        size('smörgås') ⇒ 7
        char_length('abc') ⇒ 3
        character_length('åä') ⇒ 2
        char_length(null) ⇒ null
        normalize('e\u0301') = '\u00e9' ⇒ true
        normalize('ﬁ', 'NFKC') ⇒ 'fi'
        normalize('a', 'XYZ') ⇒ ! InvalidArgumentValue
        'é' IS NORMALIZED ⇒ true
        'e\u0301' IS NFC NORMALIZED ⇒ false
        'e\u0301' IS NOT NFC NORMALIZED ⇒ true
        null IS NORMALIZED ⇒ null
        toString(1) ⇒ '1'
        toString(1.0) ⇒ '1.0'
        toString(true) ⇒ 'true'
        toString(date('2026-01-02')) ⇒ '2026-01-02'
        toString([1]) ⇒ ! InvalidArgumentValue
        toStringOrNull([1]) ⇒ null
        toUpper(1) ⇒ ! InvalidArgumentValue
        size(randomUUID()) ⇒ 36
        'a' || 'b' ⇒ 'ab'
        # conversions
        toInteger('42') ⇒ 42
        toInteger(' 7 ') ⇒ 7
        toInteger('4.9') ⇒ 4
        toInteger('x') ⇒ null
        toInteger(3.99) ⇒ 3
        toInteger(-3.99) ⇒ -3
        toInteger(true) ⇒ 1
        toInteger([1]) ⇒ ! InvalidArgumentValue
        toIntegerOrNull([1]) ⇒ null
        toFloat('1.5') ⇒ 1.5
        toFloat(2) ⇒ 2.0
        toFloat('1e3') ⇒ 1000.0
        toFloat('abc') ⇒ null
        toFloatOrNull(true) ⇒ null
        toBoolean('TRUE') ⇒ true
        toBoolean('no') ⇒ null
        toBoolean(0) ⇒ false
        toBoolean(1.5) ⇒ ! InvalidArgumentValue
        toBooleanOrNull(1.5) ⇒ null
        toIntegerList(['1', 'x', 2.7]) ⇒ [1, null, 2]
        toFloatList(['1', 2]) ⇒ [1.0, 2.0]
        toStringList([1, 'a', null]) ⇒ ['1', 'a', null]
        toBooleanList(['true', 0, 'x']) ⇒ [true, false, null]
        toIntegerList(null) ⇒ null
        # number functions
        abs(-3) ⇒ 3
        abs(-2.5) ⇒ 2.5
        abs(null) ⇒ null
        ceil(1.1) ⇒ 2.0
        ceil(-1.1) ⇒ -1.0
        floor(1.9) ⇒ 1.0
        floor(-1.1) ⇒ -2.0
        round(2.5) ⇒ 3.0
        round(-2.5) ⇒ -2.0
        round(0.49999999999999994) ⇒ 0.0
        round(3.14159, 2) ⇒ 3.14
        round(1.005, 2) ⇒ 1.01
        round(-1.25, 1) ⇒ -1.3
        round(1.249, 1, 'UP') ⇒ 1.3
        round(-1.21, 1, 'UP') ⇒ -1.3
        round(1.29, 1, 'DOWN') ⇒ 1.2
        round(-1.29, 1, 'DOWN') ⇒ -1.2
        round(-1.21, 1, 'FLOOR') ⇒ -1.3
        round(-1.29, 1, 'CEILING') ⇒ -1.2
        round(1.25, 1, 'HALF_EVEN') ⇒ 1.2
        round(1.35, 1, 'HALF_EVEN') ⇒ 1.4
        round(1.25, 1, 'HALF_DOWN') ⇒ 1.2
        round(1.26, 1, 'HALF_DOWN') ⇒ 1.3
        round(-1.25, 1, 'HALF_DOWN') ⇒ -1.2
        round(1.5, 0, 'SIDEWAYS') ⇒ ! InvalidArgumentValue
        sign(-7) ⇒ -1
        sign(0) ⇒ 0
        sign(0.1) ⇒ 1
        sqrt(16) ⇒ 4.0
        log(0) ⇒ -inf
        isNaN(sqrt(-1)) ⇒ true
        isNaN(1) ⇒ false
        isNaN(null) ⇒ null
        exp(0) ⇒ 1.0
        log(e()) ⇒ 1.0
        log10(1000) ⇒ 3.0
        pi() ⇒ 3.141592653589793
        round(sin(pi() / 2), 6) ⇒ 1.0
        cos(0) ⇒ 1.0
        tan(0) ⇒ 0.0
        round(cot(pi() / 4), 6) ⇒ 1.0
        asin(0) ⇒ 0.0
        acos(1) ⇒ 0.0
        atan(0) ⇒ 0.0
        round(atan2(1, 1) * 4, 6) ⇒ 3.141593
        sinh(0) ⇒ 0.0
        cosh(0) ⇒ 1.0
        tanh(0) ⇒ 0.0
        round(coth(1), 4) ⇒ 1.313
        haversin(0) ⇒ 0.0
        degrees(pi()) ⇒ 180.0
        round(radians(180), 6) ⇒ 3.141593
        0 <= rand() < 1 ⇒ true
        sqrt('a') ⇒ ! InvalidArgumentValue
        # list functions
        size([1, 2, 3]) ⇒ 3
        size(null) ⇒ null
        head([1, 2]) ⇒ 1
        head([]) ⇒ null
        last([1, 2]) ⇒ 2
        tail([1, 2, 3]) ⇒ [2, 3]
        tail([]) ⇒ []
        reverse([1, 2]) ⇒ [2, 1]
        range(1, 4) ⇒ [1, 2, 3, 4]
        range(0, 10, 5) ⇒ [0, 5, 10]
        range(3, 1, -1) ⇒ [3, 2, 1]
        range(3, 1) ⇒ []
        range(1, 2, 0) ⇒ ! NumberOutOfRange
        isEmpty([]) ⇒ true
        isEmpty('') ⇒ true
        isEmpty({a: 1}) ⇒ false
        isEmpty(null) ⇒ null
        coalesce(null, null, 3) ⇒ 3
        coalesce(null) ⇒ null
        nullIf(1, 1) ⇒ null
        nullIf(1, 2) ⇒ 1
        nullIf(null, 1) ⇒ null
        reduce(s = '', x IN ['a', 'b'] | s + x) ⇒ 'ab'
        reduce(s = 0, x IN [] | s + x) ⇒ 0
        reduce(s = 0, x IN null | s + x) ⇒ null
        vector.similarity.euclidean([0, 0], [3, 4]) ⇒ 0.038461538461538464
        vector.similarity.cosine([1, 0], [1, 0]) ⇒ 1.0
        vector.similarity.cosine([1, 0], [0, 1]) ⇒ 0.5
        vector.similarity.cosine([1], [1, 2]) ⇒ ! InvalidArgumentValue
        # types
        valueType(1) ⇒ 'INTEGER NOT NULL'
        valueType(null) ⇒ 'NULL'
        valueType('a') ⇒ 'STRING NOT NULL'
        valueType([1, 2]) ⇒ 'LIST<INTEGER NOT NULL> NOT NULL'
        valueType([1, null]) ⇒ 'LIST<INTEGER> NOT NULL'
        valueType([1, 'a']) ⇒ 'LIST<STRING NOT NULL | INTEGER NOT NULL> NOT NULL'
        valueType([]) ⇒ 'LIST<NOTHING> NOT NULL'
        valueType({a: 1}) ⇒ 'MAP NOT NULL'
        valueType(date()) ⇒ 'DATE NOT NULL'
        valueType(datetime()) ⇒ 'ZONED DATETIME NOT NULL'
        1 IS :: INTEGER ⇒ true
        1 IS :: FLOAT ⇒ false
        1 IS NOT :: FLOAT ⇒ true
        1 :: INTEGER ⇒ true
        null IS :: INTEGER ⇒ true
        null IS :: INTEGER NOT NULL ⇒ false
        1 IS TYPED INTEGER | STRING ⇒ true
        'a' IS :: VARCHAR ⇒ true
        [1, 2] IS :: LIST<INTEGER> ⇒ true
        [1, null] IS :: LIST<INTEGER NOT NULL> ⇒ false
        [1, 'a'] IS :: LIST<INTEGER | STRING> ⇒ true
        [] IS :: LIST<NOTHING> ⇒ true
        {a: 1} IS :: MAP ⇒ true
        date() IS :: DATE ⇒ true
        localtime() IS :: LOCAL TIME ⇒ true
        time() IS :: TIME WITH TIME ZONE ⇒ true
        localdatetime() IS :: TIMESTAMP WITHOUT TIME ZONE ⇒ true
        1 IS :: ANY ⇒ true
        1 IS :: NOTHING ⇒ false
        'a' IS :: PROPERTY VALUE ⇒ true
        {a: 1} IS :: PROPERTY VALUE ⇒ false
        1 IS :: WHATEVER ⇒ ! UnexpectedSyntax
        # points
        point({x: 1, y: 2}).y ⇒ 2.0
        point({x: 1, y: 2}).crs ⇒ 'cartesian'
        point({x: 1, y: 2, z: 3}).crs ⇒ 'cartesian-3d'
        point({longitude: 13.2, latitude: 55.7}).longitude ⇒ 13.2
        point({longitude: 13.2, latitude: 55.7}).srid ⇒ 4326
        point({longitude: 13.2, latitude: 55.7, height: 10}).height ⇒ 10.0
        point({x: 1, y: 2, crs: 'wgs-84'}).latitude ⇒ 2.0
        point({x: 1, y: null}) ⇒ null
        point({x: 1}) ⇒ ! InvalidArgumentValue
        point({latitude: 91, longitude: 0}) ⇒ ! InvalidArgumentValue
        point({x: 1, y: 2, crs: 'moon'}) ⇒ ! InvalidArgumentValue
        point.distance(point({x: 0, y: 0}), point({x: 3, y: 4})) ⇒ 5.0
        point.distance(point({x: 0, y: 0, z: 0}), point({x: 1, y: 2, z: 2})) ⇒ 3.0
        point.distance(point({x: 0, y: 0}), point({longitude: 0, latitude: 0})) ⇒ null
        round(point.distance(point({longitude: 0, latitude: 0}), point({longitude: 0, latitude: 1})) / 1000) ⇒ 111.0
        point.withinBBox(point({x: 1, y: 1}), point({x: 0, y: 0}), point({x: 2, y: 2})) ⇒ true
        point.withinBBox(point({x: 3, y: 1}), point({x: 0, y: 0}), point({x: 2, y: 2})) ⇒ false
        point.withinBBox(point({longitude: 179, latitude: 0}), point({longitude: 170, latitude: -5}), point({longitude: -170, latitude: 5})) ⇒ true
        point({x: 1, y: 2}) = point({x: 1.0, y: 2.0}) ⇒ true
        # names of functions
        noSuchFunction(1) ⇒ ! UnknownFunction
        toupper('a') ⇒ 'A'
        size(1, 2) ⇒ ! InvalidNumberOfArguments
        """#
}

import JSON
import JSONSchema
import Testing

/// What fits a schema, what does not and why, and which schemas are refused.
struct JSONSchemaTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let schema: String
        let fits: [String]
        let breaks: [String]
        var testDescription: String { self.schema }

        init(_ schema: String, fits: [String] = [], breaks: [String] = []) {
            self.schema = schema
            self.fits = fits
            self.breaks = breaks
        }
    }

    static let cases = [
        Case("true", fits: ["1", "null"]),
        Case("false", breaks: ["1", "{}"]),
        Case("{}", fits: ["1", #"{"a": [null]}"#]),
        Case(
            #"{"type": "integer"}"#, fits: ["1", "1.0", "-3", "1e3"],
            breaks: ["1.5", #""1""#, "null", "true"]),
        Case(#"{"type": "number"}"#, fits: ["1", "1.5"], breaks: [#""1""#]),
        Case(#"{"type": ["string", "null"]}"#, fits: [#""a""#, "null"], breaks: ["1", "[]"]),
        Case(
            #"{"type": "boolean"}"#, fits: ["true", "false"], breaks: ["0", #""true""#]),
        Case(
            #"{"enum": [1, "a", {"x": [1.0], "y": 2}]}"#, fits: ["1.0", #"{"y": 2, "x": [1]}"#],
            breaks: ["2", "true"]),
        Case(#"{"const": false}"#, fits: ["false"], breaks: ["0", "[]", "null"]),
        Case(#"{"const": 9007199254740993}"#, fits: ["9007199254740993"], breaks: ["9007199254740992"]),
        // Objects.
        Case(
            #"{"properties": {"n": {"type": "integer"}}, "required": ["n"]}"#,
            fits: [#"{"n": 1}"#, #"{"n": 1, "m": 2}"#, "3"], breaks: ["{}", #"{"n": "1"}"#]),
        Case(
            #"{"properties": {"a": true}, "patternProperties": {"^x_": {"type": "string"}}, "additionalProperties": false}"#,
            fits: [#"{"a": 1, "x_b": "c"}"#, "{}"], breaks: [#"{"b": 1}"#, #"{"x_b": 1}"#]),
        Case(
            #"{"additionalProperties": {"type": "integer"}}"#, fits: [#"{"a": 1}"#], breaks: [#"{"a": "b"}"#]),
        Case(#"{"propertyNames": {"maxLength": 2}}"#, fits: [#"{"ab": 1}"#], breaks: [#"{"abc": 1}"#]),
        Case(
            #"{"minProperties": 1, "maxProperties": 2}"#, fits: [#"{"a": 1}"#],
            breaks: ["{}", #"{"a": 1, "b": 1, "c": 1}"#]),
        Case(
            #"{"dependentRequired": {"card": ["address"]}}"#, fits: ["{}", #"{"card": 1, "address": 2}"#],
            breaks: [#"{"card": 1}"#]),
        Case(
            #"{"dependentSchemas": {"a": {"required": ["b"]}}}"#, fits: ["{}", #"{"a": 1, "b": 1}"#],
            breaks: [#"{"a": 1}"#]),
        // Arrays.
        Case(#"{"items": {"type": "integer"}}"#, fits: ["[]", "[1, 2]"], breaks: [#"[1, "2"]"#]),
        Case(
            #"{"prefixItems": [{"type": "string"}], "items": false}"#, fits: ["[]", #"["a"]"#],
            breaks: ["[1]", #"["a", "b"]"#]),
        Case(
            #"{"contains": {"const": 1}, "minContains": 2, "maxContains": 3}"#, fits: ["[1, 2, 1]"],
            breaks: ["[1]", "[1, 1, 1, 1]"]),
        Case(#"{"contains": {"const": 1}, "minContains": 0}"#, fits: ["[]", "[2]"]),
        Case(#"{"minItems": 1, "maxItems": 2}"#, fits: ["[1]"], breaks: ["[]", "[1, 2, 3]"]),
        Case(
            #"{"uniqueItems": true}"#, fits: ["[1, true]", #"[{"a": 1}, {"a": 2}]"#, #"[1, "1"]"#],
            breaks: ["[1, 1.0]", #"[{"a": 1, "b": 2}, {"b": 2, "a": 1}]"#]),
        // Numbers and texts.
        Case(#"{"minimum": 1, "exclusiveMaximum": 3}"#, fits: ["1", "2.9"], breaks: ["0.9", "3"]),
        Case(
            #"{"exclusiveMinimum": 1, "maximum": 3}"#, fits: ["3", "1.1", #""a""#], breaks: ["1", "3.1"]),
        Case(
            #"{"maximum": 9223372036854775806}"#, fits: ["9223372036854775806"],
            breaks: ["9223372036854775807"]),
        Case(#"{"multipleOf": 0.01}"#, fits: ["4.02", "0", "1"], breaks: ["0.001", "4.025"]),
        Case(#"{"multipleOf": 3}"#, fits: ["9", "-3", "0"], breaks: ["10"]),
        Case(
            #"{"minLength": 2, "maxLength": 3}"#, fits: [#""ab""#, #""💩💩""#, "1"],
            breaks: [#""💩""#, #""abcd""#]),
        Case(#"{"pattern": "^a+$"}"#, fits: [#""aa""#, "1"], breaks: [#""ab""#, #""""#]),
        Case(#"{"pattern": "a+"}"#, fits: [#""xaay""#], breaks: [#""b""#]),
        // Combinations.
        Case(
            #"{"allOf": [{"minimum": 1}, {"maximum": 2}]}"#, fits: ["1"], breaks: ["0", "3"]),
        Case(#"{"anyOf": [{"type": "string"}, {"minimum": 5}]}"#, fits: [#""a""#, "5"], breaks: ["4"]),
        Case(#"{"oneOf": [{"minimum": 1}, {"maximum": 3}]}"#, fits: ["0", "4"], breaks: ["2"]),
        Case(#"{"not": {"type": "null"}}"#, fits: ["1"], breaks: ["null"]),
        Case(
            #"{"if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]}, "then": {"required": ["x"]}, "else": {"required": ["y"]}}"#,
            fits: [#"{"kind": "a", "x": 1}"#, #"{"y": 1}"#], breaks: [#"{"kind": "a", "y": 1}"#, "{}"]),
        // References.
        Case(
            ##"{"$ref": "#/$defs/node", "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}, "n": {"type": "integer"}}, "additionalProperties": false}}}"##,
            fits: [#"{"n": 1, "next": {"n": 2, "next": {}}}"#], breaks: [#"{"next": {"next": {"n": "x"}}}"#]),
        Case(
            ##"{"properties": {"a/b": {"type": "integer"}, "c": {"$ref": "#/properties/a~1b"}, "d": {"$ref": "#/properties/a%7E1b"}}}"##,
            fits: [#"{"c": 1, "d": 2}"#], breaks: [#"{"c": "1"}"#, #"{"d": "1"}"#]),
        Case(
            ##"{"properties": {"more": {"$ref": "#"}}, "required": ["id"]}"##,
            fits: [#"{"id": 1, "more": {"id": 2}}"#], breaks: [#"{"id": 1, "more": {}}"#]),
        // Formats.
        Case(
            #"{"format": "date-time"}"#,
            fits: [
                #""2026-11-27T01:02:03Z""#, #""2024-02-29t01:02:03.25+02:00""#, #""1998-12-31T23:59:60Z""#,
                "3",
            ],
            breaks: [
                #""2026-11-27""#, #""2026-02-30T01:02:03Z""#, #""2026-11-27T01:02:03""#,
                #""1998-12-31T22:59:60Z""#,
            ]),
        Case(#"{"format": "date"}"#, fits: [#""2000-02-29""#], breaks: [#""1900-02-29""#, #""2026-1-1""#]),
        Case(
            #"{"format": "time"}"#, fits: [#""12:00:00Z""#],
            breaks: [#""24:00:00Z""#, #""12:00:00.Z""#, #""12:00Z""#]),
        Case(
            #"{"format": "email"}"#, fits: [#""a@b.org""#], breaks: [#""a.b.org""#, #""@b""#, #""a b@c.d""#]),
        Case(
            #"{"format": "hostname"}"#, fits: [#""a-1.example""#], breaks: [#""-a""#, #""a..b""#, #""a_b""#]),
        Case(
            #"{"format": "ipv4"}"#, fits: [#""127.0.0.1""#],
            breaks: [#""127.0.0""#, #""256.1.1.1""#, #""01.1.1.1""#]),
        Case(
            #"{"format": "ipv6"}"#,
            fits: [#""::1""#, #""1:2:3:4:5:6:7:8""#, #""::ffff:1.2.3.4""#, #""1::""#],
            breaks: [#""1:2:3""#, #""1::2::3""#, #""1:2:3:4:5:6:7:8:9""#, #""g::1""#, #"":1""#]),
        Case(
            #"{"format": "uri"}"#, fits: [#""https://example.org/a?b#c""#, #""urn:x:y""#],
            breaks: [#""/a/b""#, #""http://a b""#, #""a:%zz""#]),
        Case(
            #"{"format": "uuid"}"#, fits: [#""2EB8AA08-aa98-11ea-b4aa-73b441d16380""#],
            breaks: [#""2eb8aa08aa9811eab4aa73b441d16380""#]),
    ]

    @Test(arguments: Self.cases) func tellsWhatFits(_ given: Case) throws {
        let schema = try JSONSchema(try JSON.parse(given.schema))
        for text in given.fits {
            #expect(schema.violations(in: try JSON.parse(text)).map(\.description) == [], "\(text)")
        }
        for text in given.breaks { #expect(!schema.violations(in: try JSON.parse(text)).isEmpty, "\(text)") }
    }

    @Test(
        arguments: [
            (#"{"type": "string"}"#, "3", "string is expected, not 3"),
            (
                #"{"properties": {"rows": {"items": {"properties": {"a/b": {"type": "integer"}}}}}}"#,
                #"{"rows": [{}, {"a/b": "x"}]}"#, #"/rows/1/a~1b: integer is expected, not "x""#
            ),
            (#"{"required": ["a"]}"#, "{}", "the member `a` is missing"),
            (
                #"{"properties": {"a": {}, "b": {}}, "additionalProperties": false}"#, #"{"c": 1}"#,
                "the member `c` is not allowed; known are a, b"
            ),
            (#"{"enum": ["a", "b"]}"#, #""c""#, #""c" is none of "a", "b""#),
            (#"{"minimum": 3}"#, "2", "2 breaks `minimum` 3"),
            (#"{"minItems": 2}"#, "[1]", "at least 2 elements are expected, not 1"),
            (#"{"uniqueItems": true}"#, "[1, 2, 1]", "the elements 0 and 2 are equal"),
            (#"{"pattern": "^a"}"#, #""b""#, #""b" does not match ^a"#),
            (#"{"format": "date"}"#, #""x""#, #""x" is no date"#),
            (
                #"{"anyOf": [{"type": "string"}, {"items": {"type": "string"}}]}"#, "[1]",
                "none of 2 alternatives fits; nearest: /0: string is expected, not 1"
            ),
            (
                #"{"oneOf": [{"minimum": 1}, {"minimum": 2}]}"#, "3",
                "exactly one alternative of `oneOf` is to fit, and 0, 1 do (from 0)"
            ),
        ]) func saysWhatIsWrongAndWhere(schema: String, value: String, words: String) throws
    {
        let schema = try JSONSchema(try JSON.parse(schema))
        #expect(schema.violations(in: try JSON.parse(value)).map(\.description) == [words])
    }

    @Test(
        arguments: [
            ("3", "a schema is an object, true or false, not number"),
            (
                #"{"type": "text"}"#,
                #"/type: "text" is no type; types are array, boolean, integer, null, number, object, string"#
            ),
            (
                #"{"properties": {"a": {"required": "b"}}}"#,
                "/properties/a/required: a list of names is expected"
            ),
            (
                #"{"unevaluatedProperties": false}"#,
                "/unevaluatedProperties: the keyword `unevaluatedProperties` is not known here and would not be checked; notes of your own begin with `x-`"
            ),
            (#"{"minLength": -1}"#, "/minLength: a whole number from 0 is expected, not -1"),
            (#"{"multipleOf": 0}"#, "/multipleOf: a number is expected, above 0 for multipleOf"),
            (#"{"items": [{}]}"#, "/items: a list of schemas is called `prefixItems` since draft 2020-12"),
            (##"{"$ref": "#/$defs/a"}"##, "/$ref: there is nothing at #/$defs/a"),
            (
                #"{"$ref": "https://example.org/s"}"#,
                ##"/$ref: references stay within the schema, as "#/$defs/name", not "https://example.org/s""##
            ),
            (##"{"allOf": [{"$ref": "#"}]}"##, "the schema refers to itself for the same value, without end"),
            (
                #"{"$schema": "http://json-schema.org/draft-07/schema#"}"#,
                #"/$schema: schemas are of draft 2020-12 here, not of "http://json-schema.org/draft-07/schema#""#
            ),
            (#"{"anyOf": []}"#, "/anyOf: a list of at least one schema is expected"),
        ]) func refusesWhatIsNoSchemaOrWouldNotBeChecked(schema: String, words: String) throws
    {
        let json = try JSON.parse(schema)
        #expect {
            _ = try JSONSchema(json)
        } throws: {
            ($0 as? JSONSchemaError)?.description == words
        }
    }

    @Test func refusesAnUnknownFormatAndABadPatternWithTheirPlace() throws {
        for (schema, place) in [
            (#"{"items": {"format": "iri"}}"#, "/items/format"), (#"{"pattern": "("}"#, "/pattern"),
            (#"{"patternProperties": {"[": true}}"#, "/patternProperties/["),
        ] {
            let json = try JSON.parse(schema)
            #expect {
                _ = try JSONSchema(json)
            } throws: {
                ($0 as? JSONSchemaError)?.pointer == place
            }
        }
    }

    @Test func whatDescribesMayStandThere() throws {
        let json = try JSON.parse(
            #"{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.org/x", "title": "t", "default": 3, "examples": [1], "x-unit": "m", "$comment": "c", "type": "integer"}"#
        )
        #expect(try JSONSchema(json).violations(in: 3).isEmpty)
    }

    @Test func depthAndAlternativesWithoutEndAreStopped() throws {
        let list = try JSONSchema(try JSON.parse(##"{"items": {"$ref": "#"}}"##))
        var deep = JSON.array([])
        for _ in 0..<500 { deep = [deep] }
        #expect(list.violations(in: deep).map(\.message) == ["schemas are applied more than 600 deep"])
        // Two ways at each of 40 levels: 2^40 when nothing stops it.
        let twice = try JSONSchema(
            try JSON.parse(
                ##"{"anyOf": [{"items": {"$ref": "#"}, "maxItems": 0}, {"items": {"$ref": "#"}, "minItems": 2}]}"##
            ))
        var tree = JSON.array([1])
        for _ in 0..<40 { tree = [tree] }
        #expect(!twice.violations(in: tree).isEmpty)
    }

    @Test func noMoreIsSaidThanAskedFor() throws {
        let schema = try JSONSchema(["items": ["type": "string"]])
        #expect(schema.violations(in: .array(Array(repeating: 1, count: 1000)), limit: 3).count == 3)
    }
}

internal import Cypher
internal import PropertyGraph

/// Functions of nodes, relationships and paths.
enum GraphFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            unary("id") { _, value in
                switch value {
                case .node(let node): .integer(Int(node.index))
                case .relationship(let relationship): .integer(Int(relationship.index))
                default: throw wrongArgument("id", value, "a node or relationship")
                }
            },
            unary("elementId") { _, value in
                switch value {
                case .node(let node): .string("\(node.index)")
                case .relationship(let relationship): .string("\(relationship.index)")
                default: throw wrongArgument("elementId", value, "a node or relationship")
                }
            },
            unary("labels") { context, value in
                guard case .node(let node) = value else { throw wrongArgument("labels", value, "a node") }
                guard context.graph.contains(node) else {
                    throw CypherError(
                        .entityNotFound, "DeletedEntityAccess", "the node was deleted in this query")
                }
                return .list(context.graph.labels(of: node).map { .string(context.graph.tokens.name($0)) })
            },
            unary("type") { context, value in
                guard case .relationship(let relationship) = value else {
                    throw wrongArgument("type", value, "a relationship")
                }
                return try .string(context.graph.tokens.name(self.record(relationship, context).type))
            },
            unary("properties") { context, value in
                guard let map = context.propertyMap(of: value) else {
                    throw wrongArgument("properties", value, "a node, relationship or map")
                }
                return .map(map)
            },
            unary("keys") { context, value in
                guard let map = context.propertyMap(of: value) else {
                    throw wrongArgument("keys", value, "a node, relationship or map")
                }
                return .list(map.keys.sorted().map(Value.string))
            },
            unary("startNode") { context, value in
                guard case .relationship(let relationship) = value else {
                    throw wrongArgument("startNode", value, "a relationship")
                }
                return try .node(self.record(relationship, context).source)
            },
            unary("endNode") { context, value in
                guard case .relationship(let relationship) = value else {
                    throw wrongArgument("endNode", value, "a relationship")
                }
                return try .node(self.record(relationship, context).target)
            },
            unary("nodes") { _, value in
                guard case .path(let path) = value else { throw wrongArgument("nodes", value, "a path") }
                return .list(path.nodes.map(Value.node))
            },
            unary("relationships") { _, value in
                guard case .path(let path) = value else {
                    throw wrongArgument("relationships", value, "a path")
                }
                return .list(path.relationships.map(Value.relationship))
            },
            unary("length") { _, value in
                guard case .path(let path) = value else { throw wrongArgument("length", value, "a path") }
                return .integer(path.relationships.count)
            },
            ("exists", 1...1, { _, arguments in .boolean(!arguments[0].isNull) }),
            ("nullIf", 2...2, { _, a in a[0].isEqual(to: a[1]) == true ? .null : a[0] }),
            ("valueType", 1...1, { _, a in .string(ValueType(of: a[0]).description) }),
            (
                "coalesce", 1...FunctionRegistry.anyNumber,
                { _, arguments in arguments.first { !$0.isNull } ?? .null }
            ),
            ("file", 0...0, { context, _ in context.loaded.map { .string($0.url) } ?? .null }),
            ("linenumber", 0...0, { context, _ in context.loaded.map { .integer($0.line) } ?? .null }),
            ("timestamp", 0...0, { context, _ in .integer(context.now.epochMilliseconds) }),
            (
                "randomUUID", 0...0,
                { _, _ in
                    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
                    bytes[6] = bytes[6] & 0x0F | 0x40
                    bytes[8] = bytes[8] & 0x3F | 0x80
                    var text = ""
                    for (index, byte) in bytes.enumerated() {
                        if [4, 6, 8, 10].contains(index) { text += "-" }
                        text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
                    }
                    return .string(text)
                }
            ),
        ]
    }

    private static func record(
        _ relationship: RelationshipID, _ context: ExecutionContext
    ) throws(CypherError) -> RelationshipRecord {
        context.touch()
        guard
            let record = context.graph.relationship(relationship)
                ?? context.initial?.relationship(relationship)
        else {
            throw CypherError(
                .entityNotFound, "DeletedEntityAccess", "the relationship was deleted in this query")
        }
        return record
    }
}

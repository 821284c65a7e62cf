internal import Cypher
internal import PropertyGraph

/// `db.*`: what is in the graph.
enum GraphProcedures {
    static let all =
        [
            Procedure("db.labels", "All labels that nodes have.", outputs: [.init("label", .string)]) {
                call, _ in
                call.graph.usedLabels.map { [.string($0)] }
            },
            Procedure(
                "db.relationshipTypes", "All types that relationships have.",
                outputs: [.init("relationshipType", .string)]
            ) { call, _ in call.graph.usedTypes.map { [.string($0)] } },
            Procedure(
                "db.propertyKeys", "All names of properties.", outputs: [.init("propertyKey", .string)]
            ) { call, _ in
                // Some names may belong to hidden things only.
                let names =
                    call.graph.concealed == nil
                    ? call.graph.tokens.propertyKeys.names : call.graph.usedPropertyKeys
                return names.map { [.string($0)] }
            },
            Procedure("db.ping", "Whether the graph answers.", outputs: [.init("success", .boolean)]) {
                _, _ in
                [[.boolean(true)]]
            },
            Procedure(
                "db.awaitIndexes", "Indexes are ready when they are made.",
                inputs: [.init("timeOutSeconds", .integer, fallback: .integer(300))], outputs: []
            ) { _, _ in [] },
            Procedure("db.indexes", "All indexes.", outputs: ShowCommands.indexColumns) { call, _ in
                ShowCommands.indexes(call.graph)
            },
            Procedure("db.constraints", "All constraints.", outputs: ShowCommands.constraintColumns) {
                call, _ in
                ShowCommands.constraints(call.graph)
            },
        ] + Self.schema

    private static let schema = [
        Procedure(
            "db.schema.visualization", "Which labels are joined by which types of relationships.",
            outputs: [
                .init("nodes", .list(.map)), .init("relationships", .list(.map)),
            ]
        ) { call, _ in [try Self.visualization(call)] },
        Procedure(
            "db.schema.nodeTypeProperties", "The properties of nodes, by the labels they have.",
            outputs: [
                .init("nodeType", .string), .init("nodeLabels", .list(.string)),
                .init("propertyName", .string), .init("propertyTypes", .list(.string)),
                .init("mandatory", .boolean),
            ]
        ) { call, _ in
            var found = PropertySurvey()
            for node in call.graph.allNodes() {
                try call.step()
                let labels = call.graph.labels(of: node).map(call.graph.tokens.name).sorted()
                found.add(labels, call.graph.properties(of: node), call.graph)
            }
            return found.rows { labels in
                [.string(labels.map { ":`\($0)`" }.joined()), .list(labels.map(Value.string))]
            }
        },
        Procedure(
            "db.schema.relTypeProperties", "The properties of relationships, by their type.",
            outputs: [
                .init("relType", .string), .init("propertyName", .string),
                .init("propertyTypes", .list(.string)), .init("mandatory", .boolean),
            ]
        ) { call, _ in
            var found = PropertySurvey()
            for relationship in call.graph.allRelationships() {
                try call.step()
                guard let record = call.graph.relationship(relationship) else { continue }
                found.add(
                    [call.graph.tokens.name(record.type)], call.graph.properties(of: relationship), call.graph
                )
            }
            return found.rows { [.string(":`\($0.joined())`")] }
        },
    ]

    /// A map for each label and for each way in which a type joins two labels; numbers stand for the labels.
    private static func visualization(_ call: ProcedureContext) throws(CypherError) -> [Value] {
        let (graph, labels) = (call.graph, call.graph.usedLabels)
        let nodes = labels.enumerated().map { index, label -> Value in
            let count = graph.tokens.label(label).map { graph.count($0) } ?? 0
            return .map([
                "id": .integer(index), "labels": .list([.string(label)]), "name": .string(label),
                "count": .integer(count),
            ])
        }
        var relationships: [Value] = []
        for type in graph.usedTypes {
            for (from, source) in labels.enumerated() {
                for (to, target) in labels.enumerated() {
                    try call.step()
                    let count = graph.count(
                        from: graph.tokens.label(source), graph.tokens.relationshipType(type),
                        to: graph.tokens.label(target))
                    guard count > 0 else { continue }
                    relationships.append(
                        .map([
                            "type": .string(type), "start": .integer(from), "end": .integer(to),
                            "count": .integer(count),
                        ]))
                }
            }
        }
        return [.list(nodes), .list(relationships)]
    }
}

/// Which properties entities of a kind have, of which types, and whether all have them.
private struct PropertySurvey {
    private struct Kind {
        var count = 0
        var keys: [String: (count: Int, types: Set<String>)] = [:]
    }
    private var kinds: [[String]: Kind] = [:]

    mutating func add(_ names: [String], _ properties: Properties, _ graph: GraphSnapshot) {
        var kind = self.kinds.removeValue(forKey: names) ?? Kind()
        kind.count += 1
        for entry in properties {
            let type = ValueType(of: entry.value).alternatives.first.map { ValueType($0.kind).description }
            kind.keys[graph.tokens.name(entry.key), default: (0, [])].count += 1
            kind.keys[graph.tokens.name(entry.key), default: (0, [])].types.insert(type ?? "ANY")
        }
        self.kinds[names] = kind
    }

    func rows(_ head: ([String]) -> [Value]) -> [[Value]] {
        var rows: [[Value]] = []
        for (names, kind) in self.kinds.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            if kind.keys.isEmpty { rows.append(head(names) + [.null, .null, .boolean(false)]) }
            for (key, found) in kind.keys.sorted(by: { $0.key < $1.key }) {
                rows.append(
                    head(names) + [
                        .string(key), .list(found.types.sorted().map(Value.string)),
                        .boolean(found.count == kind.count),
                    ])
            }
        }
        return rows
    }
}

extension GraphSnapshot {
    /// Labels that at least one node has.
    fileprivate var usedLabels: [String] {
        self.tokens.labels.names.filter { name in self.tokens.label(name).map { self.count($0) > 0 } ?? false
        }
    }

    /// Types that at least one relationship has.
    fileprivate var usedTypes: [String] {
        self.tokens.relationshipTypes.names.filter { name in
            self.tokens.relationshipType(name).map { self.count($0) > 0 } ?? false
        }
    }
}

import CStoreFloor

/// A snapshot with what it takes, by malloc's own books and by the kernel's.
struct BuiltSnapshot {
    let graph: Graph
    let nodes: Bytes
    let relationships: Bytes
    let seconds: Double

    struct Bytes {
        let heap: Double
        let resident: Double
    }

    private struct Books {
        let heap = Double(floor_heap_bytes())
        let resident = Double(floor_resident_bytes())

        func since(_ before: Books, each count: Int) -> Bytes {
            Bytes(
                heap: (self.heap - before.heap) / Double(count),
                resident: (self.resident - before.resident) / Double(count))
        }
    }

    /// Builds the nodes first and then, going on from them, the relationships.
    init(_ generated: GeneratedGraph) throws {
        let start = Clock.now()
        let empty = Books()
        var graph = try Self.nodes(generated)
        let withNodes = Books()
        try Self.addRelationships(generated, to: &graph)
        let whole = Books()
        self.graph = graph
        self.nodes = withNodes.since(empty, each: generated.size.nodes)
        self.relationships = whole.since(withNodes, each: generated.size.relationships)
        self.seconds = Clock.seconds(since: start)
    }

    private static func nodes(_ generated: GeneratedGraph) throws -> Graph {
        var builder = GraphBuilder()
        for node in 0..<generated.size.nodes { try builder.addNode(UInt32(node), generated.person(node)) }
        return builder.finish()
    }

    /// In place of the graph before, which is gone when the new one is counted.
    private static func addRelationships(_ generated: GeneratedGraph, to graph: inout Graph) throws {
        var builder = GraphBuilder(graph)
        for number in 0..<generated.size.relationships {
            try builder.addRelationship(
                UInt32(number), type: GeneratedGraph.types[Int(generated.relationshipTypes[number])],
                from: generated.sources[number], to: generated.targets[number])
        }
        graph = builder.finish()
    }
}

/// Bytes a node with three properties and a relationship without any, without indexes.
func measureMemory(_ workshop: Workshop) throws {
    _ = workshop.graph
    let built = try workshop.snapshot()
    note(
        "built by the loader in \(built.seconds.short) s; resident: \(built.nodes.resident.short) bytes a node, "
            + "\(built.relationships.resident.short) bytes a relationship; the figures are malloc's")
    figure("memory_node_bytes", built.nodes.heap, "bytes", .atMost(200))
    figure("memory_relationship_bytes", built.relationships.heap, "bytes", .atMost(100))
}

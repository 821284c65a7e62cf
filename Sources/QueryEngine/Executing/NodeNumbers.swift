internal import PropertyGraph

/// Nodes that a search has met, numbered from 0 in the order in which it met them. Open addressing: a look-up is mostly one
/// miss of the cache.
struct NodeNumbers {
    /// The nodes, by number.
    private(set) var nodes: ContiguousArray<NodeID> = []
    /// Numbers plus one, 0 where there is none; twice as many places as nodes at least.
    private var places = ContiguousArray<UInt32>(repeating: 0, count: 64)

    /// The number of a node, nil when it was not met.
    func number(of node: NodeID) -> Int? {
        let mask = self.places.count - 1
        var place = Self.hash(node) & mask
        while case let entry = self.places[place], entry > 0 {
            if self.nodes[Int(entry) - 1] == node { return Int(entry) - 1 }
            place = (place + 1) & mask
        }
        return nil
    }

    /// The number of a node, which gets the next one when it was not met.
    mutating func insert(_ node: NodeID) -> (number: Int, isNew: Bool) {
        let mask = self.places.count - 1
        var place = Self.hash(node) & mask
        while case let entry = self.places[place], entry > 0 {
            if self.nodes[Int(entry) - 1] == node { return (Int(entry) - 1, false) }
            place = (place + 1) & mask
        }
        self.nodes.append(node)
        self.places[place] = UInt32(self.nodes.count)
        if self.nodes.count * 2 > self.places.count { self.grow() }
        return (self.nodes.count - 1, true)
    }

    private mutating func grow() {
        let mask = self.places.count * 2 - 1
        self.places = ContiguousArray(repeating: 0, count: mask + 1)
        for (number, node) in self.nodes.enumerated() {
            var place = Self.hash(node) & mask
            while self.places[place] > 0 { place = (place + 1) & mask }
            self.places[place] = UInt32(number + 1)
        }
    }

    /// Fibonacci hashing: neighbouring numbers go far apart.
    private static func hash(_ node: NodeID) -> Int {
        Int(truncatingIfNeeded: (UInt64(node.index) &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }
}

/// Random numbers that a seed determines: SplitMix64.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(self.state)
    }

    /// One number below a bound that fits 32 bits.
    mutating func below(_ bound: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: ((self.next() >> 32) &* UInt64(bound)) >> 32)
    }

    /// Scatters the bits of a number, one to one.
    static func mix(_ number: UInt64) -> UInt64 {
        var bits = number
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

/// A graph as a seed determines it: the same for C, for the store and for files.
///
/// Both ends of a relationship are floor(n * r^2) for a random r, so the degree of the node of rank u falls
/// with the square root of u; ranks are scattered over ids. At L the largest degree is about 10,000 a direction.
struct GeneratedGraph {
    static let cities = 100
    static let types = ["KNOWS", "FOLLOWS", "PAID"]

    let size: GraphSize
    let sources: [UInt32]
    let targets: [UInt32]
    /// Positions in ``types``: a half, a third and a sixth of the relationships.
    let relationshipTypes: [UInt8]
    private let seed: UInt64

    init(_ size: GraphSize, seed: UInt64) {
        self.size = size
        self.seed = seed
        var random = SplitMix64(seed: seed)
        var (sources, targets, types) = ([UInt32](), [UInt32](), [UInt8]())
        sources.reserveCapacity(size.relationships)
        targets.reserveCapacity(size.relationships)
        types.reserveCapacity(size.relationships)
        for _ in 0..<size.relationships {
            sources.append(Self.end(&random, size.nodes))
            targets.append(Self.end(&random, size.nodes))
            types.append([0, 0, 0, 1, 1, 2][Int(random.below(6))])
        }
        (self.sources, self.targets, self.relationshipTypes) = (sources, targets, types)
    }

    private static func end(_ random: inout SplitMix64, _ nodes: Int) -> UInt32 {
        let share = Double(random.next() >> 11) * 0x1p-53
        let rank = UInt64(Double(nodes) * share * share)
        // A prime that divides no number of nodes, so this is one to one.
        return UInt32(rank * 2_654_435_761 % UInt64(nodes))
    }

    /// The properties of a node; its name is unique and 8 to 14 bytes long.
    func person(_ node: Int) -> Person {
        let bits = SplitMix64.mix(self.seed &+ UInt64(node) &* 0x9E37_79B9_7F4A_7C15)
        let number = String(node, radix: 36)
        var name = ""
        for letter in 0..<max(1, 7 + Int(bits % 7) - number.utf8.count) {
            name.unicodeScalars.append(Unicode.Scalar(UInt8(97 + (bits >> UInt64(8 + 4 * letter)) % 16)))
        }
        return Person(
            age: 18 + Int(bits >> 32 & 0xFFFF) % 63, city: Int(bits >> 48) % Self.cities,
            name: name + "-" + number,
            isCustomer: bits & 3 == 3)
    }

    /// Random nodes, the same for everyone who asks with the same number.
    func randomNodes(_ count: Int, stream: UInt64) -> [UInt32] {
        var random = SplitMix64(seed: SplitMix64.mix(self.seed ^ stream &* 0xD1B5_4A32_D192_ED03))
        return (0..<count).map { _ in random.below(self.size.nodes) }
    }
}

/// A node of the generated graph.
struct Person {
    /// 18 to 80.
    let age: Int
    /// A number below ``GeneratedGraph/cities``.
    let city: Int
    let name: String
    /// Whether the node has a second label.
    let isCustomer: Bool

    /// The labels: `Person`, and for a quarter of the nodes `Customer`.
    var labels: [String] { self.isCustomer ? ["Person", "Customer"] : ["Person"] }
    /// The city as the property holds it.
    var cityName: String { Self.cityName(self.city) }

    static func cityName(_ city: Int) -> String { "City \(city)" }
}

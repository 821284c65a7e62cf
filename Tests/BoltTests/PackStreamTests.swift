import Bolt
import NIOCore
import PropertyGraph
import TestSupport
import Testing

/// Random values of a seed; what only results hold (nodes, relationships, paths) is left out.
private struct ValueSource {
    var generator: SplitMix

    mutating func value(depth: Int = 0) -> Value {
        switch Int.random(in: 0...(depth > 3 ? 12 : 14), using: &self.generator) {
        case 0: .null
        case 1: .boolean(Bool.random(using: &self.generator))
        case 2: .integer(Int.random(in: -200...200, using: &self.generator))
        case 3: .integer(Int.random(in: Int.min...Int.max, using: &self.generator))
        case 4: .integer(Int.random(in: -70_000...70_000, using: &self.generator))
        case 5: .float(Double.random(in: -1e9...1e9, using: &self.generator))
        case 6: .string(self.text())
        case 7: .date(CalendarDate(days: Int.random(in: -100_000...100_000, using: &self.generator)))
        case 8: .localTime(self.time())
        case 9: .time(ZonedTime(local: self.time(), offsetSeconds: self.offset()))
        case 10: .localDateTime(LocalDateTime(seconds: self.seconds(), nanosecond: self.nanosecond()))
        case 11: .dateTime(self.moment())
        case 12:
            .duration(
                TemporalDuration(
                    months: self.offset(), days: self.offset(), seconds: self.seconds(), nanoseconds: 5))
        case 13:
            .list(
                (0..<Int.random(in: 0...20, using: &self.generator)).map { _ in self.value(depth: depth + 1) }
            )
        default:
            .map(
                Dictionary(
                    (0..<Int.random(in: 0...20, using: &self.generator)).map { _ in
                        (self.text(), self.value(depth: depth + 1))
                    }, uniquingKeysWith: { first, _ in first }))
        }
    }

    private mutating func text() -> String {
        String(repeating: "aö🙂", count: Int.random(in: 0...90, using: &self.generator))
    }
    private mutating func time() -> LocalTime {
        LocalTime(nanosecondOfDay: Int.random(in: 0..<LocalTime.nanosecondsPerDay, using: &self.generator))
    }
    private mutating func offset() -> Int { Int.random(in: -64_800...64_800, using: &self.generator) }
    private mutating func seconds() -> Int {
        Int.random(in: -4_000_000_000...4_000_000_000, using: &self.generator)
    }
    private mutating func nanosecond() -> Int { Int.random(in: 0...999_999_999, using: &self.generator) }
    private mutating func moment() -> ZonedDateTime {
        ZonedDateTime(seconds: self.seconds(), nanosecond: self.nanosecond(), offsetSeconds: self.offset())
    }
}

struct PackStreamTests {
    private static func bytes(of value: Value, version: BoltVersion) -> ByteBuffer {
        var writer = ValueWriter(PackStreamWriter(), snapshot: GraphSnapshot(), version: version)
        writer.write(value)
        return writer.packer.buffer
    }

    @Test(arguments: 0..<300 as Range<UInt64>, [BoltVersion(4, 4), BoltVersion(5, 8)])
    func whatIsWrittenIsRead(seed: UInt64, version: BoltVersion) throws {
        var source = ValueSource(generator: SplitMix(seed: seed))
        let value = source.value()
        var reader = PackStreamReader(Self.bytes(of: value, version: version))
        #expect(try reader.readValue() == value)
        #expect(reader.isAtEnd)
    }

    @Test(arguments: [BoltVersion(4, 4), BoltVersion(5, 0)])
    func namesOfZonesStay(version: BoltVersion) throws {
        let moment = ZonedDateTime(seconds: 1_720_000_000, offsetSeconds: 7200, zone: "Europe/Stockholm")
        var reader = PackStreamReader(Self.bytes(of: .dateTime(moment), version: version))
        #expect(try reader.readValue() == .dateTime(moment))
    }

    @Test(arguments: [
        (Int(Int64.min), 9), (-2_147_483_649, 9), (-2_147_483_648, 5), (-32_769, 5), (-32_768, 3),
        (-129, 3), (-128, 2), (-17, 2), (-16, 1), (127, 1), (128, 3), (32_768, 5), (2_147_483_648, 9),
    ])
    func integersTakeTheirShortestForm(number: Int, size: Int) {
        #expect(Self.bytes(of: .integer(number), version: BoltVersion(5, 0)).readableBytes == size)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func whatIsCutOffIsRefused(seed: UInt64) {
        var source = ValueSource(generator: SplitMix(seed: seed))
        let whole = Self.bytes(of: .list([source.value()]), version: BoltVersion(5, 8))
        for length in 0..<min(whole.readableBytes, 64) {
            var reader = PackStreamReader(ByteBuffer(bytes: whole.readableBytesView.prefix(length)))
            #expect(throws: PackStreamError.self) { try reader.readValue() }
        }
    }

    @Test(arguments: 0..<2000 as Range<UInt64>)
    func randomBytesNeverTrap(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var reader = PackStreamReader(ByteBuffer(bytes: bytes))
        while !reader.isAtEnd, (try? reader.readValue()) != nil {}
    }

    @Test func nestingHasALimit() {
        var reader = PackStreamReader(ByteBuffer(repeating: 0x91, count: 100_000))
        #expect(throws: PackStreamError.tooDeep) { try reader.readValue() }
    }

    @Test func aCountThatLiesTakesNoMemory() {
        var reader = PackStreamReader(ByteBuffer(bytes: [0xD6, 0xFF, 0xFF, 0xFF, 0xFF]))
        #expect(throws: PackStreamError.cutOff) { try reader.readValue() }
    }

    @Test func aNameTwiceInAMapIsRefused() {
        var reader = PackStreamReader(ByteBuffer(bytes: [0xA2, 0x81, 0x61, 1, 0x81, 0x61, 2]))
        #expect(throws: PackStreamError.invalidMapKey) { try reader.readValue() }
    }

    /// Two nodes, the first with a label and a property, and a relationship from the first to the second.
    private static func pair() throws -> (GraphSnapshot, [NodeID], RelationshipID) {
        let transaction = GraphTransaction(GraphSnapshot())
        let first = try transaction.createNode(labels: ["A"], properties: ["x": .integer(1)])
        let second = try transaction.createNode(labels: [])
        let relationship = try transaction.createRelationship(type: "R", from: first, to: second)
        return (transaction.graph, [first, second], relationship)
    }

    /// The structures of the protocol's text, byte by byte: 4.4 without element ids, 5.x with them.
    @Test(arguments: [false, true])
    func graphElementsHaveTheShapesOfTheProtocol(isNew: Bool) throws {
        let (graph, nodes, relationship) = try Self.pair()
        func bytes(_ value: Value) -> [UInt8] {
            var writer = ValueWriter(
                PackStreamWriter(), snapshot: graph, version: isNew ? BoltVersion(5, 4) : BoltVersion(4, 4))
            writer.write(value)
            return Array(writer.packer.buffer.readableBytesView)
        }
        func text(_ text: String) -> [UInt8] { [0x80 | UInt8(text.utf8.count)] + Array(text.utf8) }
        func ids(_ numbers: Int...) -> [UInt8] { isNew ? numbers.flatMap { text("\($0)") } : [] }
        let first: [UInt8] =
            [isNew ? 0xB4 : 0xB3, 0x4E, 0, 0x91] + text("A") + [0xA1] + text("x") + [1] + ids(0)
        let second: [UInt8] = [isNew ? 0xB4 : 0xB3, 0x4E, 1, 0x90, 0xA0] + ids(1)
        #expect(bytes(.node(nodes[0])) == first)
        #expect(
            bytes(.relationship(relationship))
                == [isNew ? 0xB8 : 0xB5, 0x52, 0, 0, 1] + text("R") + [0xA0] + ids(0, 0, 1))
        // Against its direction: the relationship's place is negative.
        let path = try #require(Path(nodes: [nodes[1], nodes[0]], relationships: [relationship]))
        let unbound: [UInt8] = [isNew ? 0xB4 : 0xB3, 0x72, 0] + text("R") + [0xA0] + ids(0)
        #expect(
            bytes(.path(path)) == [0xB3, 0x50, 0x92] + second + first + [0x91] + unbound + [0x92, 0xFF, 1])
    }

    @Test(arguments: [
        Point(system: .wgs84, x: 12.5, y: 55.7), Point(system: .cartesian3D, x: -1, y: 2, z: .infinity),
    ])
    func pointsAreRead(point: Point?) throws {
        let value = Value.point(try #require(point))
        var reader = PackStreamReader(Self.bytes(of: value, version: BoltVersion(5, 8)))
        #expect(try reader.readValue() == value)
    }
}

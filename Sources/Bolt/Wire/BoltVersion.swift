/// A version of the protocol, such as 5.4.
package struct BoltVersion: Hashable, Comparable, Sendable {
    /// The number before the point.
    package let major: UInt8
    /// The number after the point.
    package let minor: UInt8

    /// From its two numbers.
    package init(_ major: UInt8, _ minor: UInt8) {
        self.major = major
        self.minor = minor
    }

    /// What this server speaks, newest first.
    package static let supported: [BoltVersion] =
        (0...8).reversed().map { BoltVersion(5, $0) } + [BoltVersion(4, 4)]

    /// Four bytes as the handshake has them.
    package var word: UInt32 { UInt32(self.minor) << 8 | UInt32(self.major) }

    /// Orders by age.
    package static func < (left: BoltVersion, right: BoltVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

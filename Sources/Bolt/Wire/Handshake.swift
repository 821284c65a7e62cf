/// The choice of a version out of a client's four proposals: `00 range minor major` each, newest wish first.
package enum Handshake {
    /// What a client sends before its proposals.
    package static let magic: UInt32 = 0x6060_B017
    /// The proposal that asks for negotiation by manifest, version 1.
    package static let manifestProposal: UInt32 = 0x0000_01FF

    /// The version that both sides speak and the client likes best; nil when there is none.
    package static func choose(
        _ proposals: [UInt32], supported: [BoltVersion] = BoltVersion.supported
    ) -> BoltVersion? {
        for proposal in proposals {
            let major = UInt8(truncatingIfNeeded: proposal)
            let minor = UInt8(truncatingIfNeeded: proposal >> 8)
            let range = UInt8(truncatingIfNeeded: proposal >> 16)
            let lowest = minor - min(range, minor)
            let fitting = supported.filter {
                $0.major == major && $0.minor <= minor && $0.minor >= lowest
            }
            if let newest = fitting.max() { return newest }
        }
        return nil
    }
}

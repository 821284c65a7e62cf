package import NIOCore

/// Negotiation by manifest, version 1: the server says all it speaks, the client picks one.
package enum Manifest {
    /// Why a client's choice cannot be taken.
    package enum Failure: Error, Hashable, Sendable {
        /// The client picked what was not offered.
        case notOffered(BoltVersion)
        /// The client's capabilities take more bytes than a number may.
        case invalidCapabilities
    }

    /// A number in groups of 7 bits takes at most this many bytes.
    private static let numberLimit = 9

    /// The answer to ``Handshake/manifestProposal``: the versions as ranges, and no capabilities.
    package static func offer(_ supported: [BoltVersion] = BoltVersion.supported) -> ByteBuffer {
        var ranges: [(newest: BoltVersion, range: UInt8)] = []
        for version in supported.sorted(by: >) {
            if let last = ranges.last, last.newest.major == version.major,
                last.newest.minor - last.range == version.minor + 1
            {
                ranges[ranges.count - 1].range += 1
            } else {
                ranges.append((version, 0))
            }
        }
        var buffer = ByteBuffer(integer: Handshake.manifestProposal)
        // Fewer than 128 ranges: the number is one byte.
        buffer.writeInteger(UInt8(ranges.count))
        for (newest, range) in ranges { buffer.writeInteger(UInt32(range) << 16 | newest.word) }
        buffer.writeInteger(0 as UInt8)
        return buffer
    }

    /// Reads the client's choice; nil, and nothing taken, when more bytes must come.
    package static func choice(
        _ input: inout ByteBuffer, supported: [BoltVersion] = BoltVersion.supported
    ) throws(Failure) -> BoltVersion? {
        guard let word = input.getInteger(at: input.readerIndex, as: UInt32.self) else { return nil }
        let version = BoltVersion(UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8))
        guard supported.contains(version), word == version.word else { throw .notOffered(version) }
        for place in 0..<Self.numberLimit {
            guard let byte = input.getInteger(at: input.readerIndex + 4 + place, as: UInt8.self) else {
                return nil
            }
            guard byte & 0x80 == 0 else { continue }
            input.moveReaderIndex(forwardBy: 5 + place)
            return version
        }
        throw .invalidCapabilities
    }
}

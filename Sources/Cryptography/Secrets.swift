internal import COpenSSL

/// The operating system's randomness ran dry: nothing secret can be made.
package struct RandomnessUnavailable: Error, CustomStringConvertible {
    /// What happened.
    package var description: String { "OpenSSL could not gather random bytes" }
}

/// Makes and compares secrets.
package enum Secrets {
    /// Bytes that nobody can guess.
    /// - Throws: ``RandomnessUnavailable``.
    package static func randomBytes(_ count: Int) throws(RandomnessUnavailable) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw RandomnessUnavailable() }
        return bytes
    }

    /// A random identifier: 26 characters of Crockford's base 32, time first, so that ids sort by age.
    ///
    /// - Source: the ULID specification.
    /// - Throws: ``RandomnessUnavailable``.
    package static func identifier(milliseconds: Int) throws(RandomnessUnavailable) -> String {
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        var text: [UInt8] = []
        for shift in stride(from: 45, through: 0, by: -5) {
            text.append(alphabet[(milliseconds >> shift) & 31])
        }
        for byte in try self.randomBytes(16) { text.append(alphabet[Int(byte & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether two texts are equal, in a time that depends on their lengths only.
    package static func areEqual(_ left: String, _ right: String) -> Bool {
        let (a, b) = (Array(left.utf8), Array(right.utf8))
        guard a.count == b.count else { return false }
        return CRYPTO_memcmp(a, b, a.count) == 0
    }
}

internal import COpenSSL

/// What is kept of a password: `scrypt$15$8$1$SALT$KEY`, with the exponent of the cost, block size and parallelism of scrypt.
///
/// - Source: RFC 7914; the parameters are those that OWASP's password storage cheat sheet gives for 32 MiB.
package struct PasswordHash: Hashable, Sendable {
    /// As it is stored.
    package let text: String

    private static let saltBytes = 16
    private static let keyBytes = 32
    /// More memory than this is not taken for a hash that somebody wrote into the graph: 256 MiB.
    private static let memoryLimit: UInt64 = 256 << 20

    /// A hash that was stored.
    package init(text: String) { self.text = text }

    /// Hashes a new password: takes 32 MiB and about 0.1 s of a thread that may block.
    /// - Throws: ``RandomnessUnavailable``.
    package init(of password: String) throws(RandomnessUnavailable) {
        let parameters = Parameters(exponent: 15, blockSize: 8, parallelism: 1)
        let salt = try Secrets.randomBytes(Self.saltBytes)
        guard let key = Self.derive(password, salt, parameters, count: Self.keyBytes) else {
            throw RandomnessUnavailable()
        }
        self.text = "scrypt$15$8$1$\(hexadecimal(salt))$\(hexadecimal(key))"
    }

    /// Whether a password is the one that was hashed; as slow as hashing. False for a text that is no hash.
    package func matches(_ password: String) -> Bool {
        let parts = self.text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let exponent = Int(parts[1]),
            let block = UInt64(parts[2]),
            let parallelism = UInt64(parts[3]), let salt = Self.bytes(parts[4]), (1...24).contains(exponent),
            (1...64).contains(block), (1...16).contains(parallelism), parts[5].utf8.count == 2 * Self.keyBytes
        else { return false }
        let parameters = Parameters(exponent: exponent, blockSize: block, parallelism: parallelism)
        guard let key = Self.derive(password, salt, parameters, count: Self.keyBytes) else { return false }
        return Secrets.areEqual(hexadecimal(key), String(parts[5]))
    }

    /// How hard scrypt works.
    struct Parameters {
        /// The cost is two to this power.
        let exponent: Int
        let blockSize: UInt64
        let parallelism: UInt64
    }

    /// The key that scrypt makes; nil when it takes too much memory.
    static func derive(
        _ password: String, _ salt: [UInt8], _ parameters: Parameters, count: Int
    ) -> [UInt8]? {
        var key = [UInt8](repeating: 0, count: count)
        let characters = password.utf8.map { CChar(bitPattern: $0) }
        let isDone = EVP_PBE_scrypt(
            characters, characters.count, salt, salt.count, 1 << UInt64(parameters.exponent),
            parameters.blockSize,
            parameters.parallelism, Self.memoryLimit, &key, count)
        return isDone == 1 ? key : nil
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

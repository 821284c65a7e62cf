internal import Cryptography
internal import PropertyGraph

/// Ids as OpenFGA has them: 26 characters of Crockford's base 32 in capitals, time first.
enum ULID {
    private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// A new id, later than another one even when the clock says otherwise.
    /// - Throws: ``RandomnessUnavailable``.
    static func after(_ other: String?, at moment: ZonedDateTime) throws -> String {
        let least = other.map { self.milliseconds($0) + 1 } ?? 0
        return try Secrets.identifier(milliseconds: max(moment.epochMilliseconds, least)).uppercased()
    }

    private static func milliseconds(_ id: String) -> Int {
        id.prefix(10).reduce(0) { $0 * 32 + (self.digits.firstIndex(of: $1) ?? 0) }
    }

    /// The id of something that has only a name.
    static func of(_ name: String) -> String {
        let bits = SHA256.digest(Array("store:\(name)".utf8)).prefix(32).reduce(UInt128(0)) {
            $0 << 4 | UInt128($1.hexDigitValue ?? 0)
        }
        return String((0..<26).reversed().map { self.digits[Int(bits >> (5 * $0) & 31)] })
    }
}

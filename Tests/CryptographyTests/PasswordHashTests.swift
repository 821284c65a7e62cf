import Testing

@testable import Cryptography

@Suite("Hashes of passwords")
struct PasswordHashTests {
    @Test("scrypt gives what RFC 7914 says")
    func agreesWithTheStandard() throws {
        let key = try #require(
            PasswordHash.derive(
                "pleaseletmein", Array("SodiumChloride".utf8),
                .init(exponent: 14, blockSize: 8, parallelism: 1),
                count: 64))
        #expect(
            hexadecimal(key)
                == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")
    }

    @Test("The right password matches, others do not, and two hashes of one password differ")
    func matchesOnlyTheRightOne() throws {
        let hash = try PasswordHash(of: "correct horse")
        #expect(hash.matches("correct horse"))
        #expect(!hash.matches("correct horsE"))
        #expect(!hash.matches(""))
        #expect(try PasswordHash(of: "correct horse") != hash)
    }

    @Test(
        "A text that is no hash, or asks for too much memory, matches nothing",
        arguments: [
            "", "scrypt", "scrypt$15$8$1$zz$00", "scrypt$24$64$1$00$" + String(repeating: "0", count: 64),
        ])
    func refusesOtherTexts(_ text: String) {
        #expect(!PasswordHash(text: text).matches("password"))
    }
}

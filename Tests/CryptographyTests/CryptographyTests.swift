import Cryptography
import Testing

struct CryptographyTests {
    /// FIPS 180-2, appendix B.
    @Test(arguments: [
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func digestsAreThoseOfTheStandard(text: String, digest: String) {
        #expect(SHA256.digest(Array(text.utf8)) == digest)
        #expect(SHA256.isDigest(digest))
    }

    @Test func identifiersSortByTimeAndDiffer() throws {
        let ids = try (0..<100).map { try Secrets.identifier(milliseconds: 1_000_000 + $0) }
        #expect(ids.map { $0.prefix(10) } == ids.map { $0.prefix(10) }.sorted())
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { $0.count == 26 })
    }

    @Test func comparingSecretsTellsEqualFromUnequal() {
        #expect(Secrets.areEqual("abc", "abc"))
        #expect(!Secrets.areEqual("abc", "abd"))
        #expect(!Secrets.areEqual("abc", "ab"))
    }
}

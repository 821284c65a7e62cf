import Foundation
import JSON
import Orchestration
import Testing

/// What opens private repositories.
struct CredentialTests {
    private let folder: String

    init() throws {
        self.folder = NSTemporaryDirectory() + "credentials-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    private static func token(_ prefix: String) throws -> RepositoryCredential {
        try RepositoryCredential(json: [
            "prefix": .string(prefix), "token": .string("for \(prefix.count)".replacing(" ", with: "-")),
        ])
    }

    @Test(
        "A credential is for addresses that go on after a whole part, the longest counts",
        arguments: [
            ("https://h/team/one.git", "https://h/team/"), ("https://h/other", "https://h"),
            ("https://h/team", "https://h"), ("https://h.evil.org/team/one", nil),
            ("https://h/exact.git", "https://h/exact"),
            ("https://h/exactly", "https://h"), ("http://h/team/one", nil),
        ] as [(String, String?)])
    func prefixes(repository: String, prefix: String?) async throws {
        let store = CredentialStore(folder: self.folder)
        for prefix in ["https://h", "https://h/team/", "https://h/exact"] {
            try await store.set(try Self.token(prefix))
        }
        let found = try await store.credential(for: repository)?.prefix
        #expect(found == prefix)
    }

    @Test func theyLieInAFileThatOthersCannotReadAndAreThereAfterARestart() async throws {
        let key = try RepositoryCredential(json: [
            "prefix": "git@h:team/", "key": "-----BEGIN\nx\n-----END\n",
        ])
        let store = CredentialStore(folder: self.folder)
        try await store.set(key)
        try await store.set(try Self.token("https://h/"))
        let attributes = try FileManager.default.attributesOfItem(atPath: self.folder + "/credentials.json")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let again = CredentialStore(folder: self.folder)
        #expect(try await again.credential(for: "git@h:team/f.git") == key)
        try await again.remove("git@h:team/")
        #expect(try await again.credential(for: "git@h:team/f.git") == nil)
        await #expect(throws: OrchestrationError.self) { try await again.remove("git@h:team/") }
        #expect(try await CredentialStore(folder: self.folder).all().map(\.prefix) == ["https://h/"])
    }

    @Test(
        "What is no credential is refused, and none of the secret is said",
        arguments: [
            ["prefix": "https://h/"], ["prefix": "https://h/", "token": "secret", "key": "secret"],
            ["prefix": "h", "token": "secret"], ["prefix": "git@h:x", "token": "secret"],
            ["prefix": "https://h/", "key": "secret"], ["prefix": "https://h/", "token": "sec ret"],
            ["prefix": "https://", "token": "secret"],
        ] as [JSON])
    func refused(json: JSON) {
        let error = #expect(throws: OrchestrationError.self) { try RepositoryCredential(json: json) }
        #expect(error?.description.contains("sec") == false)
    }
}

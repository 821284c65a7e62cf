internal import Dispatch
internal import Foundation
package import JSON

/// What opens a private repository.
package struct RepositoryCredential: Hashable, Sendable {
    /// How it opens it.
    package enum Secret: Hashable, Sendable {
        /// A user's name, whatever the host wants there, and a token, over HTTPS.
        case token(user: String, token: String)
        /// The private half of a deploy key, over SSH, as OpenSSH writes it.
        case key(String)
    }

    /// How the addresses of the repositories begin that it is for, such as `https://git.example.org/team/`.
    package let prefix: String
    /// The secret.
    package let secret: Secret

    /// Joins the two.
    package init(prefix: String, secret: Secret) {
        self.prefix = prefix
        self.secret = secret
    }

    /// Reads `{"prefix", "user", "token"}` or `{"prefix", "key"}`.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)``.
    package init(json: JSON) throws(OrchestrationError) {
        func text(_ name: String) -> String { json[name]?.string ?? "" }
        let (prefix, token, key) = (text("prefix"), text("token"), text("key"))
        var problems: [Problem] = []
        let isWeb = prefix.hasPrefix("https://") || prefix.hasPrefix("http://")
        if prefix.contains("://") ? prefix.hasSuffix("://") : !prefix.contains(":") {
            problems.append(
                Problem(
                    "/prefix",
                    "is how addresses begin, such as https://git.example.org/team/ or git@host:team/"))
        }
        if token.isEmpty == key.isEmpty {
            problems.append(Problem("", "has either a `token` or a `key`"))
        } else if !token.isEmpty, !isWeb {
            problems.append(Problem("/token", "is for addresses that begin with https://"))
        } else if !key.isEmpty, isWeb {
            problems.append(Problem("/key", "is for addresses of SSH, such as git@host:team/"))
        }
        for (name, value) in [("prefix", prefix), ("token", token), ("user", text("user"))]
        where value.unicodeScalars.contains(where: { $0.value < 0x21 || $0.value == 0x7F }) {
            problems.append(Problem("/\(name)", "has a space or a control character in it"))
        }
        guard problems.isEmpty else { throw .invalid(what: "credential", problems: problems) }
        self.prefix = prefix
        self.secret =
            key.isEmpty
            ? .token(user: text("user").isEmpty ? "x-access-token" : text("user"), token: token) : .key(key)
    }

    /// With the secret.
    package var json: JSON {
        switch self.secret {
        case .token(let user, let token):
            ["prefix": .string(self.prefix), "user": .string(user), "token": .string(token)]
        case .key(let key): ["prefix": .string(self.prefix), "key": .string(key)]
        }
    }

    /// Without the secret.
    package var openJSON: JSON {
        switch self.secret {
        case .token(let user, _): ["prefix": .string(self.prefix), "kind": "token", "user": .string(user)]
        case .key: ["prefix": .string(self.prefix), "kind": "key"]
        }
    }

    /// Whether it is for a repository: its address goes on after a whole part of the path.
    func opens(_ repository: String) -> Bool {
        guard repository.hasPrefix(self.prefix) else { return false }
        let rest = repository.dropFirst(self.prefix.count)
        return rest.isEmpty || rest == ".git" || rest.first == "/" || self.prefix.last == "/"
            || self.prefix.last == ":"
    }
}

/// What opens private repositories, in a file of its own that only the server's user may read: not in the graph, where who may
/// read it could see them, and not in its backups.
package actor CredentialStore {
    private let path: String
    private var known: [RepositoryCredential]?

    /// The credentials of a data folder.
    package init(folder: String) { self.path = folder + "/credentials.json" }

    /// All of them, by prefix.
    /// - Throws: the file system's error; ``JSONError`` or ``OrchestrationError`` for a file that somebody spoiled.
    package func all() throws -> [RepositoryCredential] {
        if let known { return known }
        guard let data = FileManager.default.contents(atPath: self.path) else { return [] }
        let json = try JSON.parse(utf8: [UInt8](data))
        let all = try (json["credentials"]?.array ?? []).map { try RepositoryCredential(json: $0) }
        self.known = all
        return all
    }

    /// The one that is for a repository: that with the longest prefix.
    /// - Throws: as ``all()``.
    package func credential(for repository: String) throws -> RepositoryCredential? {
        try self.all().filter { $0.opens(repository) }.max { $0.prefix.count < $1.prefix.count }
    }

    /// Keeps one, in place of an earlier one with its prefix.
    /// - Throws: as ``all()``.
    package func set(_ credential: RepositoryCredential) throws {
        try self.write(try self.all().filter { $0.prefix != credential.prefix } + [credential])
    }

    /// Forgets one.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; as ``all()``.
    package func remove(_ prefix: String) throws {
        let all = try self.all()
        let rest = all.filter { $0.prefix != prefix }
        guard rest.count < all.count else {
            throw OrchestrationError.notFound(
                what: "credential", name: prefix, hint: "see `plexus credential list`")
        }
        try self.write(rest)
    }

    private func write(_ all: [RepositoryCredential]) throws {
        let sorted = all.sorted { $0.prefix < $1.prefix }
        let text = JSON.object(["credentials": .array(sorted.map(\.json))]).prettyText
        let new = self.path + ".new"
        guard
            FileManager.default.createFile(
                atPath: new, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteUnknown) }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: new))
        try file.write(contentsOf: Data(text.utf8))
        try file.synchronize()
        try file.close()
        guard rename(new, self.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        self.known = sorted
    }
}

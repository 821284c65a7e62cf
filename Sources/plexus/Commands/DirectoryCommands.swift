import ArgumentParser
import Foundation
import JSON
import Shell
import Worker

/// A part of a path, in its percent form.
func pathPart(_ text: String) -> String {
    text.addingPercentEncoding(
        withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~")))
        ?? text
}

/// Lists that come in pages.
struct PagedList {
    let connection: ServerConnection
    /// The path with its own parameters.
    let path: String
    /// The name of the list in the answers.
    let name: String

    /// All of it, page by page.
    func all() async throws -> JSON {
        var found: [JSON] = []
        var token = ""
        repeat {
            let sign = self.path.contains("?") ? "&" : "?"
            let answer = try await self.connection.call(
                "GET", "\(self.path)\(sign)page_size=1000&continuation_token=\(token)")
            found += answer[self.name]?.array ?? []
            token = answer["continuation_token"]?.string ?? ""
        } while !token.isEmpty
        return .array(found)
    }
}

/// A password from standard input: typed without being shown at a terminal, else its first line.
func readPassword() throws -> String {
    if isatty(STDIN_FILENO) == 1 {
        guard let typed = getpass("password: ") else { throw CommandFailure.usage("no password was typed") }
        return String(cString: typed)
    }
    guard let line = readLine(), !line.isEmpty else {
        throw CommandFailure.usage("give the password as the first line of standard input")
    }
    return line
}

/// `plexus user`
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Users of the network.",
        subcommands: [
            Add.self, List.self, Show.self, Disable.self, Enable.self, Password.self, Grant.self,
            Withdraw.self,
        ])

    /// `plexus user add ID`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a user.",
            discussion:
                "Example: echo 'a good password' | plexus user add anne --role business_user --password")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The user's id.") var id: String
        @Option(help: "The name that people see.") var name: String?
        @Option(help: "An address for mail.") var email: String?
        @Option(help: "person or service.") var kind = "person"
        @Option(
            help:
                "administrator, super_user, business_user, ordinary_user, operator, worker, publisher or auditor."
        )
        var role = "ordinary_user"
        @Flag(help: "Read a password from standard input.") var password = false

        func run() async throws {
            var body: JSON.Object = [
                "id": .string(self.id), "kind": .string(self.kind), "role": .string(self.role),
            ]
            body["name"] = self.name.map(JSON.string)
            body["email"] = self.email.map(JSON.string)
            if self.password { body["password"] = .string(try readPassword()) }
            _ = try await self.connection.connection().call("POST", "/v1/users", body: .object(body))
            print("user \(self.id) is there")
        }
    }

    /// `plexus user list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List users.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let users = try await PagedList(
                connection: self.connection.connection(), path: "/v1/users", name: "users"
            ).all()
            Terminal.printRecords(
                users, ["id", "name", "kind", "status", "roles", "groups", "created_at"],
                as: self.output.format)
        }
    }

    /// `plexus user show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a user.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The user's id.") var id: String

        func run() async throws {
            print(
                try await self.connection.connection().call("GET", "/v1/users/\(pathPart(self.id))")
                    .prettyText)
        }
    }

    private static func set(_ status: String, _ id: String, _ connection: ConnectionOptions) async throws {
        _ = try await connection.connection().call(
            "PATCH", "/v1/users/\(pathPart(id))", body: ["status": .string(status)])
        print("user \(id) is \(status)")
    }

    /// `plexus user disable ID`
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a user in no more; its tokens and its password are worth nothing.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The user's id.") var id: String
        func run() async throws { try await UserCommand.set("disabled", self.id, self.connection) }
    }

    /// `plexus user enable ID`
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a user in again.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The user's id.") var id: String
        func run() async throws { try await UserCommand.set("enabled", self.id, self.connection) }
    }

    /// `plexus user password ID`
    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a user a password, read from standard input.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The user's id.") var id: String

        func run() async throws {
            let password = try readPassword()
            _ = try await self.connection.connection().call(
                "PUT", "/v1/users/\(pathPart(self.id))/password", body: ["password": .string(password)])
            print("the password of \(self.id) is set")
        }
    }

    /// `plexus user grant ID ROLE`
    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a user a role.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The user's id.") var id: String
        @Argument(help: "The role.") var role: String
        @Option(help: "Until when, such as 2026-12-31T00:00:00Z.") var until: String?

        func run() async throws {
            _ = try await self.connection.connection().call(
                "PUT", "/v1/users/\(pathPart(self.id))/roles/\(pathPart(self.role))",
                body: untilBody(self.until))
            print("\(self.id) is \(self.role)")
        }
    }

    /// `plexus user withdraw ID ROLE`
    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a role from a user.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The user's id.") var id: String
        @Argument(help: "The role.") var role: String

        func run() async throws {
            _ = try await self.connection.connection().call(
                "DELETE", "/v1/users/\(pathPart(self.id))/roles/\(pathPart(self.role))")
            print("\(self.id) is \(self.role) no more")
        }
    }
}

private func untilBody(_ until: String?) -> JSON? { until.map { ["valid_until": .string($0)] } }

/// `plexus group`
struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Groups of users and of groups.",
        subcommands: [Add.self, List.self, Show.self, AddMember.self, RemoveMember.self])

    /// `plexus group add ID`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a group.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The group's id.") var id: String
        @Option(help: "What it is for.") var description: String?

        func run() async throws {
            var body: JSON.Object = ["id": .string(self.id)]
            body["description"] = self.description.map(JSON.string)
            _ = try await self.connection.connection().call("POST", "/v1/groups", body: .object(body))
            print("group \(self.id) is there")
        }
    }

    /// `plexus group list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List groups.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let groups = try await PagedList(
                connection: self.connection.connection(), path: "/v1/groups", name: "groups"
            ).all()
            Terminal.printRecords(
                groups, ["id", "description", "members", "created_at"], as: self.output.format)
        }
    }

    /// `plexus group show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the members of a group.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The group's id.") var id: String

        func run() async throws {
            let group = try await self.connection.connection().call("GET", "/v1/groups/\(pathPart(self.id))")
            Terminal.printRecords(group["members"], ["member", "valid_until"], as: self.output.format)
        }
    }

    private static func path(_ group: String, _ member: String) -> String {
        "/v1/groups/\(pathPart(group))/members/\(pathPart(member))"
    }

    /// `plexus group add-member GROUP MEMBER`
    struct AddMember: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add-member", abstract: "Add a user or a group to a group.",
            discussion: "Example: plexus group add-member staff group:eng --until 2027-01-01T00:00:00Z")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The group's id.") var group: String
        @Argument(help: "A user's id, user:ID or group:ID.") var member: String
        @Option(help: "Until when, such as 2026-12-31T00:00:00Z.") var until: String?

        func run() async throws {
            _ = try await self.connection.connection().call(
                "PUT", GroupCommand.path(self.group, self.member), body: untilBody(self.until))
            print("\(self.member) is a member of \(self.group)")
        }
    }

    /// `plexus group remove-member GROUP MEMBER`
    struct RemoveMember: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-member", abstract: "Remove a user or a group from a group.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The group's id.") var group: String
        @Argument(help: "A user's id, user:ID or group:ID.") var member: String

        func run() async throws {
            _ = try await self.connection.connection().call(
                "DELETE", GroupCommand.path(self.group, self.member))
            print("\(self.member) is no member of \(self.group)")
        }
    }
}

/// `plexus zone`
struct ZoneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zone", abstract: "Zones: what is in one is seen and run by those to whom it is open.",
        subcommands: [Add.self, List.self, Open.self, Close.self, Contain.self, Remove.self])

    /// `plexus zone add ID`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a zone.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The zone's id.") var id: String
        @Option(help: "What it is for.") var description: String?
        @Option(help: "For whom: admin, super, business or ordinary.") var audience = "admin"

        func run() async throws {
            var body: JSON.Object = ["id": .string(self.id), "audience": .string(self.audience)]
            body["description"] = self.description.map(JSON.string)
            _ = try await self.connection.connection().call("POST", "/v1/zones", body: .object(body))
            print("zone \(self.id) is there")
        }
    }

    /// `plexus zone list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List zones.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let zones = try await PagedList(
                connection: self.connection.connection(), path: "/v1/zones", name: "zones"
            ).all()
            Terminal.printRecords(
                zones, ["id", "description", "audience", "open_to", "contains"], as: self.output.format)
        }
    }

    /// `plexus zone open ZONE SUBJECT`
    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a zone to somebody.", discussion: "Example: plexus zone open lab group:eng")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The zone's id.") var zone: String
        @Argument(help: "A user's id, user:ID, group:ID, or user:* for all.") var subject: String
        @Option(help: "Until when, such as 2026-12-31T00:00:00Z.") var until: String?

        func run() async throws {
            _ = try await self.connection.connection().call(
                "PUT", "/v1/zones/\(pathPart(self.zone))/open-to/\(pathPart(self.subject))",
                body: untilBody(self.until))
            print("zone \(self.zone) is open to \(self.subject)")
        }
    }

    /// `plexus zone close ZONE SUBJECT`
    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Close a zone to somebody again.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The zone's id.") var zone: String
        @Argument(help: "A user's id, user:ID, group:ID, or user:* for all.") var subject: String

        func run() async throws {
            _ = try await self.connection.connection().call(
                "DELETE", "/v1/zones/\(pathPart(self.zone))/open-to/\(pathPart(self.subject))")
            print("zone \(self.zone) is not open to \(self.subject)")
        }
    }

    private static func path(_ zone: String, _ object: String) -> String {
        "/v1/zones/\(pathPart(zone))/contains/\(pathPart(object))"
    }

    /// `plexus zone contain ZONE OBJECT`
    struct Contain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put something into a zone.",
            discussion: "Example: plexus zone contain lab function:clean")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The zone's id.") var zone: String
        @Argument(help: "function:NAME, pipeline:NAME or view:NAME.") var object: String

        func run() async throws {
            _ = try await self.connection.connection().call("PUT", ZoneCommand.path(self.zone, self.object))
            print("zone \(self.zone) holds \(self.object)")
        }
    }

    /// `plexus zone remove ZONE OBJECT`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take something out of a zone.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The zone's id.") var zone: String
        @Argument(help: "function:NAME, pipeline:NAME or view:NAME.") var object: String

        func run() async throws {
            _ = try await self.connection.connection().call(
                "DELETE", ZoneCommand.path(self.zone, self.object))
            print("zone \(self.zone) does not hold \(self.object)")
        }
    }
}

/// `plexus token`
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Tokens: how programs say whose they are.",
        subcommands: [Create.self, List.self, Revoke.self])

    /// `plexus token create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and print it; it is shown only now.",
            discussion:
                "Example: plexus token create --user bench --scope work --expires 2027-01-01T00:00:00Z")
        @OptionGroup var connection: ConnectionOptions
        @Option(help: "Whose; your own when it is not said.") var user: String?
        @Option(help: "What people know it by.") var name = ""
        @Option(
            help:
                "What it is good for: read, write, check, run, publish, work, operate, administer; may be given several times; all that the user may do when it is not said."
        )
        var scope: [String] = []
        @Option(help: "When it ends, such as 2026-12-31T00:00:00Z.") var expires: String?

        func run() async throws {
            var body: JSON.Object = ["name": .string(self.name)]
            body["user"] = self.user.map(JSON.string)
            if !self.scope.isEmpty { body["scopes"] = .array(self.scope.map(JSON.string)) }
            body["expires_at"] = self.expires.map(JSON.string)
            let made = try await self.connection.connection().call("POST", "/v1/tokens", body: .object(body))
            print(made["token"]?.string ?? "")
        }
    }

    /// `plexus token list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List tokens, without their secrets.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "Only those of a user.") var user: String?

        func run() async throws {
            let path = "/v1/tokens" + (self.user.map { "?user=\(pathPart($0))" } ?? "")
            let tokens = try await PagedList(
                connection: self.connection.connection(), path: path, name: "tokens"
            ).all()
            Terminal.printRecords(
                tokens, ["id", "user", "name", "scopes", "created_at", "expires_at"], as: self.output.format)
        }
    }

    /// `plexus token revoke ID`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a token away for good.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The token's id: what stands between plx_ and the next _.") var id: String

        func run() async throws {
            _ = try await self.connection.connection().call("DELETE", "/v1/tokens/\(pathPart(self.id))")
            print("token \(self.id) is gone")
        }
    }
}

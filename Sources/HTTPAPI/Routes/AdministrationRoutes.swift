internal import Authorization
internal import AccessControl
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import JSON
internal import PropertyGraph

/// Users, groups, zones, tokens and accounts.
///
/// Lists page with `page_size` (1 to 1000) and `continuation_token`. Whoever does not administer the network sees itself, its
/// own tokens, and the zones and accounts that are open to it.
struct AdministrationRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        self.addUsers(to: router)
        self.addGroups(to: router)
        self.addZones(to: router)
        router.get("/v1/tokens", .inHandler) { try self.tokens($0, $1) }
        router.post("/v1/tokens", .inHandler) { try await self.createToken($0, $1) }
        router.delete("/v1/tokens/:id", .inHandler) { _, context in
            let isAdministrator = self.isAdministrator(context)
            try await self.directory(context).revokeToken(
                self.id(context), of: isAdministrator ? nil : context.user)
            return Response(status: .noContent)
        }
        router.get("/v1/accounts", .inHandler) { request, context in
            let rights = self.services.rights(context)
            return try self.page(request, "accounts") { last, limit in
                self.directory(context).accounts(after: last, limit: limit) {
                    rights.allows(context.caller, .on(.account, .see, $0))
                }
            }
        }
    }

    private func directory(_ context: APIContext) -> Directory {
        Directory(
            store: self.services.stores.network, authenticator: self.services.authenticator,
            actor: context.caller.user)
    }

    private func id(_ context: APIContext) -> String { context.part("id") }

    private func isAdministrator(_ context: APIContext) -> Bool {
        context.inquiry.note()
        return self.services.access.isAdministrator(context.caller)
    }

    /// One page of a list: `last` is the id after which it begins.
    private func page(
        _ request: Request, _ name: String, _ list: (_ last: String?, _ limit: Int) -> [JSON]
    ) throws -> Response {
        let page = try Page(request)
        let found = list(page.token, page.size + 1)
        let shown = Array(found.prefix(page.size))
        let next = found.count > page.size ? shown.last?["id"]?.string : nil
        return Response(
            .object([name: .array(shown), "continuation_token": .string(Page.token(next))]))
    }

    private func moment(_ json: JSON?) throws -> ZonedDateTime? {
        guard let json, json != .null else { return nil }
        return try self.services.moment(json)
    }

    private static func wrong(_ detail: String) -> HTTPProblem {
        HTTPProblem(.badRequest, code: "invalid_request", detail)
    }

    private static func text(_ body: JSON, _ name: String) throws -> String? {
        guard let value = body[name], value != .null else { return nil }
        guard let text = value.string else { throw Self.wrong("`\(name)` is a text") }
        return text
    }

    private static func needed(_ body: JSON, _ name: String) throws -> String {
        guard let text = try Self.text(body, name) else { throw Self.wrong("`\(name)` is missing") }
        return text
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ body: JSON, _ name: String, _ type: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text = try Self.text(body, name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.wrong("`\(name)` is one of \(all), not `\(text.prefix(40))`")
        }
        return choice
    }

    // MARK: Users

    private func addUsers(to router: GuardedRouter) {
        router.get("/v1/users", .network(.administer)) { request, context in
            try self.page(request, "users") { self.directory(context).users(after: $0, limit: $1) }
        }
        router.post("/v1/users", .network(.administer)) { request, context in
            let body = try await request.json()
            let id = try Self.needed(body, "id")
            let directory = self.directory(context)
            try await directory.addUser(
                id, name: Self.text(body, "name"), email: Self.text(body, "email"),
                kind: Self.text(body, "kind") ?? "person",
                role: Self.choice(body, "role", Directory.Role.self) ?? .ordinaryUser,
                password: Self.text(body, "password"))
            return Response(try directory.user(id), status: .created)
        }
        router.get("/v1/users/:id", .inHandler) { _, context in
            let id = self.id(context)
            let isSelf = context.caller.user == id
            if isSelf {
                context.inquiry.note()
            } else {
                try self.services.require(.network(.administer), context)
            }
            return Response(try self.directory(context).user(id))
        }
        router.patch("/v1/users/:id", .network(.administer)) { try await self.changeUser($0, $1) }
        router.put("/v1/users/:id/password", .inHandler) { try await self.changePassword($0, $1) }
        for (method, isGranted) in [(HTTPRequest.Method.put, true), (.delete, false)] {
            router.on(method, "/v1/users/:id/roles/:role", .network(.administer)) { request, context in
                let name = context.part("role")
                guard let role = Directory.Role(rawValue: name) else {
                    let all = Directory.Role.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Self.wrong("there is no role `\(name.prefix(40))`; there are \(all)")
                }
                let until = try self.moment(isGranted ? await request.jsonOrNothing()?["valid_until"] : nil)
                let directory = self.directory(context)
                try await directory.setRole(role, user: self.id(context), isGranted: isGranted, until: until)
                return Response(try directory.user(self.id(context)))
            }
        }
    }

    private func changeUser(_ request: Request, _ context: APIContext) async throws -> Response {
        let status = try Self.needed(try await request.json(), "status")
        guard status == "enabled" || status == "disabled" else {
            throw Self.wrong("`status` is enabled or disabled")
        }
        let directory = self.directory(context)
        try await directory.setEnabled(status == "enabled", user: self.id(context))
        return Response(try directory.user(self.id(context)))
    }

    /// One's own, shown with the old one, or anybody's for administrators.
    private func changePassword(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let id = self.id(context)
        if case .user(let principal) = context.caller, principal.user == id, principal.scopes == nil,
            let old = try Self.text(body, "old_password")
        {
            context.inquiry.note()
            do {
                _ = try await self.services.authenticator.passwords.principal(user: id, password: old)
            } catch {
                throw HTTPProblem(.forbidden, code: "forbidden", "`old_password`: \(error)")
            }
        } else {
            try self.services.require(.network(.administer), context)
        }
        try await self.directory(context).setPassword(Self.needed(body, "password"), of: id)
        return Response(status: .noContent)
    }

    // MARK: Tokens

    private func tokens(_ request: Request, _ context: APIContext) throws -> Response {
        let all = self.isAdministrator(context)
        let user = all ? request.parameter("user") : context.user
        return try self.page(request, "tokens") {
            self.directory(context).tokens(of: user, after: $0, limit: $1)
        }
    }

    /// `{user?, name?, scopes?, expires_at?}`; one's own within the scopes of the token that asks, or anybody's for administrators.
    private func createToken(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let user = try Self.text(body, "user") ?? context.caller.user ?? ""
        var scopes = try Self.scopes(body["scopes"])
        if !self.isAdministrator(context) {
            guard case .user(let principal) = context.caller, principal.user == user else {
                throw AccessDeniedForOthers(user: user).problem
            }
            // No token makes one that is good for more.
            if let own = principal.scopes { scopes = (scopes ?? own).intersection(own) }
        }
        let terms = TokenTerms(
            name: try Self.text(body, "name") ?? "", scopes: scopes,
            expiresAt: try self.moment(body["expires_at"]))
        return Response(try await self.directory(context).createToken(for: user, terms), status: .created)
    }

    private static func scopes(_ json: JSON?) throws -> Set<Scope>? {
        guard let json, json != .null else { return nil }
        let names = json.array?.compactMap(\.string) ?? []
        let scopes = names.compactMap(Scope.init)
        guard !names.isEmpty, scopes.count == names.count, names.count == json.array?.count else {
            let all = Scope.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.wrong("`scopes` is a list of \(all)")
        }
        return Set(scopes)
    }

    // MARK: Groups

    private func addGroups(to router: GuardedRouter) {
        router.get("/v1/groups", .network(.administer)) { request, context in
            try self.page(request, "groups") { self.directory(context).groups(after: $0, limit: $1) }
        }
        router.post("/v1/groups", .network(.administer)) { request, context in
            let body = try await request.json()
            let id = try Self.needed(body, "id")
            try await self.directory(context).addGroup(id, description: Self.text(body, "description"))
            return Response(try self.directory(context).group(id), status: .created)
        }
        router.get("/v1/groups/:id", .network(.administer)) { _, context in
            Response(try self.directory(context).group(self.id(context)))
        }
        for (method, isMember) in [(HTTPRequest.Method.put, true), (.delete, false)] {
            router.on(method, "/v1/groups/:id/members/:member", .network(.administer)) { request, context in
                let until = try self.moment(isMember ? await request.jsonOrNothing()?["valid_until"] : nil)
                try await self.directory(context).setMember(
                    context.part("member"), of: self.id(context), isMember: isMember, until: until)
                return Response(status: .noContent)
            }
        }
    }

    // MARK: Zones

    private func addZones(to router: GuardedRouter) {
        router.get("/v1/zones", .inHandler) { request, context in
            let rights = self.services.rights(context)
            return try self.page(request, "zones") { last, limit in
                self.directory(context).zones(after: last, limit: limit) {
                    rights.allows(context.caller, .on(.zone, .see, $0))
                }.map { self.shown($0, context) }
            }
        }
        router.post("/v1/zones", .network(.administer)) { request, context in
            let body = try await request.json()
            let id = try Self.needed(body, "id")
            try await self.directory(context).addZone(
                id, description: Self.text(body, "description"),
                audience: Self.choice(body, "audience", Directory.Audience.self) ?? .admin)
            return Response(try self.directory(context).zone(id), status: .created)
        }
        router.get("/v1/zones/:id", .object(.zone, .see, parameter: "id")) { _, context in
            Response(self.shown(try self.directory(context).zone(self.id(context)), context))
        }
        for (method, isOn) in [(HTTPRequest.Method.put, true), (.delete, false)] {
            router.on(method, "/v1/zones/:id/open-to/:subject", .network(.administer)) { request, context in
                let until = try self.moment(isOn ? await request.jsonOrNothing()?["valid_until"] : nil)
                try await self.directory(context).setOpen(
                    self.id(context), to: context.part("subject"), isOpen: isOn, until: until)
                return Response(status: .noContent)
            }
            router.on(method, "/v1/zones/:id/contains/:object", .network(.administer)) { _, context in
                try await self.directory(context).setContained(
                    context.part("object"), in: self.id(context), isContained: isOn)
                return Response(status: .noContent)
            }
        }
    }

    /// To whom a zone is open is for administrators to know.
    private func shown(_ zone: JSON, _ context: APIContext) -> JSON {
        guard !self.services.access.isAdministrator(context.caller), var object = zone.object else {
            return zone
        }
        object["open_to"] = nil
        return .object(object)
    }
}

/// Tokens are made for oneself.
private struct AccessDeniedForOthers {
    let user: String

    var problem: HTTPProblem {
        HTTPProblem(
            .forbidden, code: "forbidden",
            "only administrators make tokens for others, such as `\(self.user.prefix(100))`")
    }
}

internal import AccessControl
internal import GraphDatabase
internal import NIOCore
internal import PropertyGraph
internal import QueryEngine

/// Who the client is, where it goes, and transactions.
extension Connection {
    /// What drivers look for: they refuse servers that are not called Neo4j.
    private static let agent = "Neo4j/5.26.0"
    /// How long a client may believe where graphs are served, in seconds.
    private static let routeSeconds = 300

    func hello(_ request: BoltRequest, _ entries: [String: Value]) {
        do {
            self.filter = try NotificationFilter().refined(by: entries)
        } catch {
            return self.fail(request, error)
        }
        guard !self.version.hasLogon else { return self.greet(request, entries) }
        self.identify(request, entries) { $0.greet(request, entries) }
    }

    private func greet(_ request: BoltRequest, _ entries: [String: Value]) {
        var metadata: Metadata = [
            ("server", .string(Self.agent)), ("connection_id", .string(self.id)),
            ("hints", .map(["telemetry.enabled": .boolean(false)])),
        ]
        if self.version.major == 4, case .list(let patches) = entries["patch_bolt"],
            patches.contains(.string("utc"))
        {
            self.usesUTC = true
            metadata.append(("patch_bolt", .list([.string("utc")])))
        }
        self.succeed(request, metadata)
    }

    func logon(_ request: BoltRequest, _ entries: [String: Value]) {
        self.identify(request, entries) { $0.succeed(request) }
    }

    /// Finds out who the client is, and goes on when it is let in.
    private func identify(
        _ request: BoltRequest, _ entries: [String: Value],
        then: @escaping @Sendable (Connection) -> Void
    ) {
        guard let authenticator = self.configuration.authenticator else {
            self.welcome(.unchecked)
            return then(self)
        }
        let task = TaskBox()
        let back = self.start(request) { task.cancel() }
        task.run {
            do {
                let caller = try await authenticator.caller(entries)
                back { connection in
                    connection.welcome(caller)
                    then(connection)
                }
            } catch {
                back { $0.fail(request, error) }
            }
        }
    }

    /// What a client who says nothing may do, between LOGOFF and LOGON.
    func forget(_ request: BoltRequest) {
        self.caller = self.configuration.authenticator == nil ? .unchecked : .nobody
        self.succeed(request)
    }

    private func welcome(_ caller: Caller) {
        self.caller = caller
        self.isKnown = true
        self.assembler.limit = self.configuration.limits.messageBytes
        self.strangerTimer?.cancel()
        self.strangerTimer = nil
    }

    /// This server serves everything, at the address by which the client found it.
    func route(_ request: BoltRequest, _ routing: [String: Value], _ entries: [String: Value]) {
        let options: StatementOptions
        do {
            options = try StatementOptions(entries, connection: self.filter)
        } catch {
            return self.fail(request, error)
        }
        let address: String
        if let given = routing["address"]?.string {
            address = given
        } else if let local = self.context?.channel.localAddress, let port = local.port {
            address = "\(local.ipAddress ?? "127.0.0.1"):\(port)"
        } else {
            address = "127.0.0.1:7687"
        }
        self.find(request, options) { connection, graph in
            let servers = ["ROUTE", "READ", "WRITE"].map { role in
                Value.map(["addresses": .list([.string(address)]), "role": .string(role)])
            }
            let table: [String: Value] = [
                "ttl": .integer(Self.routeSeconds), "db": .string(options.isSystem ? "system" : graph.name),
                "servers": .list(servers),
            ]
            connection.succeed(request, [("rt", .map(table))])
        }
    }

    func begin(_ request: BoltRequest, _ entries: [String: Value]) {
        let options: StatementOptions
        do {
            options = try StatementOptions(entries, connection: self.filter)
        } catch {
            return self.fail(request, error)
        }
        do {
            try self.configuration.access.require(
                self.caller, .graph(.read, options.graph ?? GraphCatalog.network))
        } catch {
            return self.fail(request, error)
        }
        self.find(request, options) { connection, graph in
            connection.transaction = ExplicitTransaction(
                on: graph, access: options.access, timeLimit: options.timeLimit)
            connection.transactionOptions = options
            // Drivers look for the graph's name from 5.8 on.
            connection.succeed(
                request, connection.version >= BoltVersion(5, 8) ? [("db", .string(graph.name))] : [])
        }
    }

    /// The graph that work is about, as soon as it is open and has the states that the client has seen.
    private func find(
        _ request: BoltRequest, _ options: StatementOptions,
        then: @escaping @Sendable (Connection, GraphDatabase) -> Void
    ) {
        let catalog = self.configuration.catalog
        if let graph = self.graphAtHand(options) { return then(self, graph) }
        let task = TaskBox()
        let back = self.start(request) { task.cancel() }
        task.run {
            do {
                let graph = try await catalog.graph(options.graph ?? GraphCatalog.network)
                try await catalog.wait(for: options.bookmarks)
                back { then($0, graph) }
            } catch {
                back { $0.fail(request, error) }
            }
        }
    }

    /// The graph when nothing is to be waited for, as mostly.
    func graphAtHand(_ options: StatementOptions) -> GraphDatabase? {
        let network = self.configuration.catalog.network
        guard options.graph == nil || options.graph == network.name else { return nil }
        let version = network.snapshot().version
        return options.bookmarks.allSatisfy { $0.graph == network.name && $0.version <= version }
            ? network : nil
    }

    func commit(_ request: BoltRequest) {
        self.dropResults()
        guard let transaction = self.transaction else {
            return self.fail(request, TransactionFailure.ended)
        }
        do {
            if let bookmark = try transaction.commitIfUnwritten() {
                self.transaction = nil
                return self.succeed(request, [("bookmark", .string(bookmark.description))])
            }
        } catch {
            return self.fail(request, error)
        }
        let back = self.start(request)
        Task {
            do {
                let bookmark = try await transaction.commit()
                back { connection in
                    connection.transaction = nil
                    connection.succeed(request, [("bookmark", .string(bookmark.description))])
                }
            } catch {
                back { $0.fail(request, error) }
            }
        }
    }
}

/// A task that is begun once and can be cancelled before that.
final class TaskBox {
    private var task: Task<Void, Never>?

    func run(_ body: @escaping @Sendable () async -> Void) { self.task = Task(operation: body) }

    func cancel() { self.task?.cancel() }
}

import AccessControl
import ArgumentParser
import Authorization
import Bolt
import Foundation
import GraphDatabase
import GraphStorage
import Graphviz
import HTTPAPI
import Hummingbird
import Identity
import Logging
import NIOCore
import NamedResources
import OpenIDConnect
import Orchestration
import PropertyGraph
import ServiceLifecycle
import UnixSignals
import Synchronization

/// Whether requests need a token.
enum AuthMode: String, ExpressibleByArgument, CaseIterable {
    case none
    case required
}

extension Durability: ExpressibleByArgument {}

/// `plexus serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the server.",
        discussion: "At its first start it makes the folder and prints an administrator's token, once.")

    @Option(help: "The data folder.")
    var data: String

    @Option(help: "Where to listen for HTTP; port 0 picks a free one.")
    var http = "127.0.0.1:8420"

    @Option(
        help: "Where to listen for Bolt, Neo4j's protocol; port 0 picks a free one. (default: 127.0.0.1:7687)"
    )
    var bolt: String?

    @Option(
        help:
            "A file with the certificate chain, in PEM: then Bolt is encrypted, and HTTP for all but this machine."
    )
    var tlsCertificate: String?

    @Option(help: "A file with the certificate's private key, in PEM.")
    var tlsKey: String?

    @Option(help: "none: no token needed, on loopback only; required: every request needs one.")
    var auth = AuthMode.required

    @Option(help: "An OpenID Connect provider whose tokens are accepted, as they name it in `iss`.")
    var oidcIssuer: String?

    @Option(help: "What those tokens name in `aud`.")
    var oidcAudience = "plexus"

    @Option(help: "The claim of those tokens that holds a user's id here.")
    var oidcUserClaim = "sub"

    @Flag(help: "Add users whom the provider knows and the graph does not, as ordinary users.")
    var oidcAddUsers = false

    @Option(help: "full: a commit waits for the disk; relaxed: a power cut may lose the last commits.")
    var durability = Durability.full

    @Option(help: "How many days lines of journals are kept.")
    var journalDays = 365

    @Option(help: "After how many days a blob goes to which nothing refers.")
    var blobDays = 7

    @Option(help: "Which part of all authorization decisions is kept in the journal: 0 none, 1 all.")
    var decisionLog = 0.0

    @Option(help: "Least level of log lines: debug, info, warning, error.")
    var logLevel = "info"

    func validate() throws {
        guard (1...36_500).contains(self.journalDays) else {
            throw ValidationError("--journal-days \(self.journalDays): between 1 and 36500")
        }
        guard (1...36_500).contains(self.blobDays) else {
            throw ValidationError("--blob-days \(self.blobDays): between 1 and 36500")
        }
        guard (0...1).contains(self.decisionLog) else {
            throw ValidationError("--decision-log \(self.decisionLog): between 0 and 1")
        }
    }

    func run() async throws {
        let (host, port) = try self.address("--http", self.http)
        let boltAddress = try self.address("--bolt", self.bolt ?? Self.usualBolt)
        let logger = Self.logger("plexus", level: self.logLevel)
        let catalog = try await GraphCatalog(
            folder: self.data, durability: self.durability,
            retention: JournalRetention(
                milliseconds: self.journalDays * 86_400_000,
                lines: JournalRetention.standard.lines),
            creating: true)
        let database = catalog.network
        logger.info(
            "graph loaded",
            metadata: [
                "nodes": "\(database.snapshot().nodeCount)",
                "relationships": "\(database.snapshot().relationshipCount)",
            ])
        if let token = try await TokenAuthority(database: database).bootstrap(
            now: GraphDatabase.now().epochMilliseconds)
        {
            Terminal.say("administrator token (shown only now): \(token)")
        }
        let services = try await self.services(catalog, logger)
        let isReady = Mutex(false)
        let tls = try self.tls()
        let bolt = try await self.startBolt(boltAddress, services, tls, logger)
        let router = plexusRouter(
            services,
            bolt: bolt.map { BoltAddress(port: $0.port, isEncrypted: self.tlsCertificate != nil) }
        ) { isReady.withLock { $0 } }
        let application = Application(
            router: router,
            server: .plexus(services, tls: tls?.context),
            configuration: .init(address: .hostname(host, port: port), serverName: "plexus"),
            onServerRunning: { channel in
                let actual = channel.localAddress?.port ?? port
                if tls != nil { Terminal.say("encrypted on https://\(host):\(actual)") }
                Terminal.say("listening on http://\(host):\(actual)")
                isReady.withLock { $0 = true }
                logger.info("ready", metadata: ["http": "\(host):\(actual)"])
            }, logger: Self.logger("http", level: "warning"))
        let group = ServiceGroup(
            configuration: .init(
                services: (bolt.map { [.init(service: BoltService(server: $0))] } ?? []) + [
                    .init(service: application),
                    .init(service: DecisionKeeper(decisions: services.decisions, logger: logger)),
                    .init(service: LeaseSweeper(orchestrator: services.orchestrator, logger: logger)),
                    .init(
                        service: BlobSweeper(
                            orchestrator: services.orchestrator, days: self.blobDays, logger: logger)),
                    .init(service: TriggerClock(orchestrator: services.orchestrator, logger: logger)),
                ], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Self.logger("lifecycle", level: "warning")))
        do {
            try await group.run()
        } catch let error as IOError {
            try? await catalog.close()
            throw CommandFailure("cannot listen on \(self.http): \(error)", code: 3)
        }
        // Those that write hold the writer, for which closing waits.
        services.transactions.close()
        try await catalog.close()
        logger.info("stopped")
    }

    /// Where Bolt is served when nobody says otherwise.
    private static let usualBolt = "127.0.0.1:7687"

    private func address(_ option: String, _ given: String) throws -> (host: String, port: Int) {
        guard let colon = given.lastIndex(of: ":"), let port = Int(given[given.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw CommandFailure.usage("\(option) \(given): write HOST:PORT, such as 127.0.0.1:8420") }
        let host = String(given[..<colon])
        let isLoopback = host == "localhost" || host.hasPrefix("127.") || host == "[::1]" || host == "::1"
        guard self.auth == .required || isLoopback else {
            throw CommandFailure.usage("--auth none is allowed on loopback only, not on \(host)")
        }
        return (host.trimmingCharacters(in: ["[", "]"]), port)
    }

    /// Starts to listen for Bolt; nil when the usual port is taken and nobody asked for it.
    private func startBolt(
        _ address: (host: String, port: Int), _ services: Services, _ tls: BoltTLS?, _ logger: Logger
    ) async throws -> BoltServer? {
        let configuration = BoltConfiguration(
            host: address.host, port: address.port, catalog: services.catalog,
            authenticator: self.auth == .required ? services.authenticator : nil, access: services.access,
            tls: tls, logger: logger)
        do {
            let server = try await BoltServer.start(configuration)
            let scheme = configuration.tls == nil ? "bolt" : "bolt+s"
            Terminal.say("bolt listening on \(scheme)://\(address.host):\(server.port)")
            return server
        } catch let error as IOError {
            guard self.bolt == nil else {
                try? await services.catalog.close()
                throw CommandFailure("cannot listen on \(address.host):\(address.port): \(error)", code: 3)
            }
            logger.warning(
                "bolt is not served: its usual port is taken; name another one with --bolt",
                metadata: ["address": "\(Self.usualBolt)", "error": "\(error)"])
            return nil
        }
    }

    private func tls() throws -> BoltTLS? {
        switch (self.tlsCertificate, self.tlsKey) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            do {
                return try BoltTLS(certificate: certificate, key: key)
            } catch {
                throw CommandFailure.usage("--tls-certificate \(certificate), --tls-key \(key): \(error)")
            }
        default: throw CommandFailure.usage("--tls-certificate and --tls-key belong together")
        }
    }

    private func services(_ catalog: GraphCatalog, _ logger: Logger) async throws -> Services {
        let database = catalog.network
        let pictures = PictureProcess(executable: try Self.executable(), keepsReady: true)
        func machine(_ name: String) async throws -> StateMachine {
            StateMachine(
                graph: try await pictures.parse(database.resources.text("schema/states/\(name).dot") ?? ""))
        }
        let blobs = try BlobStore(folder: self.data + "/blobs")
        let orchestrator = Orchestrator(
            database: database, jobStates: try await machine("job"),
            runStates: try await machine("run"), blobs: blobs, parse: { try await pictures.parse($0) },
            clock: { GraphDatabase.now() })
        let model = try AuthorizationModel.parse(database.resources.text("schema/network.fga") ?? "")
        let stores = StoreDirectory(catalog: catalog)
        try await stores.network.ensure(model, origin: "schema/network.fga", at: GraphDatabase.now())
        let foreign = try self.openIDProvider(database, stores, logger)
        return Services(
            catalog: catalog, resources: database.resources,
            authenticator: try Authenticator(database: database, foreign: foreign),
            access: Guard(model: model, database: database), stores: stores,
            decisions: DecisionLog(rate: self.decisionLog),
            orchestrator: orchestrator, blobs: blobs, credentials: CredentialStore(folder: self.data),
            pictures: pictures,
            needsToken: self.auth == .required, logger: logger)
    }

    private func openIDProvider(
        _ database: GraphDatabase, _ stores: StoreDirectory, _ logger: Logger
    ) throws -> OpenIDProvider? {
        guard let issuer = self.oidcIssuer else { return nil }
        let settings: OpenIDSettings
        do {
            settings = try OpenIDSettings(
                issuer: issuer, audience: self.oidcAudience, userClaim: self.oidcUserClaim)
        } catch {
            throw CommandFailure.usage("--oidc-issuer, --oidc-audience: \(error)")
        }
        let directory = Directory(
            store: stores.network, authenticator: try Authenticator(database: database), actor: "oidc")
        let admit: @Sendable (OpenIDProvider.Newcomer) async throws -> Void = {
            try await directory.addUser($0.id, name: $0.name, email: $0.email, password: nil)
        }
        return OpenIDProvider(
            settings, database: database, logger: logger, admit: self.oidcAddUsers ? admit : nil)
    }

    /// This program's file, wherever it was moved to.
    static func executable() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    /// A logger that writes one line an event to standard error.
    static func logger(_ label: String, level: String) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: level) ?? .info
        return logger
    }
}

/// Serves Bolt until the program is to end.
struct BoltService: Service {
    let server: BoltServer

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await self.server.wait()
        } onGracefulShutdown: {
            Task { await self.server.close() }
        }
        await self.server.close()
    }
}

/// Takes back jobs whose workers fell silent, every second.
struct LeaseSweeper: Service {
    let orchestrator: Orchestrator
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.orchestrator.failExpired()
                    let count = try await self.orchestrator.takeBackExpired()
                    if count > 0 {
                        self.logger.warning(
                            "took back jobs of silent workers", metadata: ["attempts": "\(count)"])
                    }
                } catch {
                    self.logger.error("taking back leases failed", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}

/// Clears away blobs to which nothing refers, once a day.
struct BlobSweeper: Service {
    let orchestrator: Orchestrator
    let days: Int
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // Not while a server that was just started has other things to do.
            var pause = Duration.seconds(600)
            while (try? await Task.sleep(for: pause)) != nil {
                pause = .seconds(86_400)
                do {
                    let found = try await self.orchestrator.collectBlobs(olderThan: self.days * 86_400)
                    self.logger.info(
                        "cleared away blobs",
                        metadata: [
                            "removed": "\(found.removed)", "bytes": "\(found.bytes)", "kept": "\(found.kept)",
                        ])
                } catch {
                    self.logger.error("clearing away blobs failed", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}

/// Starts runs whose time has come, every second.
struct TriggerClock: Service {
    let orchestrator: Orchestrator
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    for run in try await self.orchestrator.fireTriggers() {
                        self.logger.info("a trigger started a run", metadata: ["run": "\(run)"])
                    }
                } catch {
                    self.logger.error("triggers failed", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}

/// Writes gathered decisions to the journal, every second and at the end.
struct DecisionKeeper: Service {
    let decisions: DecisionLog
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.flush()
                try? await Task.sleep(for: .seconds(1))
            }
        }
        await self.flush()
    }

    private func flush() async {
        do {
            try await self.decisions.flush()
        } catch {
            self.logger.error("keeping decisions failed", metadata: ["error": "\(error)"])
        }
    }
}

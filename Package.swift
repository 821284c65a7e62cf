// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A room of the house: may use only what is named here (ARCHITECTURE.md, layers).
func room(_ name: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of a room.
func tests(_ name: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict)
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let hashTrees = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let http = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "plexus",
    dependencies: [
        // The command line: parsing, help, completion scripts.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Persistent hash maps and sets: indexes that live in snapshots.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Structured logs.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // SQLite: pool, WAL, migrations.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // The HTTP server.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        // Names of headers and states of answers.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // The HTTP client of the worker and the command line.
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        // Start and orderly end of the long-running parts.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // File descriptors for processes.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        // Event loops: HTTP hot routes and bytes of the HTTP client.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // Parts of HTTP messages as the server passes them: hot routes.
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        // TLS of Bolt.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // JSON Web Tokens of OpenID Connect providers.
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        // Processes: git, functions, the picture helper.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // The files of queries/, schema/ and visualizations/, compiled in.
        .executableTarget(name: "embed-resources", swiftSettings: strict),
        .plugin(name: "EmbedResources", capability: .buildTool(), dependencies: ["embed-resources"]),
        .target(
            name: "NamedResources", swiftSettings: strict, plugins: [.plugin(name: "EmbedResources")]),

        room("JSON"),
        room("RegularExpressions"),
        room("JSONSchema", uses: ["JSON", "RegularExpressions"]),
        room("YAML", uses: ["JSON"]),
        room("CEL", uses: ["JSON", "RegularExpressions"]),
        room("Cypher"),
        room("PropertyGraph", uses: [hashTrees]),
        // Checksums of rows.
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        room("GraphStorage", uses: ["CGlibc", "CXXHash", "JSON", "PropertyGraph", grdb, sqlite]),
        room("QueryEngine", uses: ["Cypher", "PropertyGraph", "RegularExpressions"]),
        room(
            "GraphDatabase",
            uses: ["CGlibc", "Cypher", "GraphStorage", "NamedResources", "PropertyGraph", "QueryEngine"]),
        .systemLibrary(name: "CGlibc"),

        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CGraphviz", pkgConfig: "libgvc", providers: [.apt(["libgraphviz-dev"])]),
        room(
            "Visualization",
            uses: [
                "Cypher", "GraphDatabase", "Graphviz", "JSON", "NamedResources", "PropertyGraph",
                "QueryEngine",
            ]),
        room("Graphviz", uses: ["CGraphviz", "JSON", subprocess, system]),
        room("Identity", uses: ["Cryptography", "GraphDatabase", "PropertyGraph"]),
        room(
            "OpenIDConnect",
            uses: [
                "GraphDatabase", "Identity", "JSON", "PropertyGraph", http, jwt, logging, nio, nioHTTP1,
            ]),
        room(
            "AccessControl",
            uses: [
                "Authorization", "Cypher", "GraphDatabase", "GraphStorage", "Identity", "JSON",
                "PropertyGraph", "QueryEngine",
            ]),
        room(
            "Orchestration",
            uses: [
                "CEL", "Cryptography", "Cypher", "GraphDatabase", "Graphviz", "JSON", "JSONSchema",
                "PropertyGraph", "QueryEngine", "YAML",
            ]),
        room(
            "Worker",
            uses: [
                "CGlibc", "Cryptography", "JSON", http, nio, nioHTTP1, nioTLS, subprocess, system, logging,
            ]),
        room(
            "HTTPAPI",
            uses: [
                "AccessControl", "Authorization", "CEL", "Cryptography", "Cypher", "GraphDatabase",
                "GraphStorage", "Graphviz",
                "Identity",
                "JSON", "NamedResources", "Orchestration", "PropertyGraph", "QueryEngine", "Visualization",
                "YAML", hummingbird, hummingbirdCore,
                httpTypes, lifecycle, logging, nio, nioHTTPTypes, nioTLS,
            ]),
        // Line editing and history of the shell.
        .systemLibrary(name: "CLibEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        room("Shell", uses: ["CLibEdit", "JSON"]),
        room("Cryptography", uses: ["COpenSSL"]),
        room(
            "Authorization",
            uses: ["CEL", "Cryptography", "GraphDatabase", "GraphStorage", "JSON", "PropertyGraph", "YAML"]),
        room(
            "Bolt",
            uses: [
                "AccessControl", "Cypher", "GraphDatabase", "Identity", "PropertyGraph", "QueryEngine",
                logging, nio, nioPosix,
                nioTLS,
            ]),

        .executableTarget(
            name: "plexus",
            dependencies: [
                "AccessControl", "Authorization", "Bolt", "Cypher", "GraphDatabase", "GraphStorage",
                "Graphviz", "HTTPAPI",
                "Identity", "JSON",
                "NamedResources", "OpenIDConnect", "Orchestration", "PropertyGraph", "QueryEngine", "Shell",
                "Visualization", "Worker", hummingbird,
                lifecycle, logging, nio,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // What the store costs beside C and plain SQLite in the same run: `make bench-store`.
        .executableTarget(
            name: "bench-store",
            dependencies: ["CStoreFloor", "GraphDatabase", "GraphStorage", "PropertyGraph"],
            path: "Benchmarks/store", exclude: ["floor"], swiftSettings: strict),
        .target(
            name: "CStoreFloor", path: "Benchmarks/store/floor",
            cSettings: [.unsafeFlags(["-O3"])], linkerSettings: [.linkedLibrary("sqlite3")]),

        // What queries cost beside other embedded engines on the same data: `make bench-cypher`.
        .executableTarget(
            name: "bench-cypher",
            dependencies: ["GraphDatabase", "GraphStorage", "JSON", "PropertyGraph", "QueryEngine"],
            path: "Benchmarks/cypher", swiftSettings: strict),

        // The floor under Bolt: the same set-up of SwiftNIO, answers without work: `make bench-bolt`.
        .executableTarget(
            name: "bench-bolt-floor", dependencies: [nio, nioPosix], path: "Benchmarks/bolt",
            swiftSettings: strict),

        // What authorization costs beside other engines on the same tuples: `make bench-authorization`.
        .executableTarget(
            name: "bench-authorization",
            dependencies: [
                "Authorization", "Cryptography", "GraphDatabase", "GraphStorage", "JSON", "PropertyGraph",
                nio, nioHTTP1, nioPosix,
            ], path: "Benchmarks/authorization", swiftSettings: strict),

        // What pipelines and pictures cost: `make bench-pictures`.
        .executableTarget(
            name: "bench-jobs",
            dependencies: [
                "GraphDatabase", "GraphStorage", "Graphviz", "JSON", "NamedResources", "Orchestration",
                "PropertyGraph",
            ], path: "Benchmarks/jobs", swiftSettings: strict),

        .executableTarget(
            name: "bench-pictures",
            dependencies: [
                "GraphDatabase", "GraphStorage", "Graphviz", "JSON", "NamedResources", "Orchestration",
                "PropertyGraph", "Visualization",
            ], path: "Benchmarks/pictures", swiftSettings: strict),

        // What tests of several rooms need.
        .target(
            name: "TestSupport", dependencies: ["GraphStorage", "PropertyGraph"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        tests("JSON"),
        tests("JSONSchema", uses: ["JSON"]),
        tests("CEL", uses: ["JSON"]),
        tests("YAML", uses: ["JSON"]),
        tests("Cypher"),
        tests("Shell", uses: ["JSON"]),
        tests(
            "Bolt",
            uses: [
                "AccessControl", "Authorization", "GraphDatabase", "GraphStorage", "PropertyGraph",
                "QueryEngine", "TestSupport", logging, nio,
                nioPosix,
            ]),
        tests("QueryEngine", uses: ["Cypher", "PropertyGraph", "TestSupport"]),
        tests(
            "Authorization", uses: ["GraphDatabase", "GraphStorage", "JSON", "PropertyGraph", "TestSupport"]),
        tests("PropertyGraph", uses: ["TestSupport"]),
        tests("Cryptography"),
        tests("Identity", uses: ["GraphDatabase", "GraphStorage", "PropertyGraph", "TestSupport"]),
        tests(
            "OpenIDConnect",
            uses: ["GraphDatabase", "GraphStorage", "Identity", "PropertyGraph", "TestSupport", jwt, logging]),
        tests(
            "AccessControl",
            uses: [
                "Authorization", "GraphDatabase", "GraphStorage", "Identity", "JSON", "NamedResources",
                "PropertyGraph",
                "QueryEngine", "TestSupport",
            ]),
        tests(
            "HTTPAPI",
            uses: [
                "AccessControl", "Authorization", "GraphDatabase", "Graphviz", "Identity", "JSON",
                "NamedResources", "Orchestration", "PropertyGraph", hummingbird, hummingbirdTesting,
                httpTypes, logging,
            ]),
        tests("Graphviz"),
        tests("Visualization", uses: ["Graphviz", "PropertyGraph"]),
        tests(
            "Orchestration",
            uses: ["GraphDatabase", "GraphStorage", "Graphviz", "JSON", "NamedResources", "PropertyGraph"]),
        tests("GraphStorage", uses: ["JSON", "PropertyGraph", "TestSupport", grdb]),
        tests(
            "GraphDatabase",
            uses: ["Cypher", "GraphStorage", "JSON", "PropertyGraph", "QueryEngine", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)

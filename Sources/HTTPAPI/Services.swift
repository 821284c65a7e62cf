package import AccessControl
package import Authorization
package import GraphDatabase
package import Graphviz
package import Identity
package import Logging
package import NamedResources
package import Orchestration
package import PropertyGraph
package import Visualization

/// Everything that routes call. Handlers are a few lines over these.
package struct Services: Sendable {
    /// All graphs.
    package let catalog: GraphCatalog
    /// The graph of the network.
    package let database: GraphDatabase
    /// Queries, models and views.
    package let resources: NamedResources
    /// Finds out who somebody is.
    package let authenticator: Authenticator
    /// Says what callers may do.
    package let access: Guard
    /// Decides over the graphs: the stores of OpenFGA's API, that of the network among them.
    package let stores: StoreDirectory
    /// Keeps decisions.
    package let decisions: DecisionLog
    /// The functions there are.
    package let functions: FunctionRegistry
    /// The pipelines there are.
    package let pipelines: PipelineRegistry
    /// Runs and jobs.
    package let orchestrator: Orchestrator
    /// Payloads.
    package let blobs: BlobStore
    /// What opens private repositories.
    package let credentials: CredentialStore
    /// Views.
    package let views: ViewCatalog
    /// Draws.
    package let pictures: PictureProcess
    /// Laid-out pictures of pipelines.
    let templates = RunTemplates()
    /// Transactions of the Query API.
    package let transactions = QueryTransactions()
    /// Whether requests need a token.
    package let needsToken: Bool
    /// Where log lines go.
    package let logger: Logger

    /// Joins the services.
    package init(
        catalog: GraphCatalog, resources: NamedResources, authenticator: Authenticator, access: Guard,
        stores: StoreDirectory, decisions: DecisionLog,
        orchestrator: Orchestrator,
        blobs: BlobStore, credentials: CredentialStore, pictures: PictureProcess, needsToken: Bool,
        logger: Logger
    ) {
        let database = catalog.network
        self.catalog = catalog
        self.database = database
        self.resources = resources
        self.authenticator = authenticator
        self.access = access
        self.stores = stores
        self.decisions = decisions
        self.functions = FunctionRegistry(database: database)
        self.pipelines = PipelineRegistry(database: database)
        self.orchestrator = orchestrator
        self.blobs = blobs
        self.credentials = credentials
        self.views = ViewCatalog(database: database, resources: resources)
        self.pictures = pictures
        self.needsToken = needsToken
        self.logger = logger
    }

    /// This moment.
    package var now: ZonedDateTime { GraphDatabase.now() }
}

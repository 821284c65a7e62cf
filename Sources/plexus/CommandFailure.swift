import Authorization
import Cypher
import Foundation
import GraphDatabase
import GraphStorage
import Graphviz
import JSON
import Orchestration
import PropertyGraph
import Visualization
import Worker

/// What a command ends with when it cannot do its work.
struct CommandFailure: Error {
    let message: String
    let code: Int32

    init(_ message: String, code: Int32) {
        self.message = message
        self.code = code
    }

    /// Wrong input of the user.
    static func usage(_ message: String) -> CommandFailure { CommandFailure(message, code: 2) }

    /// The failure for an error of the rooms; nil for one of the command line's own.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ConnectionError:
            switch error {
            case .unreachable:
                self.init(
                    "\(error)\nIs the server running? Start it with `plexus serve --data DIR`.", code: 3)
            case .refused(let status, _):
                self.init(
                    error.description, code: status == 401 || status == 403 ? 4 : (status >= 500 ? 70 : 2))
            }
        case let error as StorageError: self.init(error.description, code: 3)
        case is CypherError, is GraphError, is AuthorizationError, is StoreNotFound, is OrchestrationError,
            is ViewError,
            is GraphvizError,
            is ImportError, is ExportError, is JSONError:
            self.init("\(error)", code: 2)
        case let error as ModelError: self.init("schema/network.fga: \(error)", code: 70)
        case is CancellationError: self.init("stopped", code: 130)
        case let error as CocoaError: self.init(error.localizedDescription, code: 2)
        default: return nil
        }
    }
}

import ArgumentParser
import Authorization
import Foundation
import GraphDatabase
import JSON
import Worker

/// `plexus model`
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Authorization models: validate, test, write, transform.",
        discussion: "A model is a .fga file, an fga.mod of modules, or OpenFGA's JSON (.json).",
        subcommands: [ModelValidate.self, ModelTest.self, ModelWrite.self, ModelTransform.self])
}

/// The text of a file.
private func contents(of path: String) throws -> String {
    do {
        return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
        throw CommandFailure.usage("cannot read \(path)")
    }
}

/// `plexus model validate`
struct ModelValidate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Is a model right? Exit code 0 yes, 1 no.")

    @Argument(help: "The models' files.")
    var files: [String]

    func run() throws {
        var isWrong = false
        for file in self.files {
            do {
                let model = try AuthorizationModel.load(file, read: contents)
                let relations = model.types.values.reduce(0) { $0 + $1.relations.count }
                print(
                    "\(file): \(model.types.count) types, \(relations) relations, \(model.conditions.count) conditions"
                )
            } catch let error as ModelError {
                print(error.description)
                isWrong = true
            }
        }
        if isWrong { throw ExitCode(1) }
    }
}

/// `plexus model test`
struct ModelTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run store tests (.fga.yaml). Exit code 0 when all pass, 1 when not.")

    @Argument(help: "The tests' files.")
    var files: [String]

    @Flag(help: "Also say what passed.")
    var verbose = false

    func run() throws {
        var (passed, failed) = (0, 0)
        for file in self.files {
            do {
                let test = try StoreTest(file, read: contents)
                for outcome in try test.run(at: GraphDatabase.now()) {
                    if let failure = outcome.failure {
                        failed += 1
                        print("FAIL \(outcome.test): \(outcome.question): \(failure)")
                    } else {
                        passed += 1
                        if self.verbose { print("pass \(outcome.test): \(outcome.question)") }
                    }
                }
            } catch let error as ModelError {
                failed += 1
                print("FAIL \(error)")
            } catch let error as StoreTest.Problem {
                failed += 1
                print("FAIL \(error)")
            } catch let error as AuthorizationError {
                failed += 1
                print("FAIL \(file): \(error)")
            }
        }
        print("\(passed) passed, \(failed) failed")
        if failed > 0 { throw ExitCode(1) }
    }
}

/// `plexus model write`
struct ModelWrite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Make a model the newest of a store.",
        discussion: "Says which tuples the new model no longer takes.")

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The model's file.")
    var file: String

    @Option(help: "The store, by its id or the name of its graph.")
    var store = GraphCatalog.network

    func run() async throws {
        let model: AuthorizationModel
        do {
            model = try AuthorizationModel.load(self.file, read: contents)
        } catch let error as ModelError {
            print(error.description)
            throw ExitCode(1)
        }
        let answer = try await self.connection.connection().call(
            "POST", "/stores/\(self.store)/authorization-models", body: model.json)
        print(answer["authorization_model_id"]?.string ?? "")
        guard let orphans = answer["orphaned_tuples"] else { return }
        Terminal.complain("\(orphans["count"]?.int ?? 0) tuples that the model does not take, such as")
        for tuple in orphans["first"]?.array ?? [] {
            if let tuple = try? Tuple(json: tuple) { Terminal.complain("  \(tuple)") }
        }
    }
}

/// `plexus model transform`
struct ModelTransform: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transform", abstract: "Print a model in the other form.")

    /// What is printed.
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case json
        case fga
    }

    @Argument(help: "The model's file.")
    var file: String

    @Option(help: "json or fga; the other than the file's when it is not said.")
    var form: Form?

    func run() throws {
        do {
            let model = try AuthorizationModel.load(self.file, read: contents)
            switch self.form ?? (self.file.hasSuffix(".json") ? .fga : .json) {
            case .json: print(model.json.prettyText)
            case .fga: print(model.text, terminator: "")
            }
        } catch let error as ModelError {
            print(error.description)
            throw ExitCode(1)
        }
    }
}

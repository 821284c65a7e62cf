internal import JSON
package import PropertyGraph
internal import YAML

/// A store test as OpenFGA's command line writes them (`.fga.yaml`): a model, tuples, and what they should lead to.
package struct StoreTest: Sendable {
    /// What one assertion came to.
    package struct Outcome: Hashable, Sendable {
        /// The name of the test.
        package let test: String
        /// What was asked.
        package let question: String
        /// What was found and what was wanted; nil when they agree.
        package let failure: String?
    }

    /// Why a test could not be run.
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong.
        package let description: String
    }

    /// Its name, or the file's.
    package let name: String
    /// The model that is tested.
    package let model: AuthorizationModel
    private let tuples: [Tuple]
    private let tests: [Case]

    private struct Case: Sendable {
        let name: String
        let tuples: [Tuple]
        let json: JSON
    }

    /// Reads a test and the files that it names.
    /// - Throws: ``ModelError``, ``StoreTest/Problem``, or what `read` throws.
    package init(_ path: String, read: (String) throws -> String) throws {
        let json: JSON
        do {
            json = try YAML.parse(try read(path))
        } catch let error as YAMLError {
            throw Problem(description: "\(path), \(error)")
        }
        self.name = json["name"]?.string ?? path
        if let source = json["model"]?.string {
            self.model = try AuthorizationModel.parse(source, file: path)
        } else if let file = json["model_file"]?.string {
            self.model = try AuthorizationModel.load(path.sibling(file), read: read)
        } else {
            throw Problem(description: "\(path): `model` or `model_file` is missing")
        }
        self.tuples = try Self.tuples(json, path, read)
        self.tests = try (json["tests"]?.array ?? []).enumerated().map { index, test in
            Case(
                name: test["name"]?.string ?? "test \(index + 1)", tuples: try Self.tuples(test, path, read),
                json: test)
        }
    }

    private static func tuples(
        _ json: JSON, _ path: String, _ read: (String) throws -> String
    ) throws -> [Tuple] {
        var found = try Self.tuples(json["tuples"])
        let files =
            [json["tuple_file"]].compactMap { $0?.string }
            + (json["tuple_files"]?.array ?? []).compactMap(\.string)
        for file in files {
            let text = try read(path.sibling(file))
            do {
                found +=
                    file.hasSuffix(".csv") ? try TupleTable.tuples(text) : try Self.tuples(YAML.parse(text))
            } catch let error as YAMLError {
                throw Problem(description: "\(file), \(error)")
            }
        }
        return found
    }

    private static func tuples(_ json: JSON?) throws -> [Tuple] {
        guard let json, json != .null else { return [] }
        guard let list = json.array else { throw Problem(description: "tuples are a list") }
        return try list.map { try Tuple(json: $0) }
    }

    // MARK: Running

    /// Runs all of it on a graph of its own.
    /// - Throws: ``StoreTest/Problem`` for a tuple that does not fit the model.
    package func run(at moment: ZonedDateTime) throws -> [Outcome] {
        let view = try self.view(
            Authorizer(model: self.model).view(of: GraphSnapshot()), adding: self.tuples)
        return try self.tests.flatMap { test in
            let run = TestRun(
                name: test.name, view: try self.view(view, adding: test.tuples), moment: moment)
            return run.checks(test.json["check"]) + run.objects(test.json["list_objects"])
                + run.users(test.json["list_users"])
        }
    }

    private func view(
        _ view: AuthorizationView, adding tuples: [Tuple]
    ) throws(Problem) -> AuthorizationView {
        do {
            return try view.adding(tuples)
        } catch {
            throw Problem(description: error.description)
        }
    }
}

/// The assertions of one test.
private struct TestRun {
    let name: String
    let view: AuthorizationView
    let moment: ZonedDateTime

    private func outcome(_ question: String, _ failure: String?) -> StoreTest.Outcome {
        StoreTest.Outcome(test: self.name, question: question, failure: failure)
    }

    private func options(_ json: JSON) -> CheckOptions {
        CheckOptions(
            at: self.moment, context: json["context"]?.object ?? JSON.Object(), limits: .openFGA)
    }

    private func names(_ json: JSON, _ one: String, _ many: String) -> [String] {
        json[one]?.string.map { [$0] } ?? (json[many]?.array ?? []).compactMap(\.string)
    }

    func checks(_ json: JSON?) -> [StoreTest.Outcome] {
        (json?.array ?? []).flatMap { check in
            self.names(check, "user", "users").flatMap { user in
                self.names(check, "object", "objects").flatMap { object in
                    (check["assertions"]?.object ?? JSON.Object()).map { assertion in
                        self.check(user, assertion.name, object, assertion.value, check)
                    }
                }
            }
        }
    }

    private func check(
        _ user: String, _ relation: String, _ object: String, _ wanted: JSON, _ check: JSON
    ) -> StoreTest.Outcome {
        let question = "check \(user) \(relation) \(object)"
        guard let wanted = wanted.bool else {
            return self.outcome(question, "the assertion is neither true nor false")
        }
        do throws(AuthorizationError) {
            let found = try self.view.check(
                EntityReference(user), relation, EntityReference(object), self.options(check))
            return self.outcome(question, found == wanted ? nil : "\(found), not \(wanted)")
        } catch {
            return self.outcome(question, error.description)
        }
    }

    func objects(_ json: JSON?) -> [StoreTest.Outcome] {
        (json?.array ?? []).flatMap { list in
            (list["assertions"]?.object ?? JSON.Object()).map { assertion in
                let (user, type) = (list["user"]?.string ?? "", list["type"]?.string ?? "")
                return self.compare(
                    "list_objects \(user) \(assertion.name) \(type)", assertion.value
                ) { () throws(AuthorizationError) in
                    try self.view.objects(
                        of: type, EntityReference(user), assertion.name, self.options(list))
                }
            }
        }
    }

    func users(_ json: JSON?) -> [StoreTest.Outcome] {
        (json?.array ?? []).flatMap { list in
            (list["assertions"]?.object ?? JSON.Object()).map { assertion in
                let object = list["object"]?.string ?? ""
                let filter = list["user_filter"]?.array?.first
                return self.compare(
                    "list_users \(object) \(assertion.name)", assertion.value["users"] ?? assertion.value
                ) { () throws(AuthorizationError) in
                    try self.view.subjects(
                        of: filter?["type"]?.string ?? "", userset: filter?["relation"]?.string,
                        assertion.name,
                        EntityReference(object), self.options(list))
                }
            }
        }
    }

    private func compare(
        _ question: String, _ wanted: JSON, _ find: () throws(AuthorizationError) -> [EntityReference]
    ) -> StoreTest.Outcome {
        let wanted = Set((wanted.array ?? []).compactMap(\.string))
        do throws(AuthorizationError) {
            let found = Set(try find().map(\.description))
            let (more, less) = (found.subtracting(wanted).sorted(), wanted.subtracting(found).sorted())
            let parts = [("unexpected", more), ("missing", less)].filter { !$0.1.isEmpty }
                .map { "\($0.0): \($0.1.joined(separator: ", "))" }
            return self.outcome(question, parts.isEmpty ? nil : parts.joined(separator: "; "))
        } catch {
            return self.outcome(question, error.description)
        }
    }
}

/// Tuples in OpenFGA's CSV form.
private enum TupleTable {
    static func tuples(_ text: String) throws -> [Tuple] {
        let rows = text.split { $0 == "\n" || $0 == "\r\n" }.map { Self.fields(String($0)) }
        guard let header = rows.first else { return [] }
        return try rows.dropFirst().map { row in
            let value = { (name: String) -> String? in
                guard let index = header.firstIndex(of: name), row.indices.contains(index) else { return nil }
                return row[index].isEmpty ? nil : row[index]
            }
            guard let userType = value("user_type"), let user = value("user_id"),
                let relation = value("relation"), let objectType = value("object_type"),
                let object = value("object_id")
            else {
                throw StoreTest.Problem(
                    description:
                        "a row of tuples needs user_type, user_id, relation, object_type and object_id")
            }
            let context = try value("condition_context").map { try JSON.parse($0).object ?? JSON.Object() }
            return Tuple(
                subject: EntityReference(type: userType, id: user, relation: value("user_relation")),
                relation: relation, object: EntityReference(type: objectType, id: object),
                condition: value("condition_name").map {
                    Tuple.UsedCondition(name: $0, context: context ?? JSON.Object())
                })
        }
    }

    private static func fields(_ row: String) -> [String] {
        var (fields, field, isQuoted) = ([String](), "", false)
        var rest = row[...]
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                rest.removeFirst()
                field.append("\"")
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                fields.append(field)
                field = ""
            default: field.append(character)
            }
        }
        return (fields + [field]).map(\.trimmed)
    }
}

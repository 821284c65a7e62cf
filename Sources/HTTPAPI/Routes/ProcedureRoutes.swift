internal import AccessControl
internal import Cypher
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph
internal import QueryEngine

/// `POST /v1/procedures`: procedures that look their arguments up in a table, for queries on all graphs, until the server
/// stops.
///
/// `{"name": "prices.of", "inputs": [{"name": "part", "type": "STRING"}], "outputs": [{"name": "price", "type": "FLOAT"}],
/// "rows": [["bolt", 0.5]]}` defines one; each row has the inputs, then the outputs. `{"op": "remove", "name": ...}` and
/// `{"op": "clear"}` take away.
struct ProcedureRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.post("/v1/procedures", .network(.administer)) { request, _ in
            try self.change(await request.json())
        }
    }

    private func change(_ body: JSON) throws -> Response {
        let engine = self.services.catalog.engine
        switch body["op"]?.string ?? "define" {
        case "clear": engine.removeProcedure(nil)
        case "remove": engine.removeProcedure(try self.name(body))
        case "define": try engine.define(try self.procedure(body))
        default: throw self.invalid("`op` is define, remove or clear")
        }
        return Response(["status": "ok"])
    }

    private func procedure(_ body: JSON) throws -> Procedure {
        let (inputs, outputs) = (try self.fields(body["inputs"]), try self.fields(body["outputs"]))
        var rows: [[Value]] = []
        for row in body["rows"]?.array ?? [] {
            let values = (row.array ?? []).map { Value(plainJSON: $0) }
            guard values.count == inputs.count + outputs.count else {
                throw self.invalid("each of `rows` has a value for every input and output")
            }
            rows.append(values)
        }
        return Procedure(try self.name(body), inputs: inputs, outputs: outputs, table: rows)
    }

    private func fields(_ json: JSON?) throws -> [Procedure.Field] {
        try (json?.array ?? []).map { field in
            guard let name = field["name"]?.string else { throw self.invalid("a field needs a `name`") }
            return Procedure.Field(name, try CypherParser.parseType(field["type"]?.string ?? "ANY"))
        }
    }

    private func name(_ body: JSON) throws -> String {
        guard let name = body["name"]?.string, !name.isEmpty, !name.contains(" ") else {
            throw self.invalid("the member `name` is missing or no name")
        }
        return name
    }

    private func invalid(_ message: String) -> HTTPProblem {
        HTTPProblem(.badRequest, code: "invalid_procedure", message)
    }
}

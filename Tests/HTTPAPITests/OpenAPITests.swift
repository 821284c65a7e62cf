import HTTPAPI
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NamedResources
import Testing

@Suite("The description of the HTTP API")
struct OpenAPITests {
    @Test("Every route has its words, and every word its route")
    func everyRouteHasItsWords() async throws {
        let household = try await Household()
        let words = try #require(household.services.resources.text("schema/http.yaml"))
        let document = try OpenAPIDocument(household.routes.declared, describedBy: words)
        #expect(document.mismatches == [])
    }

    @Test("Each schema that is named is there, and ids of operations differ")
    func referencesResolve() async throws {
        let household = try await Household()
        let words = try #require(household.services.resources.text("schema/http.yaml"))
        let json = try OpenAPIDocument(household.routes.declared, describedBy: words).json
        let schemas = try #require(json["components"]?["schemas"]?.object)
        var ids: Set<String> = []
        var count = 0
        func references(_ json: JSON) -> [String] {
            if let list = json.array { return list.flatMap(references) }
            return (json.object ?? [:]).flatMap { member in
                member.name == "$ref" ? [member.value.string ?? ""] : references(member.value)
            }
        }
        for reference in references(json) {
            let name = try #require(reference.split(separator: "/").last)
            #expect(schemas[String(name)] != nil, "\(reference)")
        }
        for path in try #require(json["paths"]?.object) {
            for operation in path.value.object ?? [:] {
                count += 1
                ids.insert(operation.value["operationId"]?.string ?? "")
                let names = operation.value["parameters"]?.array?.compactMap { $0["name"]?.string } ?? []
                for part in path.name.split(separator: "/") where part.hasPrefix("{") {
                    #expect(names.contains(String(part.dropFirst().dropLast())))
                }
            }
        }
        #expect(ids.count == count)
        #expect(count >= 90)
    }

    @Test("Answers have the status that is described")
    func statusesAreThoseDescribed() async throws {
        let household = try await Household()
        let words = try #require(household.services.resources.text("schema/http.yaml"))
        let json = try OpenAPIDocument(household.routes.declared, describedBy: words).json
        let calls: [(HTTPRequest.Method, path: String, actual: String, body: String?)] = [
            (.post, "/db/{name}/query/v2", "/db/plexus/query/v2", #"{"statement": "RETURN 1"}"#),
            (.post, "/v1/users", "/v1/users", #"{"id": "ida"}"#),
            (.get, "/v1/users/{id}", "/v1/users/ida", nil),
            (.put, "/v1/users/{id}/roles/{role}", "/v1/users/ida/roles/business_user", nil),
            (.delete, "/v1/users/{id}/roles/{role}", "/v1/users/ida/roles/business_user", nil),
            (
                .put, "/v1/users/{id}/password", "/v1/users/ida/password",
                #"{"password": "long enough, 1 word"}"#
            ),
            (.post, "/v1/groups", "/v1/groups", #"{"id": "readers"}"#),
            (.put, "/v1/groups/{id}/members/{member}", "/v1/groups/readers/members/user:ida", nil),
            (.delete, "/v1/groups/{id}/members/{member}", "/v1/groups/readers/members/user:ida", nil),
            (.post, "/v1/zones", "/v1/zones", #"{"id": "lab"}"#),
            (.put, "/v1/zones/{id}/open-to/{subject}", "/v1/zones/lab/open-to/user:ida", nil),
            (.delete, "/v1/zones/{id}/open-to/{subject}", "/v1/zones/lab/open-to/user:ida", nil),
            (.put, "/v1/zones/{id}/contains/{object}", "/v1/zones/lab/contains/function:clean", nil),
            (.delete, "/v1/zones/{id}/contains/{object}", "/v1/zones/lab/contains/function:clean", nil),
            (.post, "/v1/tokens", "/v1/tokens", #"{"user": "ida", "name": "t"}"#),
            (.post, "/stores", "/stores", #"{"name": "docs"}"#),
            (
                .post, "/v1/workers", "/v1/workers",
                #"{"hostname": "m", "cores": 1, "memory_bytes": 1, "slots": 1}"#
            ),
            (.get, "/v1/machines/{machine}", "/v1/machines/m", nil),
            (.post, "/v1/jobs:batch", "/v1/jobs:batch", #"{"jobs": []}"#),
            (
                .post, "/v1/explain", "/v1/explain",
                #"{"subject": "user:ida", "relation": "can_see", "object": "zone:lab"}"#
            ),
            (.get, "/v1/expiring", "/v1/expiring", nil), (.get, "/v1/audit", "/v1/audit", nil),
            (.get, "/v1/export", "/v1/export", nil), (.get, "/v1/views", "/v1/views", nil),
        ]
        try await Application(router: household.routes.router).test(.router) { client in
            for (method, path, actual, body) in calls {
                let operation = json["paths"]?[path]?[method.rawValue.lowercased()]
                let described = operation?["responses"]?.object?.members.first?.name
                let answer = try await client.execute(
                    uri: actual, method: method, headers: Household.headers(household.administrator),
                    body: body.map { ByteBuffer(string: $0) })
                #expect(
                    String(answer.status.code) == described,
                    "\(method) \(actual): \(String(buffer: answer.body))")
            }
        }
    }

    @Test("Without a token the document and the page are there", arguments: ["/openapi.json", "/docs"])
    func theyAreServed(path: String) async throws {
        let household = try await Household()
        try await Application(router: household.routes.router).test(.router) { client in
            try await client.execute(uri: path, method: .get) { answer in
                #expect(answer.status == .ok)
                let text = String(buffer: answer.body)
                #expect(text.contains("/v1/jobs"))
                #expect(!text.contains("<script"))
                if path == "/docs" {
                    #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
                } else {
                    let json = try JSON.parse(text)
                    #expect(json["openapi"]?.string?.hasPrefix("3.1") == true)
                    #expect(json["paths"]?["/v1/jobs"]?["post"]?["requestBody"] != nil)
                    #expect(json["paths"]?["/healthz"]?["get"]?["security"] == [])
                }
            }
        }
    }
}

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

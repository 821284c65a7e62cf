internal import AccessControl
internal import Foundation
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import PropertyGraph

/// `GET /metrics`, in the text form that Prometheus reads.
struct MetricsRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.get("/metrics", .network(.operate)) { _, _ in
            var response = Response(status: .ok, body: .init(byteBuffer: .init(string: try self.text())))
            response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        }
    }

    /// Names and units as Prometheus' conventions have them. Counts come from the graph's indexes.
    private func text() throws -> String {
        var text = ""
        func metric(
            _ name: String, _ kind: String, _ help: String, _ samples: [(labels: String, value: String)]
        ) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
            for sample in samples { text += "\(name)\(sample.labels) \(sample.value)\n" }
        }
        let graph = self.services.database.snapshot()
        metric("plexus_graph_nodes", "gauge", "Nodes of the network's graph.", [("", "\(graph.nodeCount)")])
        metric(
            "plexus_graph_relationships", "gauge", "Relationships of the network's graph.",
            [("", "\(graph.relationshipCount)")])
        metric(
            "plexus_graph_commits_total", "counter", "Commits of the network's graph.",
            [("", "\(graph.version)")])
        for (name, query, help) in [
            ("plexus_jobs", "metrics_jobs", "Jobs by state."),
            ("plexus_runs", "metrics_runs", "Runs by state."),
            ("plexus_machines", "metrics_machines", "Machines by state."),
        ] {
            metric(
                name, "gauge", help,
                try self.services.database.read(query).map {
                    ("{state=\"\($0["state"]?.string ?? "")\"}", "\($0["count"]?.integer ?? 0)")
                })
        }
        let machines = try self.services.database.read("machines")
        func gauge(_ name: String, _ field: String, _ help: String) {
            metric(
                name, "gauge", help,
                machines.compactMap { machine in
                    guard let id = machine["id"]?.string else { return nil }
                    let labels = "{machine=\"\(Self.escaped(id))\"}"
                    return switch machine[field] {
                    case .integer(let number): (labels, "\(number)")
                    case .float(let number): (labels, "\(number)")
                    default: nil
                    }
                })
        }
        gauge("plexus_machine_load", "load", "Load of a machine over the last minute.")
        gauge("plexus_machine_memory_free_bytes", "memory_free_bytes", "Memory that a machine has free.")
        metric(
            "process_resident_memory_bytes", "gauge", "Resident memory of the server.",
            [("", "\(Self.residentBytes)")])
        return text
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static var residentBytes: Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
            .split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (pages ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

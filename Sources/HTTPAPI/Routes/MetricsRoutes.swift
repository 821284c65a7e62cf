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
            try self.text().response
        }
    }

    /// Names and units as Prometheus' conventions have them. Counts come from the graph's indexes.
    private func text() throws -> PrometheusText {
        var text = PrometheusText()
        let graph = self.services.database.snapshot()
        text.add("plexus_graph_nodes", "gauge", "Nodes of the network's graph.", [("", "\(graph.nodeCount)")])
        text.add(
            "plexus_graph_relationships", "gauge", "Relationships of the network's graph.",
            [("", "\(graph.relationshipCount)")])
        text.add(
            "plexus_graph_commits_total", "counter", "Commits of the network's graph.",
            [("", "\(graph.version)")])
        for (name, query, help) in [
            ("plexus_jobs", "metrics_jobs", "Jobs by state."),
            ("plexus_runs", "metrics_runs", "Runs by state."),
            ("plexus_machines", "metrics_machines", "Machines by state."),
        ] {
            text.add(
                name, "gauge", help,
                try self.services.database.read(query).map {
                    ("{state=\"\($0["state"]?.string ?? "")\"}", "\($0["count"]?.integer ?? 0)")
                })
        }
        let machines = try self.services.database.read("machines")
        func gauge(_ name: String, _ field: String, _ help: String) {
            text.add(
                name, "gauge", help,
                machines.compactMap { machine in
                    guard let id = machine["id"]?.string else { return nil }
                    let labels = "{machine=\"\(PrometheusText.escaped(id))\"}"
                    return switch machine[field] {
                    case .integer(let number): (labels, "\(number)")
                    case .float(let number): (labels, "\(number)")
                    default: nil
                    }
                })
        }
        gauge("plexus_machine_load", "load", "Load of a machine over the last minute.")
        gauge("plexus_machine_memory_free_bytes", "memory_free_bytes", "Memory that a machine has free.")
        text.addProcess()
        return text
    }
}

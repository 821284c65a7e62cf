internal import Authorization
internal import Foundation
internal import GraphDatabase
internal import Identity
package import PropertyGraph

/// Rules about labels, relationship types and properties of graphs: objects of the types `graph_label`,
/// `graph_relationship_type` and `graph_property` of `schema/network.fga`.
extension Rights {
    /// What a caller may not see or not write of a graph that it may read or write; nil for nothing, as for whoever
    /// administers the graph. O(1) while the network has no rules, else a few checks for each of the graph's rules.
    package func rules(_ caller: Caller, on graph: String) -> GraphRules? {
        guard case .user(let principal) = caller else { return nil }
        return self.rules(principal, on: graph)
    }

    func rules(_ principal: Principal, on graph: String) -> GraphRules? {
        let objects = RuleType.labels.flatMap { self.objects($0.type, $0.label, on: graph.lowercased()) }
        guard !objects.isEmpty else { return nil }
        let administration = Permission.graph(.administer, graph)
        guard !self.isGranted(principal, administration.relation, administration.object) else { return nil }
        var rules = GraphRules()
        for (object, target) in objects {
            if self.isRuled(principal, "cannot_see", object) { rules.hide(target) }
            if self.isRuled(principal, "cannot_write", object) { rules.lock(target) }
        }
        return rules.isEmpty ? nil : rules
    }

    /// What cannot be decided is hidden.
    private func isRuled(_ principal: Principal, _ relation: String, _ object: EntityReference) -> Bool {
        let user = EntityReference(type: "user", id: principal.user)
        return (try? self.view.check(user, relation, object, CheckOptions(at: self.moment))) ?? true
    }

    /// The types of the model that rules are about.
    private enum RuleType: String, CaseIterable {
        case label = "graph_label"
        case relationshipType = "graph_relationship_type"
        case property = "graph_property"

        /// The labels of their objects: this is asked with each statement.
        static let labels = Self.allCases.map { (type: $0, label: GraphNaming.label($0.rawValue)) }
    }

    /// The objects of a type that are about a graph, or about all graphs.
    private func objects(
        _ type: RuleType, _ label: String, on graph: String
    ) -> [(object: EntityReference, target: GraphRules.Target)] {
        let network = self.view.graph
        guard let label = network.tokens.label(label), network.count(label) > 0 else { return [] }
        return network.nodes(label).compactMap { node in
            guard let id = network.text("id", of: node) else { return nil }
            let parts = id.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.last, parts.count == 1 || Self.plain(parts[0]).lowercased() == graph
            else { return nil }
            return (EntityReference(type: type.rawValue, id: id), Self.target(type, name))
        }
    }

    private static func target(_ type: RuleType, _ name: Substring) -> GraphRules.Target {
        switch type {
        case .label: return .label(self.plain(name))
        case .relationshipType: return .type(self.plain(name))
        case .property:
            let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return .property(self.plain(name), of: nil) }
            return .property(self.plain(parts[1]), of: self.plain(parts[0]))
        }
    }

    /// A name as it is in the graph: `%20` and the like stand for what ids cannot have, or separate parts with.
    private static func plain(_ name: Substring) -> String {
        String(name).removingPercentEncoding ?? String(name)
    }
}

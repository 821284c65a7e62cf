/// Graph algorithms.
enum AlgorithmQueries {
    static let text = #"""
        # algorithms
        CALL algo.components('Person', 'KNOWS') YIELD node, component RETURN count(DISTINCT component), count(node)
        > 1, 4
        CALL algo.components() YIELD node, component RETURN component, count(*)
        > 0, 7
        CALL algo.components('Machine', 'OWNS') YIELD component RETURN count(DISTINCT component)
        > 3
        CALL algo.stronglyConnectedComponents('Person') YIELD node, component RETURN component, count(*) AS n ORDER BY n
        > 0, 4
        CALL algo.stronglyConnectedComponents('Machine', 'LINK') YIELD component RETURN count(DISTINCT component)
        > 3
        CALL algo.topologicalOrder('Machine', 'LINK') YIELD node, position RETURN node.name, position
        > 'm1', 0
        > 'm2', 1
        > 'm3', 2
        CALL algo.topologicalOrder('Person') YIELD node RETURN node
        ! GraphHasCycle
        CALL algo.pageRank('Machine', 'LINK') YIELD node, score RETURN node.name, round(score, 3) AS s ORDER BY s DESC
        > 'm3', 0.521
        > 'm2', 0.282
        > 'm1', 0.198
        CALL algo.pageRank('Person') YIELD score RETURN round(sum(score), 6)
        > 1.0
        CALL algo.betweenness('Person', 'KNOWS') YIELD node, score WHERE score > 0 RETURN node.name, score
        > 'Carl', 2.0
        CALL algo.betweenness('Person', 'KNOWS', {undirected: true}) YIELD node, score WHERE score > 0 RETURN node.name, score
        > 'Carl', 2.0
        MATCH (a:Machine {name: 'm1'}), (b:Machine {name: 'm3'}) CALL algo.shortestPath(a, b, 'LINK', 'ms') YIELD path, cost RETURN [n IN nodes(path) | n.name], cost
        > ['m1', 'm2', 'm3'], 12.0
        MATCH (a:Machine {name: 'm1'}), (b:Machine {name: 'm3'}) CALL algo.shortestPath(a, b, 'LINK') YIELD path, cost RETURN length(path), cost
        > 1, 1.0
        MATCH (a:Machine {name: 'm3'}), (b:Machine {name: 'm1'}) CALL algo.shortestPath(a, b, 'LINK') YIELD path RETURN path
        > nothing
        MATCH (a:Machine {name: 'm3'}), (b:Machine {name: 'm1'}) CALL algo.shortestPath(a, b, 'LINK', 'ms', {undirected: true}) YIELD cost RETURN cost
        > 12.0
        MATCH (a:Machine {name: 'm1'}) CALL algo.shortestPaths(a, 'LINK', 'ms') YIELD node, cost RETURN node.name, cost
        > 'm1', 0.0
        > 'm2', 5.0
        > 'm3', 12.0
        MATCH (a:Machine {name: 'm1'}) CALL algo.shortestPaths(a, null, 'missing') YIELD node, cost RETURN sum(cost)
        > 2.0
        CREATE (a:Task {name: 'a', duration: 3}), (b:Task {name: 'b', duration: 2}), (c:Task {name: 'c', duration: 4}), (a)-[:THEN]->(b), (a)-[:THEN]->(c) WITH 1 AS x CALL algo.criticalPath('Task', 'THEN') YIELD node, start, finish, slack, isCritical RETURN node.name, start, finish, slack, isCritical ORDER BY node.name
        > 'a', 0.0, 3.0, 0.0, true
        > 'b', 3.0, 5.0, 2.0, false
        > 'c', 3.0, 7.0, 0.0, true
        CALL algo.shortestPath(1, 2)
        ! InvalidArgumentType
        CALL algo.pageRank('Person', 'KNOWS', {damping: 'much'}) YIELD node RETURN node
        ! InvalidArgumentValue
        """#
}

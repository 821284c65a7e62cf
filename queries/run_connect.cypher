// Draws which jobs of a run come after which. Parameters: edges: [{source, target, number, from, to}] with ids of jobs;
// `number` is the edge's place in its pipeline, -1 for one that only waits.
UNWIND $edges AS edge
MATCH (a:Job {id: edge.source})
MATCH (b:Job {id: edge.target})
CREATE (b)-[:AFTER {number: edge.number, from: edge.from, to: edge.to, carries: edge.carries}]->(a)
RETURN count(*) AS edges

// Draws the edges of a registered pipeline version.
// Parameters: edges: [{source, target, from, to, when, on}] with ids of steps.
UNWIND $edges AS edge
MATCH (a:Step {id: edge.source})
MATCH (b:Step {id: edge.target})
CREATE (a)-[e:PRECEDES {from: edge.from, to: edge.to, when: edge.when, on: edge.on}]->(b)
RETURN count(e) AS edges

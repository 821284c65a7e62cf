// Draws the order of a run's jobs as its pipeline's steps have it. Parameters: run.
MATCH (r:Run {id: $run})<-[:PART_OF]-(a:Job)-[:OF]->(:Step)-[e:PRECEDES]->(s:Step)<-[:OF]-(b:Job {run: $run})
CREATE (b)-[:AFTER {from: e.from, to: e.to}]->(a)
RETURN count(e) AS edges

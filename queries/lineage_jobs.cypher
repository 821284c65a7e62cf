// Jobs with what they took in and gave out. Parameters: ids.
UNWIND $ids AS id
MATCH (j:Job {id: id})
OPTIONAL MATCH (j)-[:RESULTED_IN]->(o:Artifact)
RETURN j.id AS id, j.run AS run, j.step AS step, j.function AS function, j.state AS state, o.sha256 AS output,
       COLLECT { MATCH (j)-[:CONSUMED]->(a:Artifact) RETURN a.sha256 } AS inputs

// The jobs of a run in the order of its file, each with its last attempt. Parameters: run.
MATCH (j:Job)-[:PART_OF]->(:Run {id: $run})
OPTIONAL MATCH (j)<-[:TRIES]-(a:Attempt {number: j.attempts})
OPTIONAL MATCH (a)-[:RAN_ON]->(:Worker)-[:ON]->(m:Machine)
OPTIONAL MATCH (j)-[:RESULTED_IN]->(r:Artifact)
RETURN j.id AS id, j.step AS step, j.function AS function, j.state AS state, j.attempts AS attempts,
       j.error AS error, j.error_class AS error_class, a.id AS attempt, m.id AS machine,
       a.started_at AS started_at, a.ended_at AS ended_at, r.sha256 AS result, r.size AS result_bytes
ORDER BY j.position

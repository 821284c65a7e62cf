// The results that a new run can take over from an earlier one. Parameters: run.
MATCH (j:Job)-[:PART_OF]->(:Run {id: $run})
WHERE j.parent IS NULL AND j.state = 'succeeded'
MATCH (j)-[:RESULTED_IN]->(a:Artifact)
RETURN j.id AS id, j.step AS step, j.lost AS lost, a.sha256 AS sha256, a.size AS size

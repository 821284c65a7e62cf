// The results of a run's steps. Parameters: run.
MATCH (j:Job)-[:PART_OF]->(:Run {id: $run})
MATCH (j)-[:RESULTED_IN]->(a:Artifact)
RETURN DISTINCT a.sha256 AS sha256

// All jobs of a run are over: none of them counts any more. Parameters: run.
MATCH (j:Job)-[:PART_OF]->(r:Run {id: $run})
SET j.is_settled = true
WITH DISTINCT r
SET r.open_jobs = 0
RETURN r.id AS id

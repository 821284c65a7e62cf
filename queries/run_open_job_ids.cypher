// The jobs of a run that have not ended, those that wait first, so that none of them starts. Parameters: run.
MATCH (j:Job)-[:PART_OF]->(:Run {id: $run})
WHERE j.state IN ['waiting', 'held', 'queued', 'leased', 'running']
RETURN j.id AS id
ORDER BY CASE j.state WHEN 'waiting' THEN 0 WHEN 'held' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END, j.position DESC

// The jobs below a job, at any depth, that have not ended. Parameters: job.
MATCH (j:Job {id: $job})-[:PART_OF]->(:Run)<-[:PART_OF]-(d:Job)
WHERE d.state IN ['waiting', 'held', 'queued', 'leased', 'running']
  AND (d.id STARTS WITH $job + '/' OR d.id STARTS WITH $job + '[')
RETURN d.id AS id, d.state AS state
ORDER BY d.position

// The waiting jobs that can never start because this one did not succeed. Parameters: job.
MATCH (next:Job {state: 'waiting'})-[:AFTER*1..]->(:Job {id: $job})
RETURN DISTINCT next.id AS id
ORDER BY id

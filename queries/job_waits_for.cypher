// The jobs that must succeed before this one and have not yet. Parameters: job.
MATCH (:Job {id: $job})-[:AFTER]->(before:Job)
WHERE before.state <> 'succeeded'
RETURN before.id AS id, before.step AS step, before.state AS state
ORDER BY before.id

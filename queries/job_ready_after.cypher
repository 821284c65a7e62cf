// The jobs that waited for this one and now wait for nothing. Parameters: job.
MATCH (next:Job {state: 'waiting'})-[:AFTER]->(:Job {id: $job})
WHERE NOT EXISTS { MATCH (next)-[:AFTER]->(before:Job) WHERE before.state <> 'succeeded' }
RETURN DISTINCT next.id AS id
ORDER BY id

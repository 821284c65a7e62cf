// A job has ended, and those after it may go on: takes it from their counters; nothing happens the second time.
// Parameters: job.
MATCH (j:Job {id: $job})
WHERE NOT coalesce(j.is_settled, false)
SET j.is_settled = true
WITH j
MATCH (next:Job)-[e:AFTER]->(j)
WITH next, count(e) AS edges
SET next.open_before = next.open_before - edges
RETURN next.id AS id, next.open_before AS open_before, next.state AS state, next.parent AS parent
ORDER BY next.position

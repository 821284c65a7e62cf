// Queued jobs whose deadline passed. Parameters: now.
MATCH (j:Job)
WHERE j.expires_at < $now
RETURN j.id AS id, j.state AS state, j.run AS run, j.deadline AS deadline ORDER BY id

// The process of an attempt runs, and with it its job; the state machine was asked before. Parameters: attempt, job, now.
MATCH (a:Attempt {id: $attempt})
MATCH (j:Job {id: $job})
SET a.state = 'running', a.started_at = $now, j.state = 'running', j.updated_at = $now
RETURN j.id AS id

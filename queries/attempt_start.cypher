// The process of an attempt runs. Parameters: attempt, now.
MATCH (a:Attempt {id: $attempt})
SET a.state = 'running', a.started_at = $now
RETURN a.id AS id

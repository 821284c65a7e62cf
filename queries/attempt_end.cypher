// An attempt is over. Parameters: attempt, state, exit, error, error_class, log, memory_bytes (the most it took; null when it is not
// known), now.
MATCH (a:Attempt {id: $attempt})
SET a.state = $state, a.ended_at = $now, a.exit = $exit, a.error = $error, a.error_class = $error_class,
    a.log = $log, a.memory_bytes = $memory_bytes
RETURN a.id AS id

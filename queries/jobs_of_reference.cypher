// The single calls of a customer reference, oldest first. Parameters: reference.
MATCH (j:Job {reference: $reference})
WHERE j.run IS NULL
RETURN j.id AS id, j.function AS function, j.state AS state, j.attempts AS attempts, j.input AS input, j.error AS error,
       j.error_class AS error_class, j.created_at AS created_at, j.ended_at AS ended_at
ORDER BY created_at, id

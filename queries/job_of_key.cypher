// The job that was made under an idempotency key. Parameters: key.
MATCH (j:Job {idempotency_key: $key})
RETURN j.id AS id, j.function AS function, j.input AS input

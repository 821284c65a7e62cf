// Creates a single call of a function. Parameters: job, function (name@version), input (JSON text),
// priority, reference, key (of idempotency), unique_key, available_at, deadline, replicas, quorum, compare,
// adaptive, started_by, now.
MATCH (f:FunctionVersion {id: $function})
CREATE (j:Job {
  id: $job, function: f.id, state: 'queued', priority: $priority, is_enabled: true, attempts: 0,
  input: $input, timeout_seconds: f.timeout_seconds, retries: f.retries, reference: $reference,
  idempotency_key: $key, unique_key: $unique_key, started_by: $started_by, created_at: $now, updated_at: $now, queued_at: $now,
  available_at: $available_at, deadline: $deadline, replicas: $replicas, quorum: $quorum, compare: $compare, adaptive: $adaptive,
  expires_at: $deadline
})-[:CALLS]->(f)
RETURN j.id AS id

// The jobs that a worker should take next: enabled, as their functions are, most urgent first, then oldest.
// Parameters: limit.
MATCH (j:Job {state: 'queued'})
WHERE j.is_enabled
MATCH (f:FunctionVersion {id: j.function})
WHERE f.enabled
RETURN j.id AS job, j.attempts AS attempts, j.input AS input, j.timeout_seconds AS timeout_seconds,
       f.definition AS definition, f.enabled AS enabled
ORDER BY j.priority DESC, j.queued_at, j.id LIMIT $limit

// The jobs that a worker should take next, most urgent first, then oldest: enabled, as their functions are, not before their
// time nor after it, with all that they need on the worker's machine, and fewer of their function at work than it allows.
// Parameters: labels (the machine's), cores, memory_bytes (free), now, limit.
MATCH (j:Job {state: 'queued'})
WHERE j.is_enabled AND (j.available_at IS NULL OR j.available_at <= $now)
  AND (j.deadline IS NULL OR j.deadline > $now)
MATCH (f:FunctionVersion {id: j.function})
WHERE f.enabled AND coalesce(f.cores, 0) <= $cores AND coalesce(f.memory_bytes, 0) <= $memory_bytes
  AND all(need IN coalesce(f.needs, []) + coalesce(j.needs, [])
          WHERE any(label IN $labels WHERE label = need OR label STARTS WITH need + '='))
WITH j, f,
     CASE WHEN f.max_running IS NULL THEN 0
          ELSE COUNT { MATCH (r:Job {state: 'running'}) WHERE r.function = f.id }
             + COUNT { MATCH (r:Job {state: 'leased'}) WHERE r.function = f.id } END AS running
WHERE f.max_running IS NULL OR running < f.max_running
RETURN j.id AS job, j.attempts AS attempts, j.input AS input, j.timeout_seconds AS timeout_seconds,
       j.deadline AS deadline, f.id AS function, f.definition AS definition, f.enabled AS enabled,
       f.max_running AS max_running, running
ORDER BY j.priority DESC, j.queued_at, j.id LIMIT $limit

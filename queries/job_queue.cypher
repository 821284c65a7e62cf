// What stands between a queued job and a worker, beside limits and the jobs before it: workers heard of lately, their slots and
// how many are taken. Parameters: job, since.
MATCH (j:Job {id: $job})
OPTIONAL MATCH (f:FunctionVersion {id: j.function})
RETURN j AS node, j.is_enabled AS is_enabled, j.function AS function, f.enabled AS function_enabled,
       j.available_at AS available_at,
       COUNT { MATCH (w:Worker) WHERE w.last_seen >= $since } AS workers,
       COLLECT { MATCH (w:Worker) WHERE w.last_seen >= $since RETURN w.slots } AS slots,
       COUNT { MATCH (a:Attempt {state: 'leased'}) } + COUNT { MATCH (a:Attempt {state: 'running'}) } AS taken

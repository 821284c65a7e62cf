// What stands between a queued job and a worker: jobs before it, workers heard of lately, their slots and how many are
// taken. Parameters: job, since.
MATCH (j:Job {id: $job})
OPTIONAL MATCH (f:FunctionVersion {id: j.function})
RETURN j.is_enabled AS is_enabled, j.function AS function, f.enabled AS function_enabled, j.priority AS priority,
       j.available_at AS available_at, f.max_running AS max_running,
       COUNT { MATCH (r:Job {state: 'running'}) WHERE r.function = f.id }
     + COUNT { MATCH (r:Job {state: 'leased'}) WHERE r.function = f.id } AS function_running,
       COUNT {
         MATCH (o:Job {state: 'queued'})
         WHERE o.is_enabled AND (o.priority > j.priority OR (o.priority = j.priority AND o.queued_at < j.queued_at))
       } AS ahead,
       COUNT { MATCH (w:Worker) WHERE w.last_seen >= $since } AS workers,
       COLLECT { MATCH (w:Worker) WHERE w.last_seen >= $since RETURN w.slots } AS slots,
       COUNT { MATCH (a:Attempt {state: 'leased'}) } + COUNT { MATCH (a:Attempt {state: 'running'}) } AS taken

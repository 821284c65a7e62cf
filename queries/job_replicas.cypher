// A job of which replicas run on several machines. Parameters: job.
MATCH (j:Job {id: $job})
OPTIONAL MATCH (f:FunctionVersion {id: j.function})
RETURN j.id AS id, j.state AS state, j.run AS run, j.replicas AS replicas, j.quorum AS quorum, j.quorum_now AS quorum_now,
       j.compare AS compare, j.retries AS retries, j.started_by AS started_by, j.priority AS priority,
       f.retry_on AS retry_on, f.backoff_seconds AS backoff_seconds

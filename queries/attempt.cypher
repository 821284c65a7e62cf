// An attempt, its job, and how its function's tries follow each other. Parameters: attempt.
MATCH (a:Attempt {id: $attempt})-[:TRIES]->(j:Job)
OPTIONAL MATCH (f:FunctionVersion {id: j.function})
RETURN a.id AS id, a.state AS state, a.worker AS worker, a.number AS number, coalesce(a.started_at, a.leased_at) AS since, j.id AS job,
       j.state AS job_state, j.attempts AS attempts, j.retries AS retries, j.run AS run, j.replicas AS replicas,
       j.compares AS compares, j.compares_with AS compares_with,
       coalesce(j.tries_before, 0) AS tries_before, f.backoff_seconds AS backoff_seconds, f.retry_on AS retry_on

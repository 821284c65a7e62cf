// One job. Parameters: job.
MATCH (j:Job {id: $job})
OPTIONAL MATCH (j)-[:PART_OF]->(r:Run)
RETURN j.id AS id, j.run AS run, j.step AS step, j.function AS function, j.state AS state,
       j.priority AS priority, j.is_enabled AS is_enabled, j.attempts AS attempts, j.retries AS retries,
       j.timeout_seconds AS timeout_seconds, j.replicas AS replicas, j.quorum AS quorum, j.compare AS compare,
       j.dispatch_left AS dispatch_left, j.avoid_machines AS avoid_machines, j.quorum_now AS quorum_now, j.error AS error, j.error_class AS error_class,
       j.reference AS reference, j.created_at AS created_at, j.updated_at AS updated_at,
       j.ended_at AS ended_at, coalesce(j.started_by, r.started_by) AS started_by

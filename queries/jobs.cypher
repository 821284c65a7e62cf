// Jobs, newest first; null for a filter lets all through. Parameters: state, function (name or name@version), run,
// started_by, limit.
MATCH (j:Job)
WHERE ($state IS NULL OR j.state = $state) AND ($run IS NULL OR j.run = $run)
  AND ($function IS NULL OR j.function = $function OR j.function STARTS WITH $function + '@')
  AND ($started_by IS NULL OR j.started_by = $started_by
    OR EXISTS { MATCH (j)-[:PART_OF]->(r:Run) WHERE r.started_by = $started_by })
RETURN j.id AS id, j.function AS function, j.state AS state, j.priority AS priority, j.is_enabled AS is_enabled,
       j.attempts AS attempts, j.run AS run, j.step AS step, j.reference AS reference, j.error AS error,
       j.created_at AS created_at, j.ended_at AS ended_at
ORDER BY j.created_at DESC, j.id DESC LIMIT $limit

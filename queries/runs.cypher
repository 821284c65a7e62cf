// Runs, newest first. Parameters: limit.
MATCH (r:Run)
RETURN r.id AS id, r.pipeline AS pipeline, r.version AS version, r.state AS state,
       r.reference AS reference, r.started_by AS started_by, r.created_at AS created_at,
       r.ended_at AS ended_at
ORDER BY r.created_at DESC, r.id DESC LIMIT $limit

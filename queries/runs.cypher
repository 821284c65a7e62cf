// Runs, newest first. Parameters: started_by (null for everybody's), limit.
MATCH (r:Run)
WHERE $started_by IS NULL OR r.started_by = $started_by
RETURN r.id AS id, r.pipeline AS pipeline, r.version AS version, r.state AS state,
       r.reference AS reference, r.started_by AS started_by, r.created_at AS created_at,
       r.ended_at AS ended_at
ORDER BY r.created_at DESC, r.id DESC LIMIT $limit

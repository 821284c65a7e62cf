// The runs of a customer reference, oldest first. Parameters: reference.
MATCH (r:Run {reference: $reference})
RETURN r.id AS id, r.pipeline AS pipeline, r.version AS version, r.state AS state, r.parameters AS parameters,
       r.started_by AS started_by, r.retry_of AS retry_of, r.created_at AS created_at, r.ended_at AS ended_at
ORDER BY created_at, id

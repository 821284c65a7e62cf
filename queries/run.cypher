// One run. Parameters: run.
MATCH (r:Run {id: $run})-[:OF]->(v:PipelineVersion)
RETURN r.id AS id, r.pipeline AS pipeline, r.version AS version, v.digest AS digest, v.dot AS dot, r.state AS state,
       r.parameters AS parameters, r.pins AS pins, r.reference AS reference, r.started_by AS started_by,
       r.retry_of AS retry_of, r.backfill AS backfill, r.cause AS cause,
       r.created_at AS created_at, r.updated_at AS updated_at, r.ended_at AS ended_at

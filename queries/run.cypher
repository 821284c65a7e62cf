// One run. Parameters: run.
MATCH (r:Run {id: $run})-[:OF]->(v:PipelineVersion)
RETURN r.id AS id, r.pipeline AS pipeline, r.version AS version, v.dot AS dot, r.state AS state,
       r.parameters AS parameters, r.reference AS reference, r.started_by AS started_by,
       r.created_at AS created_at, r.updated_at AS updated_at, r.ended_at AS ended_at

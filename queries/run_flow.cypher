// What decisions about a run's jobs need. Parameters: run.
MATCH (r:Run {id: $run})-[:OF]->(v:PipelineVersion)
RETURN r.id AS id, v.id AS version, r.state AS state, r.parameters AS parameters, r.pins AS pins,
       r.reference AS reference, r.pipeline AS pipeline, r.open_jobs AS open_jobs, r.started_by AS started_by

// Starts a run of a pipeline version. Parameters: run, version (name@version), parameters, pins (JSON texts), reference,
// started_by, open_jobs, retry_of, backfill, cause, now.
MATCH (v:PipelineVersion {id: $version})
CREATE (r:Run {
  id: $run, pipeline: v.name, version: v.version, state: 'running', parameters: $parameters, pins: $pins,
  reference: $reference, started_by: $started_by, open_jobs: $open_jobs, retry_of: $retry_of, backfill: $backfill,
  cause: $cause, created_at: $now, updated_at: $now
})-[:OF]->(v)
RETURN r.id AS id

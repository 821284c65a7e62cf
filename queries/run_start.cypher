// Starts a run of a pipeline version: the run, and a job for each step.
// Parameters: run, version (name@version), parameters (JSON text), reference, started_by, now.
MATCH (v:PipelineVersion {id: $version})
CREATE (r:Run {
  id: $run, pipeline: v.name, version: v.version, state: 'running', parameters: $parameters,
  reference: $reference, started_by: $started_by, created_at: $now, updated_at: $now
})-[:OF]->(v)
WITH v, r
MATCH (v)-[:HAS]->(s:Step)-[:CALLS]->(f:FunctionVersion)
CREATE (j:Job {
  id: $run + '.' + s.name, run: $run, step: s.name, position: s.position, function: f.id,
  state: CASE WHEN EXISTS { (:Step)-[:PRECEDES]->(s) } THEN 'waiting' ELSE 'queued' END,
  priority: s.priority, is_enabled: true, attempts: 0,
  timeout_seconds: coalesce(s.timeout_seconds, f.timeout_seconds),
  retries: coalesce(s.retries, f.retries), created_at: $now, updated_at: $now, queued_at: $now
})-[:PART_OF]->(r)
CREATE (j)-[:OF]->(s)
RETURN j.id AS id, j.state AS state, s.constants AS constants

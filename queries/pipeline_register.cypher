// Registers one version of a pipeline and its steps.
// Parameters: name, version, digest, dot, plan (JSON text), description, parameters (JSON text), now,
// steps: [{id, name, position, function, pipeline, constants, timeout_seconds, retries, priority}].
// The caller has made sure that the version is new and that the functions exist.
MERGE (p:Pipeline {name: $name})
  ON CREATE SET p.created_at = $now
SET p.description = $description, p.updated_at = $now
CREATE (v:PipelineVersion {
  id: $name + '@' + $version, name: $name, version: $version, digest: $digest, dot: $dot, plan: $plan,
  description: $description, parameters: $parameters, created_at: $now
})-[:OF]->(p)
WITH v
UNWIND $steps AS step
CREATE (v)-[:HAS]->(s:Step {
  id: step.id, name: step.name, position: step.position, constants: step.constants,
  function: step.function, pipeline: step.pipeline,
  timeout_seconds: step.timeout_seconds, retries: step.retries, priority: step.priority
})
RETURN count(s) AS steps

// Creates jobs of a run, each for a step of a pipeline version.
// Parameters: run, now, jobs: [{id, step, position, plan, plan_step, kind, state, function, priority, timeout_seconds,
// retries, replicas, quorum, compare, adaptive, needs, input, open_before, parent, scope, element, is_settled}].
MATCH (r:Run {id: $run})
UNWIND $jobs AS job
MATCH (s:Step {id: job.plan + '/' + job.plan_step})
CREATE (j:Job {
  id: job.id, run: $run, step: job.step, position: job.position, plan: job.plan, plan_step: job.plan_step,
  kind: job.kind, state: job.state, function: job.function, priority: job.priority, is_enabled: true, attempts: 0,
  timeout_seconds: job.timeout_seconds, retries: job.retries, replicas: job.replicas, quorum: job.quorum, compare: job.compare, adaptive: job.adaptive,
  needs: job.needs, input: job.input, open_before: job.open_before, open_children: 0, parent: job.parent,
  scope: job.scope, element: job.element, is_settled: job.is_settled, reference: r.reference,
  started_by: r.started_by,
  created_at: $now, updated_at: $now, queued_at: $now
})-[:PART_OF]->(r)
CREATE (j)-[:OF]->(s)
RETURN count(j) AS jobs

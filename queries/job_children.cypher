// The jobs below a job, in their order, with their results. Parameters: job.
MATCH (j:Job {parent: $job})
OPTIONAL MATCH (j)-[:RESULTED_IN]->(a:Artifact)
RETURN j.id AS id, j.step AS step, j.plan AS plan, j.plan_step AS plan_step, j.state AS state, j.skip AS skip,
       j.lost AS lost, j.error AS error, j.element AS element, a.sha256 AS sha256
ORDER BY j.element, j.position

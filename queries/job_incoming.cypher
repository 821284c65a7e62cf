// What comes before a job, edge by edge, and how it ended. Parameters: job.
MATCH (:Job {id: $job})-[e:AFTER]->(b:Job)
OPTIONAL MATCH (b)-[:RESULTED_IN]->(a:Artifact)
RETURN b.id AS id, b.plan_step AS step, b.state AS state, b.skip AS skip, b.lost AS lost, b.error AS error,
       b.error_class AS error_class, b.kind AS kind, e.number AS number, a.sha256 AS sha256, a.size AS size

// The jobs of a run in the order of its file, each with its last attempt. Parameters: run.
MATCH (j:Job)-[:PART_OF]->(:Run {id: $run})
OPTIONAL MATCH (a:Attempt {id: j.id + '#' + toString(j.attempts)})
OPTIONAL MATCH (a)-[:RAN_ON]->(:Worker)-[:ON]->(m:Machine)
OPTIONAL MATCH (j)-[:RESULTED_IN]->(r:Artifact)
RETURN j.id AS id, j.step AS step, j.function AS function, j.state AS state, j.attempts AS attempts,
       j.error AS error, j.error_class AS error_class, a.id AS attempt, m.id AS machine,
       a.started_at AS started_at, a.ended_at AS ended_at, r.sha256 AS result, r.size AS result_bytes,
       j.kind AS kind, j.plan AS plan, j.plan_step AS plan_step, j.parent AS parent, j.element AS element, j.lost AS lost,
       j.chosen AS chosen, j.metric AS metric, j.skip AS skip, j.cached_from AS cached_from,
       j.approved_by AS approved_by, j.comment AS comment, j.expansion AS expansion,
       j.queued_at AS queued_at, j.created_at AS created_at, j.updated_at AS updated_at
ORDER BY j.position, j.step

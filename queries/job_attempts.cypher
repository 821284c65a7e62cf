// The attempts of a job, first to last, with the machine and what was printed. Parameters: job.
MATCH (a:Attempt)-[:TRIES]->(:Job {id: $job})
OPTIONAL MATCH (a)-[:RAN_ON]->(w:Worker)-[:ON]->(m:Machine)
RETURN a.id AS id, a.number AS number, a.state AS state, w.id AS worker, coalesce(m.id, a.machine) AS machine,
       a.leased_at AS leased_at, a.preparing AS preparing, a.started_at AS started_at, a.ended_at AS ended_at,
       a.exit AS exit, a.error AS error, a.error_class AS error_class, a.log AS log, a.result AS result, a.verdict AS verdict
ORDER BY number

// The attempts of a job that some worker holds, with their machines. Parameters: job.
MATCH (a:Attempt)-[:TRIES]->(:Job {id: $job})
WHERE a.state IN ['leased', 'running']
OPTIONAL MATCH (a)-[:RAN_ON]->(w:Worker)-[:ON]->(m:Machine)
RETURN a.id AS id, a.state AS state, a.lease_until AS lease_until, a.preparing AS preparing, a.started_at AS started_at, w.id AS worker,
       m.id AS machine
ORDER BY a.number

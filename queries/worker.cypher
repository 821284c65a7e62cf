// One worker, and what of its machine decides on the jobs it gets. Parameters: worker.
MATCH (w:Worker {id: $worker})-[:ON]->(m:Machine)
RETURN w.id AS id, w.state AS state, w.slots AS slots, w.only AS only, m.id AS machine, m.state AS machine_state, m.labels AS labels, m.reputation AS reputation,
       m.cores AS cores, coalesce(m.memory_free_bytes, m.memory_bytes) AS memory_bytes

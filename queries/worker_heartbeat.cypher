// A worker lives: its machine's newest figures. A machine that is drained stays so.
// Parameters: worker, load, memory_free_bytes, figures (a map; null leaves them), now.
MATCH (w:Worker {id: $worker})-[:ON]->(m:Machine)
SET w.last_seen = $now, w.state = 'up', m.last_seen = $now, m.load = $load,
    m.memory_free_bytes = $memory_free_bytes,
    m.state = CASE WHEN m.state = 'draining' THEN 'draining' ELSE 'up' END
SET m += coalesce($figures, {})
RETURN w.id AS id, m.id AS machine

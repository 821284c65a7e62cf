// A worker lives: its machine's newest figures. Parameters: worker, load, memory_free_bytes, now.
MATCH (w:Worker {id: $worker})-[:ON]->(m:Machine)
SET w.last_seen = $now, w.state = 'up', m.last_seen = $now, m.load = $load,
    m.memory_free_bytes = $memory_free_bytes
RETURN w.id AS id

// A worker introduces itself and its machine.
// Parameters: worker, machine, hostname, cores, memory_bytes, slots, software, labels (list of texts), only (the functions whose jobs it
// takes, by name or with their version; null for all), now.
MERGE (m:Machine {id: $machine})
  ON CREATE SET m.created_at = $now
SET m.hostname = $hostname, m.cores = $cores, m.memory_bytes = $memory_bytes, m.labels = $labels,
    m.state = CASE WHEN m.state = 'draining' THEN 'draining' ELSE 'up' END, m.last_seen = $now
CREATE (w:Worker {
  id: $worker, slots: $slots, software: $software, only: $only, state: 'up', joined_at: $now, last_seen: $now
})-[:ON]->(m)
RETURN w.id AS id

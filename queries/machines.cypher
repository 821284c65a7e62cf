// Machines with their workers and what they have ready, by id.
MATCH (m:Machine)
OPTIONAL MATCH (m)<-[:ON]-(w:Worker)
OPTIONAL MATCH (w)-[:PROVIDES]->(f:FunctionVersion)
WITH m, w, collect(DISTINCT f.id) AS functions
RETURN m.id AS id, m.state AS state, m.cores AS cores, m.load AS load,
       m.memory_free_bytes AS memory_free_bytes, m.last_seen AS last_seen,
       count(w) AS workers, max(size(functions)) AS functions
ORDER BY id

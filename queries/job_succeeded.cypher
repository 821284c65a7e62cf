// An attempt ended with a result that is believed: its job has succeeded; the state machine was asked before. Notes what the result
// was made from. Parameters: job, attempt, sha256, size, media_type, exit, log, memory_bytes, now.
MATCH (j:Job {id: $job})
MATCH (a:Attempt {id: $attempt})
MERGE (r:Artifact {sha256: $sha256})
  ON CREATE SET r.size = $size, r.media_type = $media_type, r.created_at = $now
CREATE (j)-[:RESULTED_IN]->(r)
CREATE (a)-[:PRODUCED]->(r)
SET a.state = 'succeeded', a.ended_at = $now, a.exit = $exit, a.log = $log, a.memory_bytes = $memory_bytes,
    j.state = 'succeeded', j.updated_at = $now, j.ended_at = $now
WITH j
OPTIONAL MATCH (j)-[:AFTER]->(:Job)-[:RESULTED_IN]->(input:Artifact)
WITH j, collect(DISTINCT input) AS inputs
FOREACH (input IN inputs | CREATE (j)-[:CONSUMED]->(input))
RETURN size(inputs) AS inputs

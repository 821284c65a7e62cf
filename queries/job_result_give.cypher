// Gives a job a result that no attempt of its own made. Parameters: job, sha256, size, media_type, now.
MATCH (j:Job {id: $job})
MERGE (r:Artifact {sha256: $sha256})
  ON CREATE SET r.size = $size, r.media_type = $media_type, r.created_at = $now
CREATE (j)-[:RESULTED_IN]->(r)
WITH j
OPTIONAL MATCH (j)-[:AFTER]->(:Job)-[:RESULTED_IN]->(input:Artifact)
WITH j, collect(DISTINCT input) AS inputs
FOREACH (input IN inputs | CREATE (j)-[:CONSUMED]->(input))
RETURN size(inputs) AS inputs

// Notes what a replica found, the first of those that found the same (null while that is being compared), and with how many it is
// being compared. Parameters: attempt, sha256, size, agrees_with, comparing, now.
MATCH (a:Attempt {id: $attempt})
MERGE (r:Artifact {sha256: $sha256})
  ON CREATE SET r.size = $size, r.media_type = 'application/json', r.created_at = $now
CREATE (a)-[:PRODUCED]->(r)
SET a.result = $sha256, a.size = $size, a.agrees_with = $agrees_with, a.comparing = $comparing
RETURN a.id AS id

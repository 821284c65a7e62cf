// Where an artifact comes from and what was made from it: jobs with what they took in and gave out, as far as paths lead.
// Parameters: sha256.
MATCH (a:Artifact {sha256: $sha256})
RETURN a.sha256 AS sha256, a.size AS size, a.media_type AS media_type,
       COLLECT { MATCH (j:Job)-[:RESULTED_IN]->(a) RETURN j.id } AS made_by,
       COLLECT { MATCH (j:Job)-[:CONSUMED]->(a) RETURN j.id } AS used_by

// A job that made a result from the same version and inputs. Parameters: key.
MATCH (j:Job {cache_key: $key})
WHERE j.state = 'succeeded'
MATCH (j)-[:RESULTED_IN]->(a:Artifact)
RETURN j.id AS id, a.sha256 AS sha256, a.size AS size
ORDER BY j.ended_at DESC LIMIT 1

// What a job takes from the jobs before it. Parameters: job.
MATCH (j:Job {id: $job})-[e:AFTER]->(before:Job)-[:RESULTED_IN]->(a:Artifact)
WHERE coalesce(e.carries, true)
RETURN CASE WHEN e.sha256 IS NULL THEN e.from ELSE null END AS output, e.to AS input,
       coalesce(e.sha256, a.sha256) AS sha256, a.size AS size
ORDER BY input

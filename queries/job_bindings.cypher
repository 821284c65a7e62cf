// What a job takes from the jobs before it. Parameters: job.
MATCH (j:Job {id: $job})-[e:AFTER]->(before:Job)-[:RESULTED_IN]->(a:Artifact)
RETURN e.from AS output, e.to AS input, a.sha256 AS sha256, a.size AS size
ORDER BY input

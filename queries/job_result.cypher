// The result of a job. Parameters: job.
MATCH (j:Job {id: $job})-[:RESULTED_IN]->(a:Artifact)
RETURN a.sha256 AS sha256, a.size AS size, a.media_type AS media_type

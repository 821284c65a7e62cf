// An attempt and its job. Parameters: attempt.
MATCH (a:Attempt {id: $attempt})-[:TRIES]->(j:Job)
RETURN a.id AS id, a.state AS state, a.worker AS worker, a.number AS number, j.id AS job,
       j.state AS job_state, j.attempts AS attempts, j.retries AS retries, j.run AS run

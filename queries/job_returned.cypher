// A worker gives back a job that it never began: it waits again where it did, and the attempt does not count. Parameters: job, attempt, now.
MATCH (j:Job {id: $job})
MATCH (a:Attempt {id: $attempt})
SET j.state = 'queued', j.tries_before = coalesce(j.tries_before, 0) + 1, j.updated_at = $now,
    j.expires_at = j.deadline
DETACH DELETE a
RETURN j.id AS id

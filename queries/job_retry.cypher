// Gives a job that failed for good all its tries again. Parameters: job.
MATCH (j:Job {id: $job})
SET j.tries_before = j.attempts, j.error = null, j.error_class = null, j.available_at = null
RETURN j.id AS id

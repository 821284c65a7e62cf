// Gives a job that failed for good all its tries again. Parameters: job.
MATCH (j:Job {id: $job})
SET j.tries_before = j.attempts, j.error = null, j.error_class = null, j.available_at = null,
    j.dispatch_left = null, j.avoid_machines = null, j.quorum_now = null
RETURN j.id AS id

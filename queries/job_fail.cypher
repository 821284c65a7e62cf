// Notes why the last try of a job failed, and when the next may begin. Parameters: job, error, error_class, available_at.
MATCH (j:Job {id: $job})
SET j.error = $error, j.error_class = $error_class, j.available_at = $available_at
RETURN j.id AS id

// Notes why the last try of a job failed. Parameters: job, error, error_class.
MATCH (j:Job {id: $job})
SET j.error = $error, j.error_class = $error_class
RETURN j.id AS id

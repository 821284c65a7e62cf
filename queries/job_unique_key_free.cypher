// A job stands for calls like it no more. Parameters: job.
MATCH (j:Job {id: $job})
SET j.unique_key = null
RETURN j.id AS id

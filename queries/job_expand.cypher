// A job waits for jobs below it. Parameters: job, children (how many), parameters (JSON text or null), now.
MATCH (j:Job {id: $job})
SET j.open_children = $children, j.parameters = $parameters, j.updated_at = $now
RETURN j.id AS id

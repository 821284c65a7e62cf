// Changes what may change while a job waits; null leaves it. Parameters: job, priority, is_enabled, now.
MATCH (j:Job {id: $job})
SET j.priority = coalesce($priority, j.priority), j.is_enabled = coalesce($is_enabled, j.is_enabled),
    j.updated_at = $now
RETURN j.id AS id

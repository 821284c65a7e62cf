// Moves a job to another state; the state machine was asked before. Parameters: job, state, now.
MATCH (j:Job {id: $job})
SET j.state = $state, j.updated_at = $now,
    j.queued_at = CASE WHEN $state = 'queued' THEN $now ELSE j.queued_at END,
    // What the sweeper looks for; a worker minds the deadline itself.
    j.expires_at = CASE WHEN $state = 'queued' THEN j.deadline ELSE null END,
    j.ended_at = CASE WHEN $state IN ['succeeded', 'failed', 'skipped', 'cancelled'] THEN $now ELSE null END
RETURN j.id AS id

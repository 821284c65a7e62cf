// How many further replicas of a job are to be given out, and to which machines not; how many equal results are enough this time
// (null for its quorum). Parameters: job, left, avoid, quorum_now, is_idle (no replica runs now).
MATCH (j:Job {id: $job})
SET j.dispatch_left = $left, j.avoid_machines = $avoid, j.quorum_now = $quorum_now,
    j.expires_at = CASE WHEN $is_idle THEN j.deadline ELSE null END
RETURN j.id AS id

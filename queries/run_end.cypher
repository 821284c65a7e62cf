// A run is over. Parameters: run, state, now.
MATCH (r:Run {id: $run})
SET r.state = $state, r.updated_at = $now, r.ended_at = $now
RETURN r.id AS id

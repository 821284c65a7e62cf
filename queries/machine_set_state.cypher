// Lets a machine take jobs or not. Parameters: machine, state, now.
MATCH (m:Machine {id: $machine})
SET m.state = $state, m.updated_at = $now
RETURN m.id AS id

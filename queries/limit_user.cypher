// How many jobs of a user may be at work at once, and how many may begin a minute; null for any number.
// Parameters: id, max_running, max_per_minute.
MATCH (n:User {id: $id})
SET n.max_running = $max_running, n.max_per_minute = $max_per_minute
RETURN n.id AS id

// How many jobs of a group may be at work at once, and how many may begin a minute; null for any number.
// Parameters: id, max_running, max_per_minute.
MATCH (n:Group {id: $id})
SET n.max_running = $max_running, n.max_per_minute = $max_per_minute
RETURN n.id AS id

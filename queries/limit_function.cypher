// How many jobs of a function may be at work at once, and how many may begin a minute; null for any number.
// Parameters: id, max_running, max_per_minute.
MATCH (n:Function {name: $id})
SET n.max_running = $max_running, n.max_per_minute = $max_per_minute
RETURN n.name AS id

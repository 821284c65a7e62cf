// The last job that was made under a key of unique calls. Parameters: key.
MATCH (j:Job {unique_key: $key})
RETURN j.id AS id, j.state AS state, j.created_at AS created_at

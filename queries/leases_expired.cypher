// Attempts whose lease ran out: the worker died, hangs or cannot be reached. Parameters: now.
UNWIND ['leased', 'running'] AS state
MATCH (a:Attempt {state: state})
WHERE a.lease_until < $now
RETURN a.id AS id
ORDER BY id

// Attempts that workers hold.
UNWIND ['leased', 'running'] AS state
MATCH (a:Attempt {state: state})
RETURN a.id AS id
ORDER BY id

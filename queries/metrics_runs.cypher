// How many runs there are in each state, for monitoring.
MATCH (n:Run)
RETURN n.state AS state, count(*) AS count
ORDER BY state

// How many jobs there are in each state, for monitoring.
MATCH (n:Job)
RETURN n.state AS state, count(*) AS count
ORDER BY state

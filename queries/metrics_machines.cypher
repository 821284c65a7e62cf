// How many machines there are in each state, for monitoring.
MATCH (n:Machine)
RETURN n.state AS state, count(*) AS count
ORDER BY state

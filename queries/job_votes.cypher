// The attempts of a job since it was tried again last, first to last, with what each found. Parameters: job.
MATCH (a:Attempt)-[:TRIES]->(j:Job {id: $job})
WHERE a.number > coalesce(j.tries_before, 0)
RETURN a.id AS id, a.number AS number, a.state AS state, a.machine AS machine, a.result AS result, a.size AS size,
       a.agrees_with AS agrees_with, a.comparing AS comparing, a.error_class AS error_class
ORDER BY number

// The edges over which a job takes data, to be drawn to the jobs below it too. Parameters: job.
MATCH (:Job {id: $job})-[e:AFTER]->(before:Job)-[:RESULTED_IN]->(:Artifact)
WHERE coalesce(e.carries, true)
RETURN before.id AS id, e.number AS number, e.from AS from, e.to AS to

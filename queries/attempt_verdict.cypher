// What the quorum said of a replica: agreed or disagreed. Parameters: attempt, verdict.
MATCH (a:Attempt {id: $attempt})
SET a.verdict = $verdict
RETURN a.id AS id

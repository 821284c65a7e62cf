// How far a worker is with making a function ready for an attempt. Parameters: attempt, stage.
MATCH (a:Attempt {id: $attempt})
SET a.preparing = $stage
RETURN a.id AS id

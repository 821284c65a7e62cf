// Gives a job its constant input. Parameters: job, input (JSON text).
MATCH (j:Job {id: $job}) SET j.input = $input RETURN j.id AS id

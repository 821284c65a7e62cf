// A job is among the chosen of its branch. Parameters: job.
MATCH (j:Job {id: $job})
REMOVE j.lost
SET j.chosen = true
RETURN j.id AS id

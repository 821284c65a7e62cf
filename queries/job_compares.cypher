// A job that compares the results of two replicas of another. Parameters: job, attempt, other.
MATCH (j:Job {id: $job})
SET j.compares = $attempt, j.compares_with = $other
RETURN j.id AS id

// A comparison of a replica's result ended. Parameters: attempt, agrees_with, comparing.
MATCH (a:Attempt {id: $attempt})
SET a.agrees_with = $agrees_with, a.comparing = $comparing
RETURN a.job AS job

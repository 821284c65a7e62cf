// A job below another one has ended. Parameters: job (the upper one).
MATCH (j:Job {id: $job})
SET j.open_children = j.open_children - 1
RETURN j.open_children AS open_children, j.state AS state

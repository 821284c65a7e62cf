// Changes how many jobs of a run have not ended, by a difference. Parameters: run, by.
MATCH (r:Run {id: $run})
SET r.open_jobs = r.open_jobs + $by
RETURN r.open_jobs AS open_jobs

// How many jobs of a run may still do something, and how many failed. Parameters: run.
MATCH (j:Job)-[:PART_OF]->(:Run {id: $run})
RETURN sum(CASE WHEN j.state IN ['waiting', 'queued', 'leased', 'running'] THEN 1 ELSE 0 END) AS open,
       sum(CASE WHEN j.state = 'failed' THEN 1 ELSE 0 END) AS failed,
       sum(CASE WHEN j.state = 'cancelled' THEN 1 ELSE 0 END) AS cancelled

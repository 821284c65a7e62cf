// How the steps of a run ended; those that lost a choice do not count. Parameters: run.
MATCH (j:Job)-[:PART_OF]->(:Run {id: $run})
WHERE j.parent IS NULL AND coalesce(j.lost, '') <> 'lost'
RETURN sum(CASE WHEN j.state = 'failed' OR j.lost = 'rejected' THEN 1 ELSE 0 END) AS failed,
       sum(CASE WHEN j.state = 'cancelled' THEN 1 ELSE 0 END) AS cancelled

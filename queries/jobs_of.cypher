// Jobs by their ids, with their results and how long their last try ran. Parameters: ids.
UNWIND $ids AS id
MATCH (j:Job {id: id})
OPTIONAL MATCH (j)-[:RESULTED_IN]->(a:Artifact)
OPTIONAL MATCH (t:Attempt {id: j.id + '#' + toString(j.attempts)})
RETURN j.id AS id, j.plan_step AS step, j.state AS state, j.lost AS lost, j.chosen AS chosen, a.sha256 AS sha256,
       t.started_at AS started_at, t.ended_at AS ended_at

// Gives a job to a worker: a new attempt, whose number is the fencing token. A job of which replicas run already stays as it is.
// Parameters: job, attempt, number, worker, machine, lease_until, now.
MATCH (j:Job {id: $job})
MATCH (w:Worker {id: $worker})
SET j.state = CASE WHEN j.state = 'queued' THEN 'leased' ELSE j.state END, j.attempts = $number, j.updated_at = $now,
    j.expires_at = null
CREATE (a:Attempt {
  id: $attempt, job: $job, number: $number, worker: $worker, machine: $machine, state: 'leased', queued_at: j.queued_at,
  leased_at: $now, lease_until: $lease_until
})-[:TRIES]->(j)
CREATE (a)-[:RAN_ON]->(w)
RETURN a.id AS id

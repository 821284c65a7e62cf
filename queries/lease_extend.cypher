// Extends the leases of attempts that a worker still runs; returns those that are still its own.
// Parameters: worker, attempts (ids), lease_until.
UNWIND $attempts AS id
MATCH (a:Attempt {id: id})
WHERE a.worker = $worker AND a.state IN ['leased', 'running']
SET a.lease_until = $lease_until
RETURN a.id AS id

// What tries of a function's versions took, cost and came to on each machine: a row for each version and machine.
// Parameters: name, since (the first moment that counts; null for all).
MATCH (v:FunctionVersion {name: $name})
CALL {
  WITH v
  MATCH (v)<-[:CALLS]-(j:Job)<-[:TRIES]-(a:Attempt)
  RETURN j, a
  UNION
  WITH v
  MATCH (v)<-[:CALLS]-(:Step)<-[:OF]-(j:Job)<-[:TRIES]-(a:Attempt)
  WHERE j.function = v.id
  RETURN j, a
}
WITH v, j, a,
     CASE WHEN a.state = 'succeeded' THEN a.ended_at.epochMillis - a.started_at.epochMillis END AS run,
     a.leased_at.epochMillis - coalesce(a.queued_at, j.created_at).epochMillis AS queued
WHERE a.ended_at IS NOT NULL AND ($since IS NULL OR a.ended_at >= $since)
WITH v, a.machine AS machine, count(a) AS tries, sum(CASE WHEN a.state = 'succeeded' THEN 1 ELSE 0 END) AS succeeded,
     sum(CASE WHEN a.state = 'failed' THEN 1 ELSE 0 END) AS failed,
     sum(CASE WHEN a.state = 'lost' THEN 1 ELSE 0 END) AS lost,
     percentileDisc(run, 0.5) AS run_median, percentileDisc(run, 0.95) AS run_p95, max(run) AS run_max,
     percentileDisc(queued, 0.5) AS queued_median, percentileDisc(queued, 0.95) AS queued_p95,
     max(a.memory_bytes) AS memory_max
RETURN v.id AS id, v.version AS version, machine, tries, succeeded, failed, lost,
       run_median AS run_median_millis, run_p95 AS run_p95_millis, run_max AS run_max_millis,
       queued_median AS queued_median_millis, queued_p95 AS queued_p95_millis, memory_max AS memory_max_bytes,
       succeeded * coalesce(v.price_millis, 0) AS cost_millis
ORDER BY v.created_at, v.id, machine

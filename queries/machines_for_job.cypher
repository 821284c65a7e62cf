// The machines heard of lately, and which of what a job needs each lacks. Parameters: job, since.
MATCH (j:Job {id: $job})
OPTIONAL MATCH (f:FunctionVersion {id: j.function})
MATCH (m:Machine)
WHERE m.last_seen >= $since
WITH j, f, m, [need IN coalesce(f.needs, []) + coalesce(j.needs, [])
               WHERE none(label IN coalesce(m.labels, []) WHERE label = need OR label STARTS WITH need + '=')] AS lacks
RETURN m.id AS id, m.state AS state,
       lacks + CASE WHEN coalesce(f.cores, 0) > m.cores THEN [toString(f.cores) + ' cores'] ELSE [] END
             + CASE WHEN coalesce(f.memory_bytes, 0) > coalesce(m.memory_free_bytes, m.memory_bytes)
                    THEN [toString(f.memory_bytes / 1048576) + ' MiB of free memory'] ELSE [] END
             + CASE WHEN EXISTS {
                      MATCH (w:Worker)-[:ON]->(m)
                      WHERE w.last_seen >= $since
                        AND (w.only IS NULL OR j.function IN w.only OR split(j.function, '@')[0] IN w.only)
                    } THEN [] ELSE ['a worker that takes this function'] END
             + CASE WHEN m.id IN coalesce(j.avoid_machines, []) THEN ['independence, having run a replica of it'] ELSE [] END AS lacks
ORDER BY m.id

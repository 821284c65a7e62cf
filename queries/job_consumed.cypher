// What a job took in and gave out. Parameters: job.
MATCH (j:Job {id: $job})
OPTIONAL MATCH (f:FunctionVersion {id: j.function})
RETURN j.input AS input, f.price_millis AS price_millis,
       COLLECT { MATCH (j)-[e:AFTER]->(b:Job)-[:RESULTED_IN]->(a:Artifact) WHERE coalesce(e.carries, true)
                 RETURN {input: e.to, output: e.from, from: b.step, sha256: coalesce(e.sha256, a.sha256), size: a.size} } AS inputs

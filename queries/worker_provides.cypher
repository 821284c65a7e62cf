// A worker has a function version ready. Parameters: worker, function (name@version), now.
MATCH (w:Worker {id: $worker})
MATCH (f:FunctionVersion {id: $function})
MERGE (w)-[p:PROVIDES]->(f)
  ON CREATE SET p.since = $now
RETURN f.id AS id

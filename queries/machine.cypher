// A machine with its workers, what they provide, and what runs there. Parameters: machine.
MATCH (m:Machine {id: $machine})
RETURN properties(m) AS machine,
       COLLECT { MATCH (m)<-[:ON]-(w:Worker) RETURN properties(w) ORDER BY w.joined_at } AS workers,
       COLLECT { MATCH (m)<-[:ON]-(:Worker)-[:PROVIDES]->(f:FunctionVersion) RETURN DISTINCT f.id ORDER BY f.id } AS functions,
       COLLECT {
         MATCH (m)<-[:ON]-(:Worker)<-[:RAN_ON]-(a:Attempt) WHERE a.state IN ['leased', 'running'] RETURN a.id ORDER BY a.id
       } AS attempts

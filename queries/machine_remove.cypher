// Removes a machine and its workers; their attempts stay, as history. Parameters: machine.
MATCH (m:Machine {id: $machine})
OPTIONAL MATCH (m)<-[:ON]-(w:Worker)
DETACH DELETE w
WITH DISTINCT m
DETACH DELETE m

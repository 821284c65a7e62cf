// How long calls of functions have taken. Parameters: functions (ids).
UNWIND $functions AS function
MATCH (f:FunctionVersion {id: function})<-[:CALLS]-(:Step)<-[:OF]-(j:Job)<-[:TRIES]-(a:Attempt {state: 'succeeded'})
WHERE j.function = function AND a.started_at IS NOT NULL
WITH function, a ORDER BY a.ended_at DESC LIMIT 2000
RETURN function, a.started_at AS started_at, a.ended_at AS ended_at

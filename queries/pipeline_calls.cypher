// Draws which functions the steps of a version call now. Parameters: calls: [{step, function}] with ids of both.
UNWIND $calls AS call
MATCH (s:Step {id: call.step})
MATCH (f:FunctionVersion {id: call.function})
CREATE (s)-[:CALLS]->(f)
RETURN count(s) AS calls

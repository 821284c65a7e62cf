// Arms a trigger of a pipeline's newest version. Parameters: id, pipeline, kind, expression, catch_up, next_at, now.
MATCH (p:Pipeline {name: $pipeline})
CREATE (t:Trigger {
  id: $id, pipeline: $pipeline, kind: $kind, expression: $expression, catch_up: $catch_up, next_at: $next_at,
  is_on: true, has_rows: false, created_at: $now
})-[:STARTS]->(p)
FOREACH (schedule IN CASE WHEN $kind = 'schedule' THEN [t] ELSE [] END | SET schedule:Schedule)
RETURN t.id AS id

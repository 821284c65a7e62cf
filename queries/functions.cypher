// All functions with their versions, by name.
MATCH (f:Function)<-[:OF]-(v:FunctionVersion)
WITH f, v ORDER BY v.created_at, v.id
RETURN f.name AS name, f.description AS description, f.developer AS developer, collect(v.version) AS versions
ORDER BY name

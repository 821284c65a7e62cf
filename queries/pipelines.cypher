// All pipelines with their versions and the number of their runs, by name; graphs that functions made are left out.
MATCH (p:Pipeline)<-[:OF]-(v:PipelineVersion)
WHERE p.name <> 'dynamic'
OPTIONAL MATCH (v)<-[:OF]-(r:Run)
WITH p, v, count(r) AS runs ORDER BY v.created_at, v.id
RETURN p.name AS name, p.description AS description, collect(v.version) AS versions, sum(runs) AS runs
ORDER BY name

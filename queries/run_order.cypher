// Which jobs of a run come after which. Parameters: run.
MATCH (a:Job)-[:PART_OF]->(:Run {id: $run})
MATCH (b:Job)-[e:AFTER]->(a)
WHERE e.number >= 0
RETURN DISTINCT a.id AS source, b.id AS target

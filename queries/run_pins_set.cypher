// Notes the versions that a run is pinned to. Parameters: run, pins (JSON text).
MATCH (r:Run {id: $run})
SET r.pins = $pins
RETURN r.id AS id

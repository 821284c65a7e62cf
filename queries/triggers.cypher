// Triggers, by pipeline; null for a filter lets all through. Parameters: kind.
MATCH (t:Trigger)
WHERE $kind IS NULL OR t.kind = $kind
RETURN t.id AS id, t.pipeline AS pipeline, t.kind AS kind, t.expression AS expression, t.catch_up AS catch_up,
       t.next_at AS next_at, t.is_on AS is_on, t.has_rows AS has_rows, t.last_run AS last_run, t.last_error AS last_error,
       t.fired_at AS fired_at
ORDER BY pipeline, kind

// What became of a trigger; null leaves a property. Parameters: id, next_at, has_rows, is_on, last_run, last_error, fired_at.
MATCH (t:Trigger {id: $id})
SET t.next_at = coalesce($next_at, t.next_at), t.has_rows = coalesce($has_rows, t.has_rows),
    t.is_on = coalesce($is_on, t.is_on), t.last_run = coalesce($last_run, t.last_run),
    t.last_error = CASE WHEN $last_run IS NULL THEN coalesce($last_error, t.last_error) ELSE null END,
    t.fired_at = coalesce($fired_at, t.fired_at)
RETURN t.id AS id

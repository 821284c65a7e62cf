// Single calls that failed for good, oldest first; null for a filter lets all through.
// Parameters: function (name or name@version), error_class, limit.
MATCH (j:Job {state: 'failed'})
WHERE j.run IS NULL
  AND ($function IS NULL OR j.function = $function OR j.function STARTS WITH $function + '@')
  AND ($error_class IS NULL OR j.error_class = $error_class)
RETURN j.id AS id ORDER BY j.ended_at, j.id LIMIT $limit

// Changes what a decision says of a job; null leaves a property. Parameters: job, input, lost, skip, metric, cache_key,
// cached_from, approved_by, comment, expansion.
MATCH (j:Job {id: $job})
SET j.input = coalesce($input, j.input), j.lost = coalesce($lost, j.lost), j.skip = coalesce($skip, j.skip),
    j.metric = coalesce($metric, j.metric), j.cache_key = coalesce($cache_key, j.cache_key),
    j.cached_from = coalesce($cached_from, j.cached_from), j.approved_by = coalesce($approved_by, j.approved_by),
    j.comment = coalesce($comment, j.comment), j.expansion = coalesce($expansion, j.expansion)
RETURN j.id AS id

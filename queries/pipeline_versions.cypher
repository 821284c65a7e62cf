// The versions of a pipeline, oldest first. Parameters: name.
MATCH (v:PipelineVersion {name: $name})
RETURN v.id AS id, v.version AS version, v.digest AS digest, v.parameters AS parameters, v.created_at AS created_at
ORDER BY v.created_at, v.id

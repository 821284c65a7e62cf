// The version of a pipeline that was registered last. Parameters: name.
MATCH (v:PipelineVersion {name: $name})
RETURN v.id AS id, v.version AS version, v.digest AS digest, v.dot AS dot, v.parameters AS parameters
ORDER BY v.created_at DESC, v.id DESC LIMIT 1

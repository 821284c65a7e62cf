// All versions of a function, oldest first. Parameters: name.
MATCH (v:FunctionVersion {name: $name})
RETURN v.id AS id, v.version AS version, v.enabled AS enabled, v.definition AS definition,
       v.timeout_seconds AS timeout_seconds, v.retries AS retries, v.created_at AS created_at
ORDER BY v.created_at, v.id

// All versions of a function, oldest first. Parameters: name.
MATCH (v:FunctionVersion {name: $name})
RETURN v.id AS id, v.version AS version, v.enabled AS enabled, v.created_at AS created_at
ORDER BY v.created_at, v.id

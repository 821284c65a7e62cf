// One version of a function. Parameters: id (name@version).
MATCH (v:FunctionVersion {id: $id})
RETURN v.id AS id, v.name AS name, v.version AS version, v.definition AS definition, v.digest AS digest,
       v.enabled AS enabled, v.timeout_seconds AS timeout_seconds, v.retries AS retries,
       v.created_at AS created_at

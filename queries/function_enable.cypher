// Allows or forbids new calls of a version. Parameters: id (name@version), enabled, now.
MATCH (v:FunctionVersion {id: $id})
SET v.enabled = $enabled, v.updated_at = $now
RETURN v.id AS id, v.enabled AS enabled

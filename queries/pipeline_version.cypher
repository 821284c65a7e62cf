// One version of a pipeline. Parameters: id (name@version).
MATCH (v:PipelineVersion {id: $id})
RETURN v.id AS id, v.name AS name, v.version AS version, v.digest AS digest, v.dot AS dot, v.plan AS plan,
       v.parameters AS parameters, v.description AS description, v.created_at AS created_at

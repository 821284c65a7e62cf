// Registers one version of a function.
// Parameters: name, version, definition (JSON text), digest, repository, commit, runtime, entry,
// timeout_seconds, retries, backoff_seconds, retry_on, needs, cores, memory_bytes, max_running, description, developer, contact, phone, price_millis, now.
// The caller has made sure that the version is new.
MERGE (f:Function {name: $name})
  ON CREATE SET f.created_at = $now
SET f.description = $description, f.updated_at = $now,
    f.developer = $developer, f.contact = $contact, f.phone = $phone
CREATE (v:FunctionVersion {
  id: $name + '@' + $version, name: $name, version: $version, definition: $definition, digest: $digest,
  repository: $repository, commit: $commit, runtime: $runtime, entry: $entry,
  timeout_seconds: $timeout_seconds, retries: $retries, backoff_seconds: $backoff_seconds, retry_on: $retry_on,
  needs: $needs, cores: $cores, memory_bytes: $memory_bytes, max_running: $max_running, price_millis: $price_millis,
  enabled: true, created_at: $now
})-[:OF]->(f)
RETURN v.id AS id

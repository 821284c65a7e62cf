// The keys of the network: what names a node of each label, and the look-ups that services depend on.
// Run at every start; each statement does nothing when its rule is there.
CREATE CONSTRAINT user_key IF NOT EXISTS FOR (n:User) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT group_key IF NOT EXISTS FOR (n:Group) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT zone_key IF NOT EXISTS FOR (n:Zone) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT network_key IF NOT EXISTS FOR (n:Network) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT token_key IF NOT EXISTS FOR (n:Token) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT machine_key IF NOT EXISTS FOR (n:Machine) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT worker_key IF NOT EXISTS FOR (n:Worker) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT function_key IF NOT EXISTS FOR (n:Function) REQUIRE n.name IS NODE KEY;
CREATE CONSTRAINT function_version_key IF NOT EXISTS FOR (n:FunctionVersion) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT pipeline_key IF NOT EXISTS FOR (n:Pipeline) REQUIRE n.name IS NODE KEY;
CREATE CONSTRAINT pipeline_version_key IF NOT EXISTS FOR (n:PipelineVersion) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT step_key IF NOT EXISTS FOR (n:Step) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT run_key IF NOT EXISTS FOR (n:Run) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT job_key IF NOT EXISTS FOR (n:Job) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT attempt_key IF NOT EXISTS FOR (n:Attempt) REQUIRE n.id IS NODE KEY;
CREATE CONSTRAINT artifact_key IF NOT EXISTS FOR (n:Artifact) REQUIRE n.sha256 IS NODE KEY;
CREATE INDEX function_version_name IF NOT EXISTS FOR (n:FunctionVersion) ON (n.name);
CREATE INDEX pipeline_version_name IF NOT EXISTS FOR (n:PipelineVersion) ON (n.name);
CREATE INDEX job_state IF NOT EXISTS FOR (n:Job) ON (n.state);
CREATE INDEX attempt_state IF NOT EXISTS FOR (n:Attempt) ON (n.state);
CREATE CONSTRAINT job_idempotency_key IF NOT EXISTS FOR (n:Job) REQUIRE n.idempotency_key IS UNIQUE;
CREATE CONSTRAINT trigger_key IF NOT EXISTS FOR (n:Trigger) REQUIRE n.id IS NODE KEY;
CREATE INDEX trigger_pipeline IF NOT EXISTS FOR (n:Trigger) ON (n.pipeline);
CREATE INDEX job_parent IF NOT EXISTS FOR (n:Job) ON (n.parent);
CREATE INDEX job_cache_key IF NOT EXISTS FOR (n:Job) ON (n.cache_key);
CREATE INDEX run_reference IF NOT EXISTS FOR (n:Run) ON (n.reference);
CREATE INDEX job_reference IF NOT EXISTS FOR (n:Job) ON (n.reference);

// Takes the triggers of a pipeline's earlier version away. Parameters: pipeline.
MATCH (t:Trigger {pipeline: $pipeline})
DETACH DELETE t

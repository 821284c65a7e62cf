// What a decision about a job of a run needs. Parameters: job.
MATCH (j:Job {id: $job})
RETURN j.id AS id, j.run AS run, j.step AS step, j.position AS position, j.plan AS plan, j.plan_step AS plan_step,
       j.kind AS kind, j.state AS state, j.function AS function, j.input AS input, j.open_before AS open_before,
       j.open_children AS open_children, j.parent AS parent, j.scope AS scope, j.element AS element,
       j.is_settled AS is_settled, j.lost AS lost, j.approved_by AS approved_by, j.parameters AS parameters,
       j.error AS error, j.skip AS skip

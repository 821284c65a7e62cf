// One worker. Parameters: worker.
MATCH (w:Worker {id: $worker}) RETURN w.id AS id, w.state AS state, w.slots AS slots

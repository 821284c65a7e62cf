// A machine agreed with a quorum, or did not: its reputation, from 0 to 1, comes a tenth of the way nearer to 1, or is halved.
// Parameters: machine, agreed (true or false).
MATCH (m:Machine {id: $machine})
SET m.agreed = coalesce(m.agreed, 0) + CASE WHEN $agreed THEN 1 ELSE 0 END,
    m.disagreed = coalesce(m.disagreed, 0) + CASE WHEN $agreed THEN 0 ELSE 1 END,
    m.reputation = CASE WHEN $agreed THEN coalesce(m.reputation, 0.5) + (1 - coalesce(m.reputation, 0.5)) * 0.1
                        ELSE coalesce(m.reputation, 0.5) / 2 END
RETURN m.reputation AS reputation

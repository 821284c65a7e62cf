// Says whether an edge into a job carries data, or which other data it carries. Parameters: job, number, carries, sha256.
MATCH (:Job {id: $job})-[e:AFTER {number: $number}]->(:Job)
SET e.carries = $carries, e.sha256 = $sha256
RETURN count(e) AS edges

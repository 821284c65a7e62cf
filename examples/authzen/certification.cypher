CREATE (:User {id: 'alice'}), (:User {id: 'bob', role: 'admin'}), (:User {id: '*'}), (:Record {id: 'record-1', status: 'active'}), (:Record {id: 'record-2', status: 'archived'});
MATCH (alice:User {id: 'alice'}), (bob:User {id: 'bob'}), (r:Record) CREATE (alice)-[:READER]->(r), (bob)-[:READER]->(r), (alice)-[:WRITER {condition: 'not_archived'}]->(r), (alice)-[:REMOVER {condition: 'softly'}]->(r);
MATCH (everyone:User {id: '*'}), (r:Record) CREATE (everyone)-[:ADMINISTRATOR {condition: 'archived_for_administrators'}]->(r);

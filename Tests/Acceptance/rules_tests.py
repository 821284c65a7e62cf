"""Rules about labels, relationship types and properties: what they hide is gone, whichever way somebody comes."""
import json
import time
import unittest

import neo4j
from neo4j import GraphDatabase
from neo4j.exceptions import ClientError

from plexus import Case, run

FORBIDDEN = "Neo.ClientError.Security.Forbidden"
DATA = """
CREATE (p:Patient {name: 'Pia', ssn: '1-23'})-[:TREATED_BY {since: 2020}]->(d:Doctor {name: 'Dora', pay: 5}),
       (q:Patient {name: 'Quin', ssn: '4-56'})-[:TREATED_BY {since: 2021}]->(d),
       (s:Patient:Famous {name: 'Star', ssn: '7-89'})-[:TREATED_BY {since: 2022}]->(d),
       (p)-[:OWES {amount: 10}]->(d), (p)-[:KNOWS]->(s), (s)-[:KNOWS]->(q)
"""


class Rules(Case):
    def setUp(self):
        super().setUp()
        self.server.query("CREATE DATABASE clinic")
        self.admin(DATA)
        self.admin("CREATE INDEX FOR (n:Patient) ON (n.ssn)")
        for name in ("anne", "hugo"):
            self.server.run("user", "add", name)
        self.server.run("group", "add", "hr")
        self.server.run("group", "add-member", "hr", "hugo")
        self.anne, self.hugo = (self.server.run("token", "create", "--user", name).strip() for name in ("anne", "hugo"))
        for name in ("anne", "hugo"):
            self.tuple(f"user:{name}", "writer", "graph:clinic")
        self.tuple("user:*", "hidden_from", "graph_label:clinic/Famous")
        self.tuple("group:hr#member", "shown_to", "graph_label:clinic/Famous")
        self.tuple("user:anne", "hidden_from", "graph_property:clinic/Patient.ssn")
        self.tuple("user:anne", "hidden_from", "graph_relationship_type:clinic/OWES")
        self.tuple("user:anne", "read_only_for", "graph_label:clinic/Doctor")
        self.tuple("user:anne", "read_only_for", "graph_property:clinic/name")
        self.tuple("user:anne", "read_only_for", "graph_relationship_type:clinic/TREATED_BY")
        self.driver = self.connect(self.anne)

    def connect(self, token):
        driver = GraphDatabase.driver(self.server.bolt, auth=neo4j.bearer_auth(token))
        self.addCleanup(driver.close)
        return driver

    def tuple(self, user, relation, object, key="writes"):
        change = {key: {"tuple_keys": [{"user": user, "relation": relation, "object": object}]}}
        status, answer = self.server.request("POST", "/stores/plexus/write", change)
        self.assertEqual(status, 200, answer)

    def post(self, statement, token="own", **headers):
        return self.server.request("POST", "/db/clinic/query/v2", {"statement": statement}, token=token, headers=headers)

    def admin(self, statement):
        status, answer = self.post(statement)
        self.assertEqual(status, 202, answer)
        return answer["data"]["values"]

    def ask(self, statement, driver=None, **parameters):
        return [list(record.values()) for record in (driver or self.driver).execute_query(statement, parameters, database_="clinic").records]

    def names(self, driver=None):
        return sorted(row[0] for row in self.ask("MATCH (n) RETURN n.name", driver))

    def test_what_is_hidden_is_gone_over_bolt(self):
        self.assertEqual(self.names(), ["Dora", "Pia", "Quin"])
        self.assertEqual(self.names(self.connect(self.hugo)), ["Dora", "Pia", "Quin", "Star"])
        for statement, wanted in (
                ("MATCH (n:Famous) RETURN count(n)", 0), ("MATCH (n) RETURN count(n)", 3), ("MATCH (n:Patient) RETURN count(*)", 2),
                ("MATCH ()-[r]->() RETURN count(r)", 2), ("MATCH ()-[r:OWES]->() RETURN count(r)", 0),
                ("MATCH (n:Patient {ssn: '1-23'}) RETURN count(n)", 0), ("MATCH (n:Patient) WHERE n.ssn > '0' RETURN count(n)", 0),
                ("MATCH (d:Doctor) RETURN COUNT { (d)--() }", 2), ("MATCH (n {name: 'Pia'}) RETURN COUNT { (n)-->() }", 1),
                ("MATCH p = (:Patient {name: 'Pia'})-[:KNOWS*]-(:Patient {name: 'Quin'}) RETURN count(p)", 0),
                ("MATCH (n:Patient) WHERE n.ssn IS NOT NULL OR 'ssn' IN keys(n) OR properties(n).ssn IS NOT NULL RETURN count(n)", 0)):
            with self.subTest(statement):
                self.assertEqual(self.ask(statement), [[wanted]])
        node = self.driver.execute_query("MATCH (n:Patient {name: 'Pia'}) RETURN n", database_="clinic").records[0]["n"]
        self.assertEqual(dict(node), {"name": "Pia"})
        self.assertEqual(self.ask("CALL db.labels()"), [["Patient"], ["Doctor"]])
        self.assertEqual(self.ask("CALL db.relationshipTypes()"), [["TREATED_BY"]])
        self.assertEqual(sorted(row[0] for row in self.ask("CALL db.propertyKeys()")), ["name", "pay", "since"])
        self.assertEqual(self.ask("SHOW INDEXES YIELD name"), [])
        star = self.connect(self.server.token).execute_query("MATCH (n:Famous) RETURN elementId(n) AS id", database_="clinic").records[0]["id"]
        self.assertEqual(self.ask("MATCH (n) WHERE elementId(n) = $id RETURN n", id=star), [])
        notes = self.driver.execute_query("MATCH (n:Famous) RETURN n", database_="clinic").summary.notifications
        self.assertIn("UnknownLabelWarning", str(notes))
        with self.driver.session(database="clinic") as session, session.begin_transaction() as tx:
            self.assertEqual(tx.run("MATCH (n) RETURN count(n)").single()[0], 3)
            tx.run("CREATE (:Note {text: 'x'})").consume()
            self.assertEqual(tx.run("MATCH (n) RETURN count(n)").single()[0], 4)
            self.assertEqual(tx.run("MATCH (n:Famous) RETURN count(n)").single()[0], 0)
            tx.rollback()

    def test_what_may_not_be_written_is_refused_by_name(self):
        for statement, name in (
                ("CREATE (:Doctor)", "Doctor"), ("MATCH (n:Doctor) SET n.pay = 9", "Doctor"), ("MATCH (n:Doctor) DETACH DELETE n", "TREATED_BY"),
                ("MATCH (n:Patient) SET n.name = 'x'", "name"), ("MATCH (n:Patient) SET n.ssn = 'x'", "ssn"),
                ("MATCH (n:Patient) REMOVE n:Patient", "Patient"), ("MATCH (n:Patient) SET n:Famous", "Famous"),
                ("MATCH ()-[r:TREATED_BY]->() DELETE r", "TREATED_BY"), ("MATCH (p:Patient) CREATE (p)-[:OWES]->(p)", "OWES"),
                ("CREATE (:Famous)", "Famous")):
            with self.subTest(statement), self.assertRaises(ClientError) as caught:
                self.ask(statement)
            self.assertEqual(caught.exception.code, FORBIDDEN)
            self.assertIn(f"`{name}`", caught.exception.message)
        self.ask("MATCH (n:Patient) SET n.seen = true")
        self.assertEqual(self.admin("MATCH (n:Patient) RETURN n.name, n.ssn, n.seen ORDER BY n.name"),
                         [["Pia", "1-23", True], ["Quin", "4-56", True], ["Star", "7-89", None]])
        with self.driver.session(database="clinic") as session:
            session.run("MATCH (n:Patient) CALL (n) { SET n.turn = 1 CREATE (:Note)-[:ABOUT]->(n) } IN TRANSACTIONS OF 1 ROW").consume()
            self.assertEqual(session.run("MATCH (:Note)-[:ABOUT]->(n) RETURN collect(n.turn)").single()[0], [1, 1])
            with self.assertRaises(ClientError) as caught:
                session.run("MATCH (n:Patient) CALL (n) { SET n.ssn = 1 } IN TRANSACTIONS OF 1 ROW").consume()
            self.assertEqual(caught.exception.code, FORBIDDEN)
        self.assertEqual(self.admin("MATCH (n:Famous) RETURN n.turn, n.ssn, COUNT { (n)--(:Note) }"), [[None, "7-89", 0]])
        status, answer = self.post("CREATE (:Doctor)", self.anne)
        self.assertEqual((status, answer["errors"][0]["code"]), (403, FORBIDDEN))

    def test_all_other_ways_in_show_the_same(self):
        for accept in ("application/json", "application/vnd.neo4j.query", "application/jsonl"):
            for statement in ("MATCH (n) RETURN n", "MATCH (a)-[r]->(b) RETURN *", "MATCH (n) RETURN properties(n), labels(n)"):
                with self.subTest(accept=accept, statement=statement):
                    request = {"statement": statement}
                    _, answer = self.server.request("POST", "/db/clinic/query/v2", request, token=self.anne, headers={"Accept": accept}, raw=True)
                    self.assertIn(b"Pia", answer)
                    for secret in (b"Star", b"Famous", b"1-23", b"ssn", b"OWES"):
                        self.assertNotIn(secret, answer)
                    _, answer = self.server.request("POST", "/db/clinic/query/v2", request, headers={"Accept": accept}, raw=True)
                    self.assertIn(b"Star", answer)
        _, picture = self.server.request(
            "POST", "/db/clinic/query/v2", {"statement": "MATCH (n) RETURN n"}, token=self.anne, headers={"Accept": "image/svg+xml"}, raw=True)
        self.assertIn(b"Pia", picture)
        self.assertNotIn(b"Star", picture)
        environment = {"PLEXUS_URL": self.server.url, "PLEXUS_TOKEN": self.anne}
        told = run("shell", "--db", "clinic", "--format", "jsonl", "-c", "MATCH (n) RETURN n", environment=environment)
        self.assertIn("Pia", told)
        self.assertNotIn("Star", told)
        self.assertNotIn("ssn", told)
        for format in ("jsonl", "cypher", "schema"):
            status, export = self.server.request("GET", f"/v1/export?db=clinic&format={format}", token=self.anne, raw=True)
            self.assertEqual(status, 200)
            for secret in (b"Star", b"Famous", b"1-23", b"ssn", b"OWES"):
                self.assertNotIn(secret, export)
        status, export = self.server.request("GET", "/v1/export?db=clinic", raw=True)
        self.assertIn(b"Star", export)
        # What works on the whole graph is for those who see all of it.
        self.assertEqual(self.server.request("POST", "/v1/import?db=clinic", b"", token=self.anne)[0], 403)
        for path, body in (("/stores/clinic/read", {}), ("/stores/clinic/write", {"writes": {"tuple_keys": []}})):
            status, answer = self.server.request("POST", path, body, token=self.anne)
            self.assertEqual(status, 403, answer)

    def test_a_rule_is_a_relationship_that_the_next_statement_sees(self):
        self.assertEqual(self.names(), ["Dora", "Pia", "Quin"])
        self.tuple("user:anne", "shown_to", "graph_label:clinic/Famous")
        self.assertEqual(self.names(), ["Dora", "Pia", "Quin", "Star"])
        self.tuple("user:anne", "shown_to", "graph_label:clinic/Famous", key="deletes")
        self.assertEqual(self.names(), ["Dora", "Pia", "Quin"])
        # In Cypher, and until a moment.
        self.server.query(
            "MATCH (u:User {id: 'anne'}) MERGE (l:GraphLabel {id: 'clinic/Doctor'}) "
            "CREATE (u)-[:HIDDEN_FROM {valid_until: datetime() + duration('PT2S')}]->(l)")
        self.assertEqual(self.names(), ["Pia", "Quin"])
        end = time.monotonic() + 10
        while self.names() != ["Dora", "Pia", "Quin"]:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        # Names of all graphs, and names that ids cannot have.
        self.admin("CREATE (:`Very odd/name` {name: 'Odd'})")
        self.assertIn("Odd", self.names())
        self.tuple("user:anne", "hidden_from", "graph_label:Very%20odd%2Fname")
        self.assertNotIn("Odd", self.names())
        # What others write is seen at once, as far as it is seen.
        self.admin("CREATE (:Patient:Famous {name: 'Two'}), (:Patient {name: 'Three', ssn: '3'})")
        self.assertEqual(self.names(), ["Dora", "Pia", "Quin", "Three"])
        self.admin("MATCH (n {name: 'Two'}) REMOVE n:Famous")
        self.assertEqual(self.names(), ["Dora", "Pia", "Quin", "Three", "Two"])
        lines = self.server.request("GET", "/v1/audit?stream=changes&limit=1000")[1]["lines"]
        self.assertIn("graph_label:clinic/Doctor", json.dumps(lines))

    def test_administrators_are_under_no_rules(self):
        self.assertEqual(self.admin("MATCH (n:Famous) RETURN n.ssn"), [["7-89"]])
        self.tuple("user:anne", "administrator", "graph:clinic")
        self.assertEqual(self.names(), ["Dora", "Pia", "Quin", "Star"])
        self.ask("MATCH (n:Doctor) SET n.pay = 6")
        self.assertEqual(self.server.request("POST", "/stores/clinic/read", {}, token=self.anne)[0], 200)


if __name__ == "__main__":
    unittest.main()

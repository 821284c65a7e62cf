"""Authorization from the command line and over HTTP, beside what OpenFGA's SDK tests."""
import contextlib
import json
import os
import sqlite3
import subprocess
import unittest

import neo4j

from plexus import EXAMPLES, Case, run


class Models(unittest.TestCase):
    def test_the_networks_own_model_passes_its_tests(self):
        self.assertIn("15 passed, 0 failed", run("model", "test", EXAMPLES / "authorization" / "network.fga.yaml"))

    def test_models_are_validated_and_transformed(self):
        model = EXAMPLES / "authzen" / "search.fga"
        self.assertIn("4 types, 9 relations, 0 conditions", run("model", "validate", model))
        self.assertIn('"type_definitions"', run("model", "transform", model))
        wrong = run("model", "validate", __file__, code=1)
        self.assertIn("line 1, column 1: a model starts with `model`", wrong)


class Access(Case):
    def setUp(self):
        super().setUp()
        self.server.query(
            "CREATE (a:User {id: 'anne'})-[:MEMBER]->(g:Group {id: 'eng'})-[:OPEN_TO {valid_until: datetime() + duration('P10D')}]->"
            "(z:Zone {id: 'lab'})-[:CONTAINS]->(:Function {name: 'clean'}), (b:User {id: 'bob'})-[:MEMBER {valid_until: datetime('2020-01-01T00:00:00Z')}]->(g)")

    def test_denials_are_explained(self):
        told = self.server.run("check", "user:bob", "can_run", "function:clean", "--explain", code=1)
        self.assertIn("user:bob --member--> group:eng (until 2020-01-01T00:00Z) - expired on 2020-01-01T00:00Z", told)
        self.server.run("check", "user:bob", "can_run", "function:clean", "--at", "2019-01-01T00:00:00Z")
        status, answer = self.server.request("POST", "/v1/explain", {"subject": "user:bob", "relation": "can_run", "object": "function:clean"})
        self.assertEqual((status, answer["near_misses"][0]["kind"]), (200, "expired"))

    def test_reviews_say_who_and_why(self):
        told = self.server.run("access", "review", "--object", "function:clean", "--format", "csv")
        self.assertIn("user:anne,can_run,function:clean,group:eng#member --open_to--> zone:lab", told)
        self.assertNotIn("bob", told)
        told = self.server.run("access", "review", "--subject", "user:anne")
        self.assertIn("can_see", told)
        status, picture = self.server.request("POST", "/v1/access-review", {"object": "function:clean"}, headers={"Accept": "image/svg+xml"}, raw=True)
        self.assertEqual((status, b"<svg" in picture), (200, True))

    def test_a_change_tells_what_it_would_do_and_does_nothing(self):
        told = self.server.run("access", "what-if", "--delete", "user:anne member group:eng", "--format", "csv")
        self.assertIn("user:anne,can_run,function:clean,true,false", told)
        told = self.server.run("access", "what-if", "--statement", "MATCH (:User {id: 'bob'})-[m:MEMBER]->() REMOVE m.valid_until", "--format", "csv")
        self.assertIn("user:bob,can_run,function:clean,false,true", told)
        self.server.run("check", "user:anne", "can_run", "function:clean")
        self.server.run("check", "user:bob", "can_run", "function:clean", code=1)

    def test_what_runs_out_is_reported_and_cleaned(self):
        told = self.server.run("access", "expiring", "--days", "30", "--format", "csv")
        self.assertIn("group:eng#member,open_to,zone:lab", told)
        self.assertEqual(self.server.request("DELETE", "/v1/expired")[1], {"deleted": 1})
        self.assertEqual(self.server.query("MATCH (:User {id: 'bob'})-[m:MEMBER]->() RETURN count(m)"), [[0]])

    def test_the_authzen_scenarios_can_be_loaded(self):
        environment = {**os.environ, "PLEXUS_TOKEN": self.server.token}
        told = subprocess.run([EXAMPLES / "authzen" / "load.sh", self.server.url], env=environment, capture_output=True, text=True, check=True).stdout
        self.assertIn("authzen-todo", told)
        base = "/stores/authzen-search/access/v1"
        ask = {"subject": {"type": "user"}, "action": {"name": "edit"}, "resource": {"type": "record", "id": "101"}}
        self.assertEqual([found["id"] for found in self.server.request("POST", base + "/search/subject", ask)[1]["results"]], ["alice"])
        status, metadata = self.server.request("GET", "/stores/authzen-search/.well-known/authzen-configuration")
        self.assertEqual((status, metadata["access_evaluation_endpoint"]), (200, self.server.url + base + "/evaluation"))
        first = {"type": "record", "id": "101"}
        batch = {"subject": {"type": "user", "id": "bob"}, "action": {"name": "view"}, "options": {"evaluations_semantic": "permit_on_first_permit"},
                 "evaluations": [{"action": {"name": "edit"}, "resource": first}, {"resource": first}, {"resource": first}]}
        self.assertEqual([one["decision"] for one in self.server.request("POST", base + "/evaluations", batch)[1]["evaluations"]], [False, True])


class Audit(Case):
    def test_changes_and_decisions_are_kept_and_tampering_is_found(self):
        self.server.stop()
        self.server = self.start("--decision-log", "1")
        tuples = [{"user": f"user:u{number}", "relation": "member", "object": "group:eng"} for number in range(3)]
        for one in tuples:
            self.assertEqual(self.server.request("POST", "/stores/plexus/write", {"writes": {"tuple_keys": [one]}})[0], 200)
        self.assertTrue(self.server.request("POST", "/stores/plexus/check", {"tuple_key": tuples[0]})[1]["allowed"])
        lines = self.server.request("GET", "/v1/audit")[1]["lines"]
        self.assertEqual([(line["operation"], line["number"]) for line in lines], [("write", 1), ("write", 2), ("write", 3)])
        self.server.stop()
        data = self.folder / "data"
        told = run("verify", "--data", data)
        self.assertIn("authorization-changes: 3 lines hang together", told)
        self.assertIn("authorization-decisions: 1 lines hang together", told)
        with contextlib.closing(sqlite3.connect(data / "plexus.db")) as file:
            file.execute("DELETE FROM journal WHERE sequence = ?", (lines[1]["sequence"],))
            file.commit()
        told = run("verify", "--data", data, code=1)
        self.assertIn("authorization-changes: line 1 is followed by line 3", told)

    def test_a_change_by_any_way_has_its_line_with_who_made_it(self):
        self.server.query("CREATE (:User {id: 'u1'})-[:MEMBER]->(:Group {id: 'eng'})")
        with neo4j.GraphDatabase.driver(self.server.bolt, auth=("neo4j", self.server.token)) as driver:
            driver.execute_query("MATCH (g:Group {id: 'eng'}) CREATE (:User {id: 'u2'})-[:MEMBER]->(g)")
            with driver.session() as session, session.begin_transaction() as transaction:
                transaction.run("MATCH (:User {id: 'u1'})-[m:MEMBER]->() DELETE m").consume()
                transaction.run("MATCH (g:Group {id: 'eng'}) CREATE (:User {id: 'u3'})-[:MEMBER]->(g)").consume()
                transaction.commit()
        lines = self.folder / "lines.jsonl"
        lines.write_text("\n".join([
            '{"type":"node","id":"1","labels":["User"],"properties":{"id":"u4"}}',
            '{"type":"node","id":"2","labels":["Group"],"properties":{"id":"ops"}}',
            '{"type":"relationship","id":"1","label":"MEMBER","start":{"id":"1","labels":["User"]},"end":{"id":"2","labels":["Group"]}}']))
        self.server.run("import", lines)
        told = self.server.request("GET", "/v1/audit")[1]["lines"]
        changes = lambda lines: [(line["operation"], json.loads(line["tuple"])["user"], json.loads(line["tuple"])["object"], line.get("by")) for line in lines]
        self.assertEqual(changes(told), [
            ("write", "user:u1", "group:eng", "admin"), ("write", "user:u2", "group:eng", "admin"),
            ("delete", "user:u1", "group:eng", "admin"), ("write", "user:u3", "group:eng", "admin"),
            ("write", "user:u4", "group:ops", "admin")])
        listed = self.server.request("GET", "/stores/plexus/changes?type=group")[1]["changes"]
        self.assertEqual([one["operation"][16:] for one in listed], ["WRITE", "WRITE", "DELETE", "WRITE", "WRITE"])
        counted = self.server.query("CALL db.journal('authorization-changes') YIELD fields RETURN fields.operation AS what, count(*) ORDER BY what")
        self.assertEqual(counted, [["delete", 1], ["write", 4]])
        self.server.stop()
        data = self.folder / "data"
        run("shell", "--data", data, "-c", "MATCH (:User {id: 'u2'})-[m:MEMBER]->() DELETE m")
        self.assertIn("authorization-changes: 6 lines hang together", run("verify", "--data", data))


if __name__ == "__main__":
    unittest.main()

"""Watching a store: changes of tuples and of decisions as they happen; and who made what a decision rests on."""
import http.client
import json
import threading
import time
import unittest
import urllib.request
from datetime import datetime, timedelta, timezone

from plexus import Case


class Watcher:
    """One connection with server-sent events."""

    def __init__(self, server, store, body=None, last=None, query=""):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        headers = {"Authorization": "Bearer " + server.token, "Content-Type": "application/json"}
        if last:
            headers["Last-Event-ID"] = last
        self.connection.request(
            "POST" if body is not None else "GET", f"/stores/{store}/watch{query}",
            None if body is None else json.dumps(body), headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()

    def event(self):
        """-> (event, data, id); comments are passed over"""
        fields = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if not line and fields:
                return fields.get("event"), json.loads(fields["data"]), fields.get("id")
            if line and not line.startswith(":"):
                name, value = line.split(": ", 1)
                fields[name] = value

    def close(self):
        self.connection.close()


class Watching(Case):
    MODEL = """model
  schema 1.1
type user
type group
  relations
    define member: [user]
type doc
  relations
    define viewer: [user, group#member]
"""

    def setUp(self):
        super().setUp()
        self.store = self.server.request("POST", "/stores", {"name": "drive"})[1]["id"]
        status, _ = self.server.request(
            "POST", f"/stores/{self.store}/authorization-models", self.MODEL.encode(), headers={"Content-Type": "text/plain"})
        self.assertEqual(status, 201)

    def write(self, user, relation, object, kind="writes"):
        key = {"user": user, "relation": relation, "object": object}
        status, answer = self.server.request("POST", f"/stores/{self.store}/write", {kind: {"tuple_keys": [key]}})
        self.assertEqual(status, 200, answer)

    def test_changes_are_told_and_a_lost_connection_goes_on_where_it_was(self):
        self.write("user:early", "member", "group:eng")
        watcher = Watcher(self.server, self.store)
        self.write("user:anne", "member", "group:eng")
        name, data, first = watcher.event()
        self.assertEqual((name, data["operation"], data["tuple_key"]["user"], data["by"]), ("change", "TUPLE_OPERATION_WRITE", "user:anne", "admin"))
        watcher.close()
        for number in range(3):
            self.write(f"user:u{number}", "member", "group:eng")
        self.write("user:anne", "member", "group:eng", "deletes")
        watcher = Watcher(self.server, self.store, last=first)
        told = [watcher.event() for _ in range(4)]
        self.assertEqual([data["tuple_key"]["user"] for _, data, _ in told], ["user:u0", "user:u1", "user:u2", "user:anne"])
        self.assertEqual(told[3][1]["operation"], "TUPLE_OPERATION_DELETE")
        self.server.request("POST", "/db/drive/query/v2", {"statement": "MATCH (g:Group) CREATE (:User {id: 'cypher'})-[:MEMBER]->(g)"})
        self.assertEqual(watcher.event()[1]["tuple_key"]["user"], "user:cypher")
        watcher.close()

    def test_only_what_is_asked_for_is_told(self):
        watcher = Watcher(self.server, self.store, query="?object=doc:&user=user:anne")
        self.write("user:anne", "member", "group:eng")
        self.write("user:bob", "viewer", "doc:plan")
        self.write("user:anne", "viewer", "doc:plan")
        self.assertEqual(watcher.event()[1]["tuple_key"]["object"], "doc:plan")
        watcher.close()

    def test_decisions_are_told_when_they_change_by_a_write_or_by_time(self):
        check = {"tuple_key": {"user": "user:anne", "relation": "viewer", "object": "doc:plan"}}
        self.write("group:eng#member", "viewer", "doc:plan")
        watcher = Watcher(self.server, self.store, {"checks": [check], "tuple_key": {"object": "doc:none"}})
        decisions = []

        def next_decision():
            name, data, _ = watcher.event()
            self.assertEqual(name, "decision")
            decisions.append((data["before"], data["allowed"]))

        next_decision()
        self.write("user:anne", "member", "group:eng")
        next_decision()
        self.write("user:bob", "member", "group:eng")
        self.write("user:anne", "member", "group:eng", "deletes")
        next_decision()
        end = (datetime.now(timezone.utc) + timedelta(seconds=2)).isoformat()
        self.server.request("POST", "/db/drive/query/v2", {
            "statement": "MATCH (u:User {id: 'anne'}), (g:Group) CREATE (u)-[:MEMBER {valid_until: datetime($end)}]->(g)", "parameters": {"end": end}})
        next_decision()
        next_decision()
        self.assertEqual(decisions, [(None, False), (False, True), (True, False), (False, True), (True, False)])
        watcher.close()

    def test_wrong_questions_are_refused_and_a_stop_ends_watching(self):
        path = f"/stores/{self.store}/watch"
        for body in [
            {"checks": [{"tuple_key": {"user": "user:a", "relation": "owner", "object": "doc:plan"}}]},
            {"checks": [{}]}, {"continuation_token": "nonsense"}, {"tuple_key": {"user": "nonsense"}},
            {"checks": [{"tuple_key": {"user": "user:a", "relation": "viewer", "object": "doc:plan"}}] * 1001},
        ]:
            self.assertEqual(self.server.request("POST", path, body)[0], 400, body)
        self.assertEqual(self.server.request("GET", path, token=None)[0], 401)
        watchers = [Watcher(self.server, self.store) for _ in range(3)]
        start = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - start, 20)
        for watcher in watchers:
            watcher.close()

    def test_a_write_answers_with_a_bookmark_that_later_questions_wait_for(self):
        key = {"user": "user:anne", "relation": "member", "object": "group:eng"}
        request = urllib.request.Request(
            f"{self.server.url}/stores/{self.store}/write", json.dumps({"writes": {"tuple_keys": [key]}}).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer " + self.server.token})
        with urllib.request.urlopen(request) as answer:
            bookmark = answer.headers["Plexus-Bookmark"]
        self.assertRegex(bookmark, r"^plexus:drive:\d+$")
        check = lambda bookmark: self.server.request(
            "POST", f"/stores/{self.store}/check", {"tuple_key": key}, headers={"Plexus-Bookmark": bookmark})
        self.assertEqual(check(bookmark), (200, {"allowed": True, "resolution": ""}))
        self.assertEqual(check("nonsense")[1]["code"], "invalid_bookmark")
        ahead = f"plexus:drive:{int(bookmark.split(':')[2]) + 1}"
        threading.Timer(0.3, lambda: self.write("user:bob", "member", "group:eng")).start()
        start = time.monotonic()
        self.assertEqual(check(ahead)[0], 200)
        self.assertGreater(time.monotonic() - start, 0.2)

    def test_authzen_answers_as_of_a_time(self):
        self.server.request("POST", "/db/drive/query/v2", {
            "statement": "CREATE (:User {id: 'anne'})-[:MEMBER {valid_until: datetime('2030-01-01T00:00Z')}]->(:Group {id: 'eng'})"})
        ask = {"subject": {"type": "user", "id": "anne"}, "action": {"name": "member"}, "resource": {"type": "group", "id": "eng"}}
        base = f"/stores/{self.store}/access/v1"
        for at, expected in [(None, True), ("2029-12-31T00:00:00Z", True), ("2030-01-01T00:00:00Z", False)]:
            body = ask if at is None else {**ask, "at": at}
            self.assertEqual(self.server.request("POST", base + "/evaluation", body)[1]["decision"], expected)
            self.assertEqual(self.server.request("POST", base + "/evaluations", {**body, "evaluations": [{}]})[1]["evaluations"][0]["decision"], expected)
            found = self.server.request("POST", base + "/search/subject", {**body, "subject": {"type": "user"}})[1]["results"]
            self.assertEqual(found, [{"type": "user", "id": "anne"}] if expected else [])
        self.assertEqual(self.server.request("POST", base + "/evaluation", {**ask, "at": "soon"})[0], 400)


class WhoGranted(Case):
    def test_the_audit_line_behind_each_step_is_shown(self):
        self.server.query("CREATE (:User {id: 'old'})")
        self.server.run("user", "add", "anne")
        self.server.run("group", "add", "eng")
        self.server.run("group", "add-member", "eng", "anne")
        self.server.run("zone", "add", "lab")
        token = self.server.run("token", "create").strip()
        status, _ = self.server.request(
            "POST", "/db/plexus/query/v2",
            {"statement": "MATCH (g:Group {id: 'eng'}), (z:Zone {id: 'lab'}) CREATE (g)-[:OPEN_TO]->(z)"}, token=token)
        self.assertEqual(status, 202)
        told = self.server.run("access", "who-granted", "user:anne", "can_see", "zone:lab")
        self.assertIn("user:anne --member--> group:eng", told)
        self.assertEqual(told.count("written by admin at 20"), 2, told)
        question = {"subject": "user:anne", "relation": "can_see", "object": "zone:lab"}
        _, answer = self.server.request("POST", "/v1/who-granted", question)
        lines = self.server.request("GET", "/v1/audit?limit=1000")[1]["lines"]
        for grant in answer["grants"]:
            self.assertIn(grant["audit"], lines)
        self.assertIn("denied", self.server.run("access", "who-granted", "user:old", "can_see", "zone:lab", code=1))
        plain = self.server.run("token", "create", "--user", "anne").strip()
        self.assertEqual(self.server.request("POST", "/v1/who-granted", question, token=plain)[0], 403)


if __name__ == "__main__":
    unittest.main()

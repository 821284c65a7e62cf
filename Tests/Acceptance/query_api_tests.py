"""Neo4j's Query API over HTTP: by the official driver's `http://` (a preview of its own), and byte by byte."""
import base64
import http.client
import json
import pathlib
import re
import time
import warnings

import neo4j
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, ClientError, ConstraintError, CypherSyntaxError, CypherTypeError

import bolt_tests
from plexus import Case


class OverHTTP:
    """The driver speaks HTTP; it must be told the graph."""
    database = "plexus"

    @classmethod
    def connect(cls, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the driver's HTTP is a preview, which it says each time
            return GraphDatabase.driver(cls.server.url, **options)


class Values(OverHTTP, bolt_tests.Values):
    """As over Bolt: what goes in comes out, counters, plans."""

    def test_bytes_are_refused_and_the_connection_goes_on(self):
        with self.session() as session:
            with self.assertRaises(ClientError):
                session.run("RETURN $x AS x", x=b"abc").consume()
            self.assertEqual(session.run("RETURN 1 AS x").single()["x"], 1)

    def test_names_that_nothing_has_are_told(self):
        summary = self.execute("MATCH (n:Misspelt)-[:NOWHERE]->() RETURN n").summary
        self.assertEqual(len([s for s in summary.gql_status_objects if s.is_notification]), 2)


class Ways(OverHTTP, bolt_tests.BoltCase):
    def test_the_server_is_recognised(self):
        self.driver.verify_connectivity()
        self.assertIn("5.26", self.driver.get_server_info().agent)

    def test_transactions(self):
        with self.session() as session:
            with session.begin_transaction() as tx:
                tx.run("CREATE (:Tx {n: 1})").consume()
                self.assertEqual(tx.run("MATCH (t:Tx) RETURN count(t) AS c").single()["c"], 1)
                self.assertEqual(self.value("MATCH (t:Tx) RETURN count(t)"), 0)
                tx.rollback()
            self.assertEqual(self.value("MATCH (t:Tx) RETURN count(t)"), 0)
            with session.begin_transaction() as tx:
                tx.run("CREATE (:Tx {n: 1})")
                tx.run("CREATE (:Tx {n: 2})")
                tx.commit()
            self.assertEqual(self.value("MATCH (t:Tx) RETURN count(t)"), 2)
            with self.assertRaises(CypherSyntaxError), session.begin_transaction() as tx:
                tx.run("CREATE (:Tx {n: 3})").consume()
                tx.run("no query").consume()
            self.assertEqual(session.execute_read(lambda tx: tx.run("MATCH (t:Tx) RETURN count(t) AS c").single()["c"]), 2)
            with self.assertRaises(ClientError):
                session.execute_read(lambda tx: tx.run("CREATE (:No)").consume())
            (bookmark,) = session.last_bookmarks().raw_values
            self.assertRegex(bookmark, r"^plexus:plexus:\d+$")
        with self.session(bookmarks=neo4j.Bookmarks.from_raw_values(["nonsense"])) as session, self.assertRaises(ClientError) as caught:
            session.run("RETURN 1").consume()
        self.assertEqual(caught.exception.code, "Neo.ClientError.Transaction.InvalidBookmark")

    def test_errors_have_the_drivers_kinds(self):
        self.execute("CREATE CONSTRAINT IF NOT EXISTS FOR (u:Uniq) REQUIRE u.id IS UNIQUE")
        self.execute("CREATE (:Uniq {id: 1})")
        for kind, query in ((CypherSyntaxError, "RETURN x"), (CypherTypeError, "RETURN 1 + {a: 1}"), (ConstraintError, "CREATE (:Uniq {id: 1})")):
            with self.subTest(query), self.assertRaises(kind):
                self.execute(query)
        with self.connect(auth=("neo4j", "wrong")) as driver, self.assertRaises(AuthError):
            driver.execute_query("RETURN 1", database_="plexus")
        with self.assertRaises(ClientError) as caught:
            self.driver.execute_query("RETURN 1", database_="nowhere")
        self.assertEqual(caught.exception.code, "Neo.ClientError.Database.DatabaseNotFound")


class Bytes(Case):
    """What the driver does not show."""
    path = "/db/plexus/query/v2"

    def post(self, path, body=None, *, status=202, accept="application/json", method="POST", **options):
        code, content = self.server.request(method, path, body, headers={"Accept": accept}, raw=True, **options)
        self.assertEqual(code, status, content)
        lines = [json.loads(line) for line in content.decode().splitlines()]
        return lines if "json" in accept and ("jsonl" in accept or "ndjson" in accept) else lines[0]

    def test_the_document_at_the_root_says_where_everything_is(self):
        status, document = self.server.request("GET", "/", token=None)
        self.assertEqual(status, 200)
        host = f"127.0.0.1:{self.server.port}"
        self.assertEqual(document["query"], f"http://{host}/db/{{databaseName}}/query/v2")
        self.assertEqual(document["bolt_direct"], self.server.bolt)
        self.assertEqual(document["bolt_routing"], self.server.bolt.replace("bolt:", "neo4j:"))
        self.assertTrue(document["neo4j_version"].startswith("5."))

    def test_lines(self):
        for accept in ("application/jsonl", "application/x-ndjson", "application/vnd.neo4j.query.v1.1+jsonl", "application/vnd.neo4j.query+jsonl"):
            with self.subTest(accept):
                events = self.post(self.path, {"statement": "UNWIND range(1, 3) AS x RETURN x", "includeCounters": True}, accept=accept)
                self.assertEqual([e["$event"] for e in events], ["Header", "Record", "Record", "Record", "Summary"])
                self.assertEqual(events[0]["_body"], {"fields": ["x"]})
                one = {"$type": "Integer", "_value": "1"} if "vnd" in accept else 1
                self.assertEqual(events[1]["_body"], [one])
                self.assertEqual(events[-1]["_body"]["counters"]["containsUpdates"], False)
                self.assertRegex(events[-1]["_body"]["bookmarks"][0], r"^plexus:plexus:\d+$")
        events = self.post(self.path, {"statement": "CREATE (n:Line) RETURN 1 AS x", "includeCounters": True}, accept="application/jsonl")
        self.assertEqual(events[-1]["_body"]["counters"]["nodesCreated"], 1)
        events = self.post(self.path, {"statement": "UNWIND range(-2, 2) AS x RETURN 2 / x"}, accept="application/jsonl")
        self.assertEqual([e["_body"] for e in events[1:3]], [[-1], [-2]])
        self.assertEqual((events[-1]["$event"], events[-1]["_body"][0]["code"]), ("Error", "Neo.ClientError.Statement.ArithmeticError"))
        answer = self.post(self.path, {"statement": "RETURN y"}, accept="application/jsonl", status=400)
        self.assertEqual(answer[0]["errors"][0]["code"], "Neo.ClientError.Statement.SyntaxError")

    def test_a_reader_of_lines_that_does_not_read_or_goes_away_costs_nothing(self):
        statement = "UNWIND range(1, 3000) AS x UNWIND range(1, 3000) AS y RETURN x, y, 'some text' AS t"
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        connection.request("POST", self.path, json.dumps({"statement": statement}),
                           {"Accept": "application/jsonl", "Authorization": "Bearer " + self.server.token, "Content-Type": "application/json"})
        answer = connection.getresponse()
        self.assertIn(b"Header", answer.fp.readline() + answer.fp.readline())
        memory = lambda: int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()).group(1)) >> 10
        before = memory()
        time.sleep(0.5)
        self.assertLess(memory() - before, 64)
        running = lambda: [row[0] for row in self.server.query("SHOW TRANSACTIONS YIELD currentQuery RETURN currentQuery") if "3000" in row[0] and "SHOW" not in row[0]]
        self.assertEqual(len(running()), 1)
        answer.close()
        connection.close()
        end = time.monotonic() + 5
        while running():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_a_long_document_needs_no_memory(self):
        statement = "UNWIND range(1, 400000) AS x RETURN x, 'some text' AS t, [x, x] AS l"
        peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()).group(1)) >> 10
        self.post(self.path, {"statement": "RETURN 1"})
        before = peak()
        for accept in ("application/json", "application/vnd.neo4j.query"):
            answer = self.post(self.path, {"statement": statement}, accept=accept)
            self.assertEqual([len(answer["data"]["values"]), answer["queryType"]], [400_000, "r"])
            last = answer["data"]["values"][-1]
            self.assertEqual(last[0], 400_000 if accept == "application/json" else {"$type": "Integer", "_value": "400000"})
        self.assertLess(peak() - before, 48)

    def test_what_goes_wrong_late_stands_behind_the_rows(self):
        late = self.post(self.path, {"statement": "UNWIND range(1, 100000) AS x RETURN 1 / (90001 - x) AS y"})
        self.assertEqual(list(late), ["data", "errors"])
        self.assertEqual(len(late["data"]["values"]), 90_000)
        self.assertEqual(late["errors"][0]["code"], "Neo.ClientError.Statement.ArithmeticError")
        soon = self.post(self.path, {"statement": "UNWIND range(1, 10) AS x RETURN 1 / (5 - x) AS y"}, status=400)
        self.assertEqual((list(soon), soon["errors"][0]["code"]), (["errors"], "Neo.ClientError.Statement.ArithmeticError"))

    def test_typed_values_go_in_and_come_out(self):
        values = [
            ("Null", None), ("Boolean", True), ("Integer", "9007199254740993"), ("Float", "1.5"), ("Float", "NaN"), ("Float", "-Infinity"),
            ("String", "ö"), ("Date", "2026-01-02"), ("Time", "12:31:14.5+02:00"), ("LocalTime", "12:31:14"), ("LocalDateTime", "2026-01-02T03:04:05"),
            ("OffsetDateTime", "2026-01-02T03:04:05-03:30"), ("ZonedDateTime", "2026-07-02T03:04:05+02:00[Europe/Stockholm]"), ("Duration", "P1M2DT3.5S"),
            ("Point", "SRID=4326;POINT (12.5 55.7)"), ("Point", "SRID=9157;POINT Z (1.0 2.0 3.0)"),
            ("List", [{"$type": "Integer", "_value": "1"}, {"$type": "Null", "_value": None}]),
            ("Map", {"a": {"$type": "List", "_value": []}}),
        ]
        kind = "application/vnd.neo4j.query"
        for name, value in values:
            with self.subTest(name=name, value=value):
                given = {"$type": name, "_value": value}
                status, answer = self.server.request(
                    "POST", self.path, {"statement": "RETURN $x AS x", "parameters": {"x": given}}, headers={"Accept": kind, "Content-Type": kind})
                self.assertEqual(status, 202, answer)
                self.assertEqual(answer["data"]["values"], [[given]])
        for wrong in ({"$type": "Integer", "_value": 1}, {"$type": "Integer", "_value": "x"}, {"$type": "Nonsense", "_value": "x"}, {"_value": 1}, 5,
                      {"$type": "Base64", "_value": "AAAA"}, {"$type": "Point", "_value": "SRID=1;POINT (1 2)"}, {"$type": "Point", "_value": "SRID=7203;POINT (1"},
                      {"$type": "Point", "_value": "SRID=)("}, {"$type": "Date", "_value": "2026-13-01"}):
            with self.subTest(wrong=wrong):
                status, answer = self.server.request(
                    "POST", self.path, {"statement": "RETURN $x AS x", "parameters": {"x": wrong}}, headers={"Accept": kind, "Content-Type": kind})
                self.assertEqual((status, answer["errors"][0]["code"]), (400, "Neo.ClientError.Request.Invalid"))
        deep = {"$type": "Null", "_value": None}
        for _ in range(200):
            deep = {"$type": "List", "_value": [deep]}
        status, answer = self.server.request(
            "POST", self.path, {"statement": "RETURN $x AS x", "parameters": {"x": deep}}, headers={"Accept": kind, "Content-Type": kind})
        self.assertEqual(status, 400)

    def test_transactions_of_several_requests(self):
        begun = self.post(self.path + "/tx", {"statement": "CREATE (:Phase {n: 1}) RETURN 1 AS x"})
        self.assertEqual(begun["data"]["values"], [[1]])
        tx = f"{self.path}/tx/{begun['transaction']['id']}"
        self.assertRegex(begun["transaction"]["expires"], r"^20\d\d-.*Z$")
        self.assertNotIn("bookmarks", begun)
        answer = self.post(tx, {"statement": "MATCH (s:Phase) RETURN count(s)"})
        self.assertEqual(answer["data"]["values"], [[1]])
        self.assertEqual(self.server.query("MATCH (s:Phase) RETURN count(s)"), [[0]])
        self.assertEqual(list(self.post(tx)), ["transaction"])
        lines = self.post(tx, {"statement": "RETURN 1 AS x"}, accept="application/jsonl")
        self.assertIn("transaction", lines[-1]["_body"])
        answer = self.post(tx + "/commit", {"statement": "CREATE (:Phase {n: 2}) RETURN 2 AS x"})
        self.assertEqual(answer["data"]["values"], [[2]])
        self.assertEqual(self.server.query("MATCH (s:Phase) RETURN count(s)"), [[2]])
        after = self.post(self.path, {"statement": "MATCH (s:Phase) RETURN count(s)", "bookmarks": answer["bookmarks"]})
        self.assertEqual(after["data"]["values"], [[2]])
        for method, path in (("POST", tx), ("POST", tx + "/commit"), ("DELETE", tx)):
            answer = self.post(path, method=method, status=404)
            self.assertEqual(answer["errors"][0]["code"], "Neo.ClientError.Transaction.TransactionNotFound")

    def test_a_failure_ends_a_transaction(self):
        begun = self.post(self.path + "/tx", {"statement": "CREATE (:Failed)"})
        tx = f"{self.path}/tx/{begun['transaction']['id']}"
        self.post(tx, {"statement": "RETURN 1 / 0"}, status=400)
        self.post(tx + "/commit", status=404)
        self.server.query("CREATE (:Next)")  # the writer is free
        self.assertEqual(self.server.query("MATCH (f:Failed) RETURN count(f)"), [[0]])

    def test_nobody_else_sees_a_transaction(self):
        begun = self.post(self.path + "/tx", {"statement": "RETURN 1 AS x"})
        self.server.query("CREATE DATABASE other")
        self.post(f"/db/other/query/v2/tx/{begun['transaction']['id']}", status=404)
        self.post(f"{self.path}/tx/{begun['transaction']['id']}", status=401, token=None)
        self.post(f"{self.path}/tx/{begun['transaction']['id']}", method="DELETE", status=200)

    def test_open_transactions_do_not_hold_up_the_end(self):
        self.post(self.path + "/tx", {"statement": "CREATE (:Open)"})
        start = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - start, 5)

    def test_limits_and_access(self):
        slow = "UNWIND range(1, 10000) AS x UNWIND range(1, 10000) AS y WITH x, y WHERE x * y < 0 RETURN count(*)"
        start = time.monotonic()
        answer = self.post(self.path, {"statement": slow, "maxExecutionTime": 1}, status=422)
        self.assertIn("TransactionTimedOut", answer["errors"][0]["code"])
        self.assertLess(time.monotonic() - start, 5)
        answer = self.post(self.path, {"statement": "CREATE (:No)", "accessMode": "READ"}, status=400)
        self.assertEqual(answer["errors"][0]["code"], "Neo.ClientError.Statement.AccessMode")
        answer = self.post(self.path, {"statement": "RETURN 1", "impersonatedUser": "anne"}, status=403)
        self.assertEqual(answer["errors"][0]["code"], "Neo.ClientError.Security.Forbidden")
        for body in ({"statement": 5}, {}, {"statement": "RETURN 1", "maxExecutionTime": "x"}, {"statement": "RETURN 1", "parameters": []},
                     {"statement": "RETURN 1", "bookmarks": [1]}, []):
            with self.subTest(body):
                answer = self.post(self.path, body, status=400)
                self.assertEqual(answer["errors"][0]["code"], "Neo.ClientError.Request.Invalid")

    def test_plans(self):
        answer = self.post(self.path, {"statement": "EXPLAIN MATCH (n:User) RETURN n"})
        self.assertEqual(answer["queryPlan"]["operatorType"], "Projection")
        answer = self.post(self.path, {"statement": "PROFILE UNWIND [1, 2] AS x RETURN x"})
        self.assertEqual(answer["profiledQueryPlan"]["records"], 2)

    def test_a_token_may_be_a_password(self):
        basic = base64.b64encode(f"neo4j:{self.server.token}".encode()).decode()
        status, answer = self.server.request("POST", self.path, {"statement": "RETURN 1 AS x"}, token=None, headers={"Authorization": "Basic " + basic})
        self.assertEqual((status, answer["data"]["values"]), (202, [[1]]))
        for wrong in ("Basic " + base64.b64encode(b"neo4j:x").decode(), "Basic !!", "Basic", "Basic " + base64.b64encode(b"\xff\xfe").decode()):
            status, answer = self.server.request("POST", self.path, {"statement": "RETURN 1"}, token=None, headers={"Authorization": wrong})
            self.assertEqual((status, answer["errors"][0]["code"]), (401, "Neo.ClientError.Security.Unauthorized"))

"""Bolt as Neo4j's official Python driver sees it: every way in, every value, errors, transactions, big and slow results."""
import asyncio
import contextlib
import datetime
import math
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import neo4j
import pytz
from neo4j import AsyncGraphDatabase, GraphDatabase, Query, READ_ACCESS
from neo4j.exceptions import (
    AuthError, ClientError, ConstraintError, CypherSyntaxError, CypherTypeError)
from neo4j.spatial import CartesianPoint, WGS84Point
from neo4j.time import Date, DateTime, Duration, Time

from plexus import Server, run


SLOW = "UNWIND range(1, 10000) AS x UNWIND range(1, 10000) AS y WITH x, y WHERE x * y < 0 RETURN count(*) AS c"


class BoltCase(unittest.TestCase):
    """A server for the tests of a class, and a driver that is a user's."""
    options = ()
    database = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="plexus-bolt-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.server = Server(cls.folder / "data", "--durability", "relaxed", *cls.options)
        cls.addClassCleanup(lambda: cls.server.process.poll() is None and cls.server.stop())
        cls.driver = cls.connect(auth=("neo4j", cls.server.token))
        cls.addClassCleanup(lambda: cls.driver.close())

    @classmethod
    def connect(cls, **options):
        return GraphDatabase.driver(cls.server.bolt, **options)

    def execute(self, query, parameters=None, **options):
        return self.driver.execute_query(query, parameters, database_=self.database, **options)

    def session(self, **options):
        return self.driver.session(database=self.database, **options)

    def value(self, query, **parameters):
        return self.execute(query, parameters).records[0][0]

    def until(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, "waited in vain")
            time.sleep(0.01)


class Ways(BoltCase):
    """The ways in: sessions, transactions, routing, what the driver asks about the server."""

    def test_execute_query_gives_rows_keys_and_a_summary(self):
        records, summary, keys = self.driver.execute_query("UNWIND $list AS x RETURN x, x * 2 AS y", list=[1, 2])
        self.assertEqual([record.data() for record in records], [{"x": 1, "y": 2}, {"x": 2, "y": 4}])
        self.assertEqual(keys, ["x", "y"])
        self.assertEqual(summary.query_type, "r")
        self.assertEqual(summary.database, "plexus")
        self.assertGreaterEqual(summary.result_available_after, 0)
        self.assertGreaterEqual(summary.result_consumed_after, 0)
        self.assertEqual(summary.query, "UNWIND $list AS x RETURN x, x * 2 AS y")
        self.assertEqual(summary.parameters, {"list": [1, 2]})

    def test_the_server_says_what_it_is(self):
        info = self.driver.get_server_info()
        self.assertTrue(info.agent.startswith("Neo4j/5."))
        self.assertEqual(info.protocol_version, (5, 8))
        self.driver.verify_connectivity()
        self.assertTrue(self.driver.verify_authentication(("neo4j", self.server.token)))
        self.assertFalse(self.driver.verify_authentication(("neo4j", "wrong")))
        self.assertTrue(self.driver.supports_multi_db())
        self.assertTrue(self.driver.supports_session_auth())

    def test_routing_leads_back_to_the_server(self):
        uri = self.server.bolt.replace("bolt://", "neo4j://")
        with GraphDatabase.driver(uri, auth=("neo4j", self.server.token)) as driver:
            driver.verify_connectivity()
            self.assertEqual(driver.execute_query("RETURN 7 AS x").records[0]["x"], 7)
            self.assertEqual(driver.execute_query("RETURN 7 AS x", routing_=neo4j.RoutingControl.READ).records[0]["x"], 7)
            with driver.session(database="plexus") as session:
                self.assertEqual(session.execute_write(lambda tx: tx.run("CREATE (n:Routed) RETURN 1 AS x").single()["x"]), 1)
                self.assertEqual(session.execute_read(lambda tx: tx.run("MATCH (n:Routed) RETURN count(n) AS x").single()["x"]), 1)

    def test_results_can_be_read_in_every_way(self):
        with self.driver.session(fetch_size=3) as session:
            result = session.run("UNWIND range(1, 10) AS x RETURN x")
            self.assertEqual(result.keys(), ["x"])
            self.assertEqual(result.peek()["x"], 1)
            self.assertEqual([r["x"] for r in result.fetch(4)], [1, 2, 3, 4])
            self.assertEqual(result.value("x"), [5, 6, 7, 8, 9, 10])
            self.assertEqual(session.run("RETURN 1 AS a, 2 AS b").values(), [[1, 2]])
            self.assertEqual(session.run("RETURN 1 AS a, 2 AS b").data(), [{"a": 1, "b": 2}])
            self.assertIsNone(session.run("UNWIND [] AS x RETURN x").single())
            with self.assertRaises(neo4j.exceptions.ResultNotSingleError):
                session.run("UNWIND [1, 2] AS x RETURN x").single(strict=True)
            # What is not read is discarded, and the connection goes on.
            session.run("UNWIND range(1, 100000) AS x RETURN x")
            summary = session.run("UNWIND range(1, 100000) AS x RETURN x").consume()
            self.assertEqual(summary.query_type, "r")
            self.assertEqual(session.run("RETURN 1 AS x").single()["x"], 1)

    def test_a_result_is_a_graph_and_a_data_frame(self):
        query = "CREATE (a:Shape {id: 1})-[r:NEXT {w: 2}]->(b:Shape {id: 2}) RETURN a, r, b"
        graph = self.driver.execute_query(query, result_transformer_=neo4j.Result.graph)
        self.assertEqual(sorted(n["id"] for n in graph.nodes), [1, 2])
        (relationship,) = graph.relationships
        self.assertEqual((relationship.start_node["id"], relationship.end_node["id"]), (1, 2))
        frame = self.driver.execute_query(
            "UNWIND range(1, 5) AS x RETURN x, x * 1.5 AS y, toString(x) AS z, date('2026-01-02') AS d",
            result_transformer_=lambda result: result.to_df(parse_dates=True))
        self.assertEqual(list(frame.columns), ["x", "y", "z", "d"])
        self.assertEqual(frame["y"].sum(), 22.5)
        self.assertEqual(str(frame["d"][0].date()), "2026-01-02")

    def test_managed_transactions_are_retried_when_others_were_faster(self):
        self.driver.execute_query("MERGE (c:Race {id: 1}) SET c.n = 0")
        attempts = []

        def work(tx):
            attempts.append(1)
            n = tx.run("MATCH (c:Race) RETURN c.n AS n").single()["n"]
            if len(attempts) == 1:  # somebody else comes in between
                self.driver.execute_query("MATCH (c:Race) SET c.n = 10")
            return tx.run("MATCH (c:Race) SET c.n = $n RETURN c.n AS n", n=n + 1).single()["n"]

        with self.driver.session() as session:
            self.assertEqual(session.execute_write(work), 11)
        self.assertEqual(len(attempts), 2)

    def test_explicit_transactions(self):
        with self.driver.session() as session:
            with session.begin_transaction(metadata={"why": "test"}, timeout=60) as tx:
                tx.run("CREATE (:Explicit {n: 1})").consume()
                self.assertEqual(tx.run("MATCH (e:Explicit) RETURN count(e) AS c").single()["c"], 1)
                self.assertEqual(self.value("MATCH (e:Explicit) RETURN count(e)"), 0)
                tx.rollback()
            self.assertEqual(self.value("MATCH (e:Explicit) RETURN count(e)"), 0)
            with session.begin_transaction() as tx:
                tx.run("CREATE (:Explicit {n: 1})")
                tx.run("CREATE (:Explicit {n: 2})")
                tx.commit()
            self.assertEqual(self.value("MATCH (e:Explicit) RETURN count(e)"), 2)
            with self.assertRaises(ZeroDivisionError), session.begin_transaction() as tx:
                tx.run("CREATE (:Explicit {n: 3})")
                1 / 0
            self.assertEqual(self.value("MATCH (e:Explicit) RETURN count(e)"), 2)
            with self.assertRaises(CypherSyntaxError), session.begin_transaction() as tx:
                tx.run("CREATE (:Explicit {n: 4})").consume()
                tx.run("this is no query").consume()
            self.assertEqual(self.value("MATCH (e:Explicit) RETURN count(e)"), 2)

    def test_several_results_of_a_transaction_are_open_at_once(self):
        with self.driver.session(fetch_size=2) as session, session.begin_transaction() as tx:
            first = tx.run("UNWIND range(1, 9) AS x RETURN x")
            second = tx.run("UNWIND range(11, 19) AS x RETURN x")
            pairs = [(a["x"], b["x"]) for a, b in zip(first, second)]
            self.assertEqual(pairs, list(zip(range(1, 10), range(11, 20))))

    def test_reading_transactions_refuse_to_write(self):
        with self.driver.session() as session:
            with self.assertRaises(ClientError) as caught:
                session.execute_read(lambda tx: tx.run("CREATE (:No)").consume())
            self.assertEqual(caught.exception.code, "Neo.ClientError.Statement.AccessMode")
        with self.driver.session(default_access_mode=READ_ACCESS) as session:
            with self.assertRaises(ClientError):
                session.run("CREATE (:No)").consume()

    def test_what_runs_alone_is_refused_in_transactions(self):
        with self.driver.session() as session:
            for query in ("UNWIND range(1, 3) AS x CALL (x) { CREATE (:No) } IN TRANSACTIONS", "USE other RETURN 1"):
                with self.subTest(query), self.assertRaises(ClientError), session.begin_transaction() as tx:
                    tx.run(query).consume()
            with self.assertRaises(ClientError), session.begin_transaction() as tx:
                tx.run("RETURN 1").consume()
                tx.run("CREATE DATABASE elsewhere").consume()
            session.run("UNWIND range(1, 3) AS x CALL (x) { CREATE (:Batch) } IN TRANSACTIONS").consume()
        self.assertEqual(self.value("MATCH (b:Batch) RETURN count(b)"), 3)

    def test_bookmarks_chain_sessions(self):
        with self.driver.session() as session:
            session.run("CREATE (:Marked)").consume()
            bookmarks = session.last_bookmarks()
        (text,) = bookmarks.raw_values
        self.assertRegex(text, r"^plexus:plexus:\d+$")
        with self.driver.session(bookmarks=bookmarks, default_access_mode=READ_ACCESS) as session:
            self.assertEqual(session.run("MATCH (m:Marked) RETURN count(m) AS c").single()["c"], 1)
        version = int(text.rsplit(":", 1)[1])
        waiting = threading.Thread(target=lambda: [time.sleep(0.2), *(self.driver.execute_query("CREATE (:Later)") for _ in range(3))])
        waiting.start()
        future = neo4j.Bookmarks.from_raw_values([f"plexus:plexus:{version + 1}"])
        with self.driver.session(bookmarks=future) as session:
            self.assertGreaterEqual(session.run("MATCH (l:Later) RETURN count(l) AS c").single()["c"], 1)
        waiting.join()
        for wrong in ("nonsense", "plexus:plexus:x", "neo4j:abc"):
            with self.driver.session(bookmarks=neo4j.Bookmarks.from_raw_values([wrong])) as session:
                with self.assertRaises(ClientError) as caught:
                    session.run("RETURN 1").consume()
                self.assertEqual(caught.exception.code, "Neo.ClientError.Transaction.InvalidBookmark")

    def test_other_graphs(self):
        self.driver.execute_query("CREATE DATABASE second", database_="system")
        self.driver.execute_query("CREATE (:Only {here: true})", database_="second")
        self.assertEqual(self.driver.execute_query("MATCH (o:Only) RETURN count(o) AS c", database_="second").records[0]["c"], 1)
        self.assertEqual(self.value("MATCH (o:Only) RETURN count(o)"), 0)
        with self.driver.session() as session:
            self.assertEqual(session.run("USE second MATCH (o:Only) RETURN count(o) AS c").single()["c"], 1)
        names = [record["name"] for record in self.driver.execute_query("SHOW DATABASES", database_="system").records]
        self.assertEqual(names, ["plexus", "second"])
        with self.driver.session(database="second") as session, session.begin_transaction() as tx:
            tx.run("CREATE (:Only)")
            tx.commit()
        summary = self.driver.execute_query("MATCH (o:Only) RETURN count(o) AS c", database_="second").summary
        self.assertEqual(summary.database, "second")
        self.driver.execute_query("DROP DATABASE second", database_="system")
        with self.assertRaises(ClientError) as caught:
            self.driver.execute_query("RETURN 1", database_="second")
        self.assertEqual(caught.exception.code, "Neo.ClientError.Database.DatabaseNotFound")

    def test_acting_as_somebody_else_is_refused(self):
        with self.driver.session(impersonated_user="anne") as session:
            with self.assertRaises(neo4j.exceptions.Forbidden) as caught:
                session.run("RETURN 1").consume()
        self.assertIn("anne", str(caught.exception))

    def test_many_sessions_at_once(self):
        def work(number):
            with self.driver.session() as session:
                for _ in range(20):
                    self.assertEqual(session.run("RETURN $n AS n", n=number).single()["n"], number)
                    session.execute_write(lambda tx: tx.run("CREATE (:Many {n: $n})", n=number).consume())

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.value("MATCH (m:Many) RETURN count(m)"), 160)


class Values(BoltCase):
    """What goes in comes out."""

    def test_every_value_comes_back(self):
        # Of pytz: with zones of zoneinfo the driver reads memory that is not there (CPython 3.11, neo4j 6.4.1).
        stockholm = pytz.timezone("Europe/Stockholm")
        values = [
            None, True, False, 0, -1, -16, -17, 127, 128, -129, 32768, 2**31, -2**31 - 1, 2**63 - 1, -2**63, 0.5, -0.0, 1e300, math.inf,
            "", "a", "ö🦀", "x" * 300, "x" * 70000, [], [1, "a", None, [2.5]], list(range(300)), {}, {"a": 1, "b": {"c": [1]}},
            Date(2026, 2, 3), Date(1, 1, 1), Time(12, 34, 56, 789), Time(1, 2, 3, tzinfo=pytz.FixedOffset(120)),
            DateTime(2026, 1, 2, 3, 4, 5, 678),
            DateTime(2026, 1, 2, 3, 4, 5, 678, tzinfo=pytz.FixedOffset(-210)),
            stockholm.localize(DateTime(2026, 7, 2, 3, 4, 5, 678)), Duration(months=1, days=2, seconds=3, nanoseconds=4),
            Duration(months=-1, seconds=-5), CartesianPoint((1.5, -2)), CartesianPoint((1, 2, 3)), WGS84Point((12.5, 55.7)),
            WGS84Point((12.5, 55.7, 100)),
        ]
        for value in values:
            with self.subTest(value=str(value)[:40]):
                self.assertEqual(self.value("RETURN $x AS x", x=value), value)
        self.assertTrue(math.isnan(self.value("RETURN $x AS x", x=math.nan)))
        self.assertEqual(math.copysign(1, self.value("RETURN -0.0")), -1)
        moment = self.value("RETURN datetime('2026-07-02T03:04:05[Europe/Stockholm]')")
        self.assertEqual((moment.tzinfo.zone, moment.hour), ("Europe/Stockholm", 3))

    def test_python_dates_go_in(self):
        day = pytz.timezone("America/New_York").localize(datetime.datetime(2026, 5, 6, 7, 8, 9, 123456))
        self.assertEqual(self.value("RETURN $x", x=day).to_native(), day)
        self.assertEqual(self.value("RETURN $x", x=day.date()).to_native(), day.date())
        self.assertEqual(self.value("RETURN $x", x=datetime.timedelta(days=1, seconds=5)), Duration(days=1, seconds=5))

    def test_values_survive_in_properties(self):
        properties = {
            "a": 1, "b": 2.5, "c": "text", "d": True, "e": [1, 2], "f": Date(2026, 1, 1), "g": DateTime(2026, 1, 1, 1, 1, 1, 5),
            "h": Duration(days=1), "i": WGS84Point((1, 2)), "j": ["x", "y"], "k": Time(1, 2, 3)}
        node = self.value("CREATE (n:Kept) SET n = $p RETURN n", p=properties)
        self.assertEqual(dict(node), properties)
        self.assertEqual(dict(self.value("MATCH (n:Kept) RETURN n")), properties)

    def test_nodes_relationships_and_paths(self):
        path = self.value("CREATE p = (a:P {i: 1})-[:R {w: 1}]->(b:P:Q {i: 2})<-[:S]-(c:P {i: 3}) RETURN p")
        self.assertEqual([n["i"] for n in path.nodes], [1, 2, 3])
        self.assertEqual([r.type for r in path.relationships], ["R", "S"])
        self.assertEqual(path.relationships[0].start_node["i"], 1)
        self.assertEqual(path.relationships[1].start_node["i"], 3)
        self.assertEqual(path.nodes[1].labels, frozenset(["P", "Q"]))
        self.assertEqual(path.relationships[0]["w"], 1)
        same = self.value("MATCH (n:P {i: 2}) RETURN n")
        self.assertEqual(same.element_id, path.nodes[1].element_id)
        self.assertEqual(self.value("MATCH (n) WHERE elementId(n) = $id RETURN n.i", id=same.element_id), 2)
        looped = self.value("CREATE (n:Loop) CREATE p = (n)-[:SELF]->(n) RETURN p")
        self.assertEqual(len(looped), 1)
        back = self.value("MATCH p = (c:P {i: 3})-[:S]->(b)<-[:R]-(a) RETURN p")
        self.assertEqual([n["i"] for n in back.nodes], [3, 2, 1])
        nested = self.value("MATCH (n:P {i: 1}) RETURN {node: n, list: [n, 1]}")
        self.assertEqual(nested["list"][0]["i"], 1)

    def test_bytes_are_refused_and_the_connection_goes_on(self):
        with self.session() as session:
            with self.assertRaises(CypherTypeError):
                session.run("RETURN $x AS x", x=b"abc").consume()
            self.assertEqual(session.run("RETURN 1 AS x").single()["x"], 1)

    def test_counters_have_neo4js_names(self):
        summary = self.execute("CREATE (a:X:Y {i: 1, j: 2})-[:R {w: 1}]->(b)").summary
        counters = summary.counters
        self.assertEqual(
            (counters.nodes_created, counters.labels_added, counters.properties_set, counters.relationships_created, counters.contains_updates),
            (2, 2, 3, 1, True))
        self.assertEqual(summary.query_type, "w")
        self.assertEqual(self.execute("CREATE (a:X) RETURN a").summary.query_type, "rw")
        counters = self.execute("MATCH (x:X) DETACH DELETE x").summary.counters
        self.assertEqual((counters.nodes_deleted, counters.relationships_deleted), (2, 1))
        summary = self.execute("CREATE CONSTRAINT x_key FOR (x:X) REQUIRE x.i IS UNIQUE").summary
        self.assertEqual((summary.query_type, summary.counters.constraints_added), ("s", 1))
        self.assertEqual(self.execute("CREATE INDEX xj FOR (x:X) ON (x.j)").summary.counters.indexes_added, 1)
        self.assertEqual(self.execute("DROP INDEX xj").summary.counters.indexes_removed, 1)
        self.assertEqual(self.execute("DROP CONSTRAINT x_key").summary.counters.constraints_removed, 1)
        self.assertFalse(self.execute("RETURN 1").summary.counters.contains_updates)
        with self.session() as session:
            self.assertEqual(session.run("CREATE (:Gone) RETURN 1").consume().counters.nodes_created, 1)

    def test_plans_and_profiles(self):
        summary = self.execute("EXPLAIN MATCH (n:Plan) RETURN n").summary
        self.assertEqual(summary.plan["operatorType"], "Projection")
        self.assertIsNone(summary.profile)
        summary = self.execute("PROFILE UNWIND range(1, 10) AS x RETURN x").summary
        self.assertEqual(summary.profile["rows"], 10)
        self.assertIn("dbHits", summary.profile)
        with self.session() as session:
            self.assertEqual(session.run("PROFILE UNWIND range(1, 10000) AS x RETURN x").consume().profile["rows"], 10000)
            self.assertIsNotNone(session.run("EXPLAIN MATCH (n) RETURN n").consume().plan)

    def test_names_that_nothing_has_are_told(self):
        summary = self.execute("MATCH (n:Misspelt)-[:NOWHERE]->() RETURN n").summary
        codes = sorted(status.gql_status for status in summary.gql_status_objects)
        self.assertEqual(codes, ["01N50", "01N51", "02000"])
        with self.connect(auth=("neo4j", self.server.token), notifications_min_severity="OFF") as driver:
            summary = driver.execute_query("MATCH (n:Misspelt) RETURN n", database_=self.database).summary
            self.assertEqual([status.gql_status for status in summary.gql_status_objects], ["02000"])
        with self.session(notifications_disabled_classifications=["UNRECOGNIZED"]) as session:
            summary = session.run("MATCH (n:Misspelt) RETURN n").consume()
            self.assertFalse([s for s in summary.gql_status_objects if s.gql_status.startswith("01")])


class Errors(BoltCase):
    """Errors are of the kinds that programs expect, and the connection goes on."""

    def assertFails(self, kind, code, query, **parameters):
        with self.subTest(query), self.driver.session() as session:
            with self.assertRaises(kind) as caught:
                session.run(query, parameters).consume()
            self.assertEqual(caught.exception.code, code)
            self.assertEqual(session.run("RETURN 1 AS x").single()["x"], 1)
            return caught.exception

    def test_errors_have_the_drivers_kinds(self):
        error = self.assertFails(CypherSyntaxError, "Neo.ClientError.Statement.SyntaxError", "MATCH (n RETURN n")
        self.assertIn("line 1, column 10", error.message)
        self.assertEqual(error.gql_status, "42001")
        self.assertEqual(error.diagnostic_record["_classification"], "CLIENT_ERROR")
        self.assertFails(CypherSyntaxError, "Neo.ClientError.Statement.SyntaxError", "RETURN unknown")
        self.assertFails(CypherTypeError, "Neo.ClientError.Statement.TypeError", "RETURN 1 + $x", x={"a": 1})
        self.assertFails(ClientError, "Neo.ClientError.Statement.ArithmeticError", "RETURN $x / 0", x=1)
        self.assertFails(ClientError, "Neo.ClientError.Statement.ParameterMissing", "RETURN $missing")
        self.assertFails(ClientError, "Neo.ClientError.Procedure.ProcedureNotFound", "CALL no.such()")
        self.driver.execute_query("CREATE CONSTRAINT u IF NOT EXISTS FOR (u:Uniq) REQUIRE u.id IS UNIQUE")
        self.driver.execute_query("MERGE (:Uniq {id: 1})-[:R]->(:Other)")
        self.assertFails(ConstraintError, "Neo.ClientError.Schema.ConstraintValidationFailed", "CREATE (:Uniq {id: 1})")
        self.assertFails(ConstraintError, "Neo.ClientError.Schema.ConstraintValidationFailed", "MATCH (u:Uniq) DELETE u")
        self.assertFails(ClientError, "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists", "CREATE CONSTRAINT u FOR (u:Uniq) REQUIRE u.id IS UNIQUE")
        # An error among rows that were given already.
        with self.driver.session(fetch_size=10) as session:
            result = session.run("UNWIND range(-2000, 2000) AS x RETURN 10 / x AS y")
            with self.assertRaises(ClientError):
                list(result)
            self.assertEqual(session.run("RETURN 1 AS x").single()["x"], 1)

    def test_a_query_is_ended_by_the_clients_time_limit(self):
        with self.driver.session() as session:
            start = time.monotonic()
            with self.assertRaises(ClientError) as caught:
                session.run(Query(SLOW, timeout=0.3)).single()
            self.assertIn("TransactionTimedOut", caught.exception.code)
            self.assertLess(time.monotonic() - start, 5)
            with self.assertRaises(ClientError) as caught, session.begin_transaction(timeout=0.3) as tx:
                tx.run(SLOW).single()
            self.assertIn("TransactionTimedOut", caught.exception.code)
            with self.assertRaises(ClientError) as caught, session.begin_transaction(timeout=0.2) as tx:
                tx.run("CREATE (:TooLate)").consume()
                time.sleep(0.5)
                tx.run("CREATE (:TooLate)").consume()
            self.assertIn("TransactionTimedOut", caught.exception.code)
        self.assertEqual(self.value("MATCH (t:TooLate) RETURN count(t)"), 0)

    def test_wrong_credentials_are_refused(self):
        for auth in (("neo4j", "wrong"), neo4j.bearer_auth("plx_x_y"), None, neo4j.kerberos_auth("ticket"), neo4j.custom_auth("a", "b", "c", "d")):
            with self.subTest(str(auth)), GraphDatabase.driver(self.server.bolt, auth=auth) as driver:
                with self.assertRaises(AuthError) as caught:
                    driver.execute_query("RETURN 1")
                self.assertEqual(caught.exception.code, "Neo.ClientError.Security.Unauthorized")

    def test_tokens_are_taken_as_passwords_and_as_bearers(self):
        for auth in (("anybody", self.server.token), neo4j.bearer_auth(self.server.token)):
            with GraphDatabase.driver(self.server.bolt, auth=auth) as driver:
                self.assertEqual(driver.execute_query("RETURN 1 AS x").records[0]["x"], 1)
        with self.driver.session(auth=neo4j.bearer_auth(self.server.token)) as session:
            self.assertEqual(session.run("RETURN 1 AS x").single()["x"], 1)

    def test_users_come_in_by_password_and_do_what_their_graphs_let_them(self):
        self.driver.execute_query("CREATE DATABASE guarded IF NOT EXISTS")
        self.server.run("user", "add", "anne", "--password", stdin="correct horse\n")
        tuples = [{"user": "user:anne", "relation": "reader", "object": "graph:guarded"}]
        self.assertEqual(self.server.request("POST", "/stores/plexus/write", {"writes": {"tuple_keys": tuples}})[0], 200)
        with GraphDatabase.driver(self.server.bolt, auth=("anne", "correct horse")) as driver:
            ask = lambda statement, graph="guarded": driver.execute_query(statement, database_=graph).records
            self.assertEqual(ask("RETURN 1 AS x")[0]["x"], 1)
            for statement, graph in (("CREATE (:A)", "guarded"), ("MATCH (n) RETURN n", "plexus"),
                                     ("CREATE INDEX FOR (n:A) ON (n.b)", "guarded"), ("DROP DATABASE guarded", "guarded"), ("CREATE DATABASE more", "guarded")):
                with self.subTest(statement), self.assertRaises(ClientError) as caught:
                    ask(statement, graph)
                self.assertEqual(caught.exception.code, "Neo.ClientError.Security.Forbidden")
            with driver.session(database="guarded") as session, self.assertRaises(ClientError) as caught:
                session.run("USE plexus MATCH (n) RETURN n").consume()
            self.assertEqual(caught.exception.code, "Neo.ClientError.Security.Forbidden")
            self.assertEqual([row["name"] for row in ask("SHOW DATABASES")], ["guarded"])
            self.assertEqual([row["username"] for row in ask("SHOW TRANSACTIONS YIELD *")], ["anne"])
        self.server.run("user", "disable", "anne")
        with GraphDatabase.driver(self.server.bolt, auth=("anne", "correct horse")) as driver, self.assertRaises(AuthError):
            driver.execute_query("RETURN 1")

    def test_a_silent_transaction_that_writes_does_not_stop_others(self):
        """They wait for at most 30 s: here the client goes away, which ends it at once."""
        driver = GraphDatabase.driver(self.server.bolt, auth=("neo4j", self.server.token))
        session = driver.session()
        tx = session.begin_transaction()
        tx.run("CREATE (:Half)").consume()
        other = threading.Thread(target=lambda: self.driver.execute_query("CREATE (:Whole)"))
        other.start()
        time.sleep(0.2)
        self.assertTrue(other.is_alive(), "the other writer did not wait")
        self.assertEqual(self.value("MATCH (h:Half) RETURN count(h)"), 0)  # readers never wait
        # The socket goes, as when the client is killed.
        connection = session._connection
        connection.socket._socket.shutdown(socket.SHUT_RDWR)
        other.join(5)
        self.assertFalse(other.is_alive())
        self.assertEqual(self.value("MATCH (h:Half) RETURN count(h)"), 0)
        with contextlib.suppress(Exception):
            session.close()
        with contextlib.suppress(Exception):
            driver.close()


class Big(BoltCase):
    """Results that do not fit, readers that do not read, queries that are given up."""

    def memory(self):
        """Resident bytes of the server."""
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def running(self):
        return [r["currentQuery"] for r in self.driver.execute_query("SHOW TRANSACTIONS").records if "SHOW" not in r["currentQuery"]]

    def test_many_rows_come_in_order(self):
        with self.driver.session() as session:
            count = 0
            for record in session.run("UNWIND range(1, 200000) AS x RETURN x, toString(x) AS t"):
                count += 1
                if record["x"] != count or record["t"] != str(count):
                    self.fail(f"row {count} is {record}")
            self.assertEqual(count, 200_000)

    def test_rows_longer_than_a_chunk(self):
        text = "ö" * 100_000
        with self.driver.session() as session:
            rows = session.run("UNWIND range(1, 20) AS x RETURN x, $t AS t, [$t, $t] AS l", t=text).values()
        self.assertEqual(len(rows), 20)
        self.assertTrue(all(row[1] == text and row[2] == [text, text] for row in rows))

    def test_long_lists_of_parameters(self):
        rows = [{"i": i, "text": f"text {i}", "list": [i, i + 1]} for i in range(50_000)]
        with self.driver.session() as session:
            summary = session.run("UNWIND $rows AS row CREATE (:Given {i: row.i, text: row.text, list: row.list})", rows=rows).consume()
            self.assertEqual(summary.counters.nodes_created, 50_000)
            self.assertEqual(session.run("MATCH (g:Given) RETURN count(g), sum(g.i), max(g.text)").single().values(), [50_000, 1249975000, "text 9999"])
            with self.assertRaises(CypherTypeError):
                session.run("RETURN $rows", rows=[b"x" * 1000] * 1000).consume()
            self.assertEqual(session.run("RETURN 1 AS x").single()["x"], 1)
        with self.driver.session() as session, session.begin_transaction() as tx:
            self.assertEqual(tx.run("RETURN size($rows) AS x", rows=rows).single()["x"], 50_000)
            tx.run("MATCH (g:Given) DETACH DELETE g").consume()
            tx.commit()

    def test_long_queries_do_not_end_the_server(self):
        """On the event loop the stack is another one than on the threads for queries."""
        texts = ["RETURN " + "1+" * 490 + "1 AS x", "RETURN " + "(" * 190 + "1" + ")" * 190 + " AS x", "RETURN " + "[" * 150 + "1" + "]" * 150 + " AS x",
                 " ".join(f"WITH {i} AS v{i}" for i in range(400)) + " RETURN 1 AS x", "RETURN " + "1+" * 100_000 + "1 AS x",
                 "RETURN " + "coalesce(" * 190 + "1" + ")" * 190 + " AS x", "MATCH " + "(a)--" * 400 + "(b) RETURN 1 AS x"]
        for text in texts:
            for _ in range(3):
                with self.subTest(text[:40]), self.driver.session() as session, contextlib.suppress(ClientError):
                    session.run(text).consume()
        self.assertEqual(self.value("RETURN 1"), 1)

    def test_a_slow_reader_of_ten_million_rows_holds_no_memory(self):
        with self.driver.session(fetch_size=1000) as session:
            many = "UNWIND range(1, 4000) AS x UNWIND range(1, 2500) AS y RETURN x, 'some text that takes room' AS t, [x, y] AS l"
            session.run(many + " LIMIT 100000").consume()
            before = self.memory()
            result = session.run(many)
            self.assertEqual(next(iter(result))["x"], 1)
            time.sleep(1)
            self.assertLess(self.memory() - before, 32 << 20)
            self.assertEqual(len(self.running()), 1)
            result.consume()
        self.until(lambda: not self.running(), 2)

    def test_who_asks_for_all_rows_and_reads_none_is_waited_for(self):
        """PULL of all: then only the connection holds the server back."""
        client = RawClient(self.server)
        many = "UNWIND range(1, 4000) AS x UNWIND range(1, 2500) AS y RETURN x, 'some text that takes room' AS t, [x, y] AS l"
        client.send(client.run(many + " LIMIT 1000"), client.pull())
        while client.receive()[0] != 0x71:
            pass
        while client.receive()[0] == 0x71:
            pass
        before = self.memory()
        client.send(client.run(many), client.pull())
        self.assertEqual(client.receive()[0], 0x70)
        for _ in range(3):
            time.sleep(0.7)
            self.assertLess(self.memory() - before, 32 << 20)
            for _ in range(20_000):
                self.assertEqual(client.receive()[0], 0x71)
        self.assertEqual(len(self.running()), 1)
        client.close()
        self.until(lambda: not self.running(), 2)

    def test_what_is_given_up_ends_at_once(self):
        for way in ("reset", "close"):
            with self.subTest(way):
                client = RawClient(self.server)
                client.send(client.run(SLOW), client.pull())
                self.assertEqual(client.receive()[0], 0x70)
                self.until(lambda: self.running())
                start = time.monotonic()
                if way == "reset":
                    client.send(b"\xb0\x0f")
                    self.assertEqual(client.receive()[0], 0x7E)
                    self.assertEqual(client.receive()[0], 0x70)
                    self.assertLess(time.monotonic() - start, 0.25)
                    client.send(client.run("RETURN 1"), client.pull())
                    self.assertEqual([client.receive()[0] for _ in range(3)], [0x70, 0x71, 0x70])
                client.close()
                self.until(lambda: not self.running(), 1)

    def test_sixty_slow_readers_leave_room_for_others(self):
        """More than there are threads that compute."""
        with contextlib.ExitStack() as stack:
            for _ in range(60):
                session = stack.enter_context(self.driver.session(fetch_size=1))
                result = session.run("UNWIND range(1, 1000000) AS x RETURN x, $t AS t", t="x" * 1000)
                self.assertEqual(next(iter(result))["x"], 1)
            start = time.monotonic()
            self.assertEqual(self.value("UNWIND range(1, 100000) AS x RETURN count(x)"), 100_000)
            self.assertLess(time.monotonic() - start, 10)
        self.until(lambda: not self.running(), 5)

    def test_a_client_that_asks_without_reading_the_answers_is_not_read_from(self):
        client = RawClient(self.server)
        before = self.memory()
        client.socket.settimeout(2)
        sent = 0
        message = client.chunked(client.run("UNWIND range(1, 1000) AS x RETURN x, $t", t="y" * 1000)) + client.chunked(client.pull())
        with contextlib.suppress(TimeoutError, BlockingIOError):
            while sent < 64 << 20:
                sent += client.socket.send(message)
        self.assertLess(sent, 64 << 20)
        self.assertLess(self.memory() - before, 64 << 20)
        client.close()

    def test_the_server_ends_in_order_with_clients_at_work(self):
        server = Server(self.folder / "ending", "--durability", "relaxed")
        driver = GraphDatabase.driver(server.bolt, auth=("neo4j", server.token))
        session = driver.session(fetch_size=1)
        iter(session.run("UNWIND range(1, 10000) AS x UNWIND range(1, 1000) AS y RETURN x"))
        tx = driver.session().begin_transaction()
        tx.run("CREATE (:Open)").consume()
        start = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - start, 5)
        with contextlib.suppress(Exception):
            driver.close()


class RawClient:
    """Speaks Bolt 5.8 by hand, for what a driver does not do."""

    def __init__(self, server, version=b"\x00\x00\x08\x05"):
        host, port = server.bolt.removeprefix("bolt://").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.sendall(b"\x60\x60\xb0\x17" + version + bytes(12))
        self.version = self.exactly(4)
        if version != b"\x00\x00\x08\x05":
            return
        self.send(b"\xb1\x01" + self.map({"user_agent": "raw/1"}))
        self.send(b"\xb1\x6a" + self.map({"scheme": "basic", "principal": "neo4j", "credentials": server.token or ""}))
        for _ in range(2):
            assert self.receive()[0] == 0x70

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("closed")
            data += piece
        return data

    def receive(self):
        """-> (tag, bytes after it)"""
        message = b""
        while True:
            (length,) = struct.unpack(">H", self.exactly(2))
            if length == 0 and message:
                return message[1], message[2:]
            message += self.exactly(length)

    @staticmethod
    def chunked(message):
        pieces = [message[i:i + 65535] for i in range(0, len(message), 65535)]
        return b"".join(struct.pack(">H", len(p)) + p for p in pieces) + b"\0\0"

    def send(self, *messages):
        self.socket.sendall(b"".join(map(self.chunked, messages)))

    @staticmethod
    def text(text):
        data = text.encode()
        return b"\xd2" + struct.pack(">I", len(data)) + data

    @classmethod
    def map(cls, entries):
        return b"\xd8" + bytes([len(entries)]) + b"".join(cls.text(k) + cls.value(v) for k, v in entries.items())

    @classmethod
    def value(cls, value):
        return cls.text(value) if isinstance(value, str) else b"\xcb" + struct.pack(">q", value)

    @classmethod
    def run(cls, query, **parameters):
        return b"\xb3\x10" + cls.text(query) + cls.map(parameters) + cls.map({})

    @classmethod
    def pull(cls, count=-1):
        return b"\xb1\x3f" + cls.map({"n": count})

    def close(self):
        self.socket.close()


class Wire(BoltCase):
    """What no driver sends."""

    def test_versions_are_agreed_on(self):
        for proposal, answer in ((b"\x00\x00\x04\x04", b"\x00\x00\x04\x04"), (b"\x00\x04\x04\x05", b"\x00\x00\x04\x05"), (b"\x00\x00\x00\x03", bytes(4)),
                                 (b"\x00\x00\x01\xff", b"\x00\x00\x01\xff")):
            client = RawClient(self.server, proposal)
            self.assertEqual(client.version, answer)
            client.close()

    def test_other_protocols_are_hung_up_on(self):
        host, port = self.server.bolt.removeprefix("bolt://").rsplit(":", 1)
        for greeting in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00" + bytes(100)):
            with socket.create_connection((host, int(port)), timeout=5) as raw:
                raw.sendall(greeting)
                self.assertEqual(raw.recv(100), b"")

    def test_whoever_breaks_the_protocol_is_told_and_hung_up_on(self):
        for message in (b"\xb0\x12", b"\xb1\x3f" + RawClient.map({"n": 1}), b"\xb0\x77", b"\x01", b"\xb3\x10", b"\xb1\x3f\xa1\x81n\x00"):
            with self.subTest(message):
                client = RawClient(self.server)
                client.send(message)
                tag, content = client.receive()
                self.assertEqual(tag, 0x7F)
                self.assertIn(b"Neo.ClientError.Request.Invalid", content)
                self.assertEqual(client.socket.recv(1), b"")
                client.close()

    def test_strangers_may_not_send_much(self):
        client = RawClient(self.server, b"\x00\x00\x07\x05")
        client.send(b"\xb1\x01" + RawClient.map({"user_agent": "x" * 100_000}))
        self.assertEqual(client.receive()[0], 0x7F)
        self.assertEqual(client.socket.recv(1), b"")
        client.close()


class NoAuth(BoltCase):
    options = ("--auth", "none")

    def test_everybody_is_let_in(self):
        for auth in (None, ("neo4j", "anything"), neo4j.bearer_auth("x")):
            with GraphDatabase.driver(self.server.bolt, auth=auth) as driver:
                self.assertEqual(driver.execute_query("RETURN 1 AS x").records[0]["x"], 1)


class Encrypted(unittest.TestCase):
    def test_tls(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="plexus-bolt-"))
        self.addCleanup(shutil.rmtree, folder, True)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
        server = Server(folder / "data", "--durability", "relaxed", "--tls-certificate", folder / "cert.pem", "--tls-key", folder / "key.pem")
        self.addCleanup(lambda: server.process.poll() is None and server.stop())
        plain = server.bolt
        self.assertTrue(plain.startswith("bolt+s://"), plain)
        address = plain.removeprefix("bolt+s://")
        with GraphDatabase.driver("bolt+ssc://" + address, auth=("neo4j", server.token)) as driver:
            self.assertEqual(len(driver.execute_query("UNWIND range(1, 50000) AS x RETURN x").records), 50_000)
            self.assertTrue(driver.encrypted)
        trusted = neo4j.TrustCustomCAs(str(folder / "cert.pem"))
        with GraphDatabase.driver("neo4j://" + address, auth=("neo4j", server.token), encrypted=True, trusted_certificates=trusted) as driver:
            driver.verify_connectivity()
        for scheme in ("bolt://", "bolt+s://"):
            with self.subTest(scheme), GraphDatabase.driver(scheme + address, auth=("neo4j", server.token)) as driver:
                with self.assertRaises(neo4j.exceptions.DriverError):
                    driver.verify_connectivity()
        output = run("serve", "--data", folder / "other", "--http", "127.0.0.1:0", "--bolt", "127.0.0.1:0", "--tls-certificate", folder / "cert.pem", code=2)
        self.assertIn("belong together", output)


class Ports(BoltCase):
    def test_a_port_that_was_asked_for_and_is_taken_is_an_error(self):
        address = self.server.bolt.removeprefix("bolt://")
        output = run("serve", "--data", self.folder / "other", "--http", "127.0.0.1:0", "--bolt", address, code=3)
        self.assertIn("cannot listen on " + address, output)


class Async(BoltCase):
    """The same doors of the driver's other half."""

    def test_every_way_in(self):
        async def main():
            async with AsyncGraphDatabase.driver(self.server.bolt.replace("bolt:", "neo4j:"), auth=("neo4j", self.server.token)) as driver:
                await driver.verify_connectivity()
                self.assertEqual((await driver.get_server_info()).protocol_version, (5, 8))
                records, summary, keys = await driver.execute_query("CREATE (a:Async {i: 1}) RETURN a.i AS i")
                self.assertEqual((records[0]["i"], summary.counters.nodes_created, keys), (1, 1, ["i"]))
                async with driver.session(fetch_size=10) as session:
                    result = await session.run("UNWIND range(1, 100) AS x RETURN x")
                    self.assertEqual([record["x"] async for record in result], list(range(1, 101)))

                    async def write(tx):
                        return (await (await tx.run("CREATE (a:Async {i: 2}) RETURN a.i AS i")).single())["i"]

                    async def read(tx):
                        return (await (await tx.run("MATCH (a:Async) RETURN count(a) AS c")).single())["c"]

                    self.assertEqual(await session.execute_write(write), 2)
                    self.assertEqual(await session.execute_read(read), 2)
                    async with await session.begin_transaction() as tx:
                        await tx.run("CREATE (:Async {i: 3})")
                        await tx.rollback()
                    self.assertEqual(await session.execute_read(read), 2)
                    with self.assertRaises(CypherSyntaxError):
                        await session.run("no query")
                graph = await driver.execute_query("CREATE (a:G)-[:R]->(b:G) RETURN *", result_transformer_=neo4j.AsyncResult.graph)
                self.assertEqual(len(graph.nodes), 2)
                await asyncio.gather(*(driver.execute_query("RETURN $i AS i", i=i) for i in range(50)))

        asyncio.run(main())

    def test_a_cancelled_query_ends(self):

        async def main():
            async with AsyncGraphDatabase.driver(self.server.bolt, auth=("neo4j", self.server.token)) as driver:
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(driver.execute_query(SLOW), 0.5)
                self.assertEqual((await driver.execute_query("RETURN 1 AS x")).records[0]["x"], 1)

        asyncio.run(main())
        running = lambda: [r for r in self.driver.execute_query("SHOW TRANSACTIONS").records if "x * y < 0" in r["currentQuery"]]
        self.until(lambda: not running(), 2)

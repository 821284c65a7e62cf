"""The server: durability, one owner, tokens, wrong input, orderly end."""
import concurrent.futures
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import unittest

from plexus import EXAMPLES, PLEXUS, Case, run


class Durability(Case):
    def test_what_was_acknowledged_survives_kill_9(self):
        """Each write makes 3 nodes and 2 relationships with one tag, or nothing. `PLEXUS_TORTURE_ROUNDS` makes it longer."""
        rounds = int(os.environ.get("PLEXUS_TORTURE_ROUNDS", 6))
        seed = int(os.environ.get("PLEXUS_TORTURE_SEED", random.randrange(1 << 32)))
        chance = random.Random(seed)
        known, sent = set(), set()  # kept here, outside of what is killed
        rounds_since = total = 0
        statement = "CREATE (:Item {tag: $t})-[:PART {tag: $t}]->(:Item {tag: $t})-[:PART {tag: $t}]->(:Item {tag: $t})"
        for number in range(rounds):
            with self.subTest(round=number, seed=seed):
                way = ("write", "checkpoint", "start")[number % 3]
                if way == "checkpoint":  # several thousand frames of the log: a checkpoint is due all the time
                    for piece in range(4):
                        self.server.query("UNWIND range(1, 3000) AS i CREATE (:Bulk {text: 'x' + toString(i)})")
                    self.server.query("MATCH (b:Bulk) DETACH DELETE b")
                acknowledged = []

                def write(worker):
                    for item in range(10_000):
                        tag = f"{number}-{worker}-{item}"
                        sent.add(tag)
                        try:
                            self.server.query(statement, t=tag)
                        except Exception:  # the server died under us: this one is not acknowledged
                            return
                        acknowledged.append(tag)

                threads = [threading.Thread(target=write, args=(w,)) for w in range(4)]
                for thread in threads:
                    thread.start()
                time.sleep(chance.uniform(0.05, 0.5))
                self.server.kill()
                for thread in threads:
                    thread.join()
                known.update(acknowledged)
                if way == "start":
                    with open(self.folder / "start.log", "ab") as log:
                        process = subprocess.Popen(
                            [str(PLEXUS), "serve", "--data", str(self.folder / "data"), "--http", "127.0.0.1:0"], stdout=log, stderr=log)
                        time.sleep(chance.uniform(0, 0.3))
                        process.kill()
                        process.wait()
                self.assertIn("sound", run("verify", "--data", self.folder / "data"))
                self.server = self.start()
                found = {tag: count for tag, count in self.server.query(
                    "MATCH (n:Item) WITH n.tag AS tag, count(n) AS nodes RETURN tag, nodes")}
                parts = {tag: count for tag, count in self.server.query(
                    "MATCH (:Item)-[r:PART]->(:Item) WITH r.tag AS tag, count(r) AS parts RETURN tag, parts")}
                self.assertLessEqual(known, found.keys(), "an acknowledged commit is lost")
                self.assertLessEqual(found.keys(), sent, "there is a commit that nobody sent")
                whole = ({3}, {2}) if found else (set(), set())
                self.assertEqual((set(found.values()), set(parts.values())), whole, "a commit is there in part")
                self.assertEqual(found.keys(), parts.keys())
                # Each of the four writers may have had one commit a round on disk that it never heard of.
                rounds_since += 1
                self.assertLessEqual(len(found), len(known) + 4 * rounds_since)
                total += len(acknowledged)
                if rounds_since == 10:  # else each round takes longer than the one before
                    self.server.query("MATCH (i:Item) DETACH DELETE i")
                    known, sent, rounds_since = set(), set(), 0
        self.assertGreater(total, rounds)

    def syncs(self, durability, count):
        """How often a server synced while it took commits one by one."""
        summary = self.folder / ("strace-" + durability)
        server = self.start("--durability", durability, data=self.folder / ("data-" + durability))
        tracer = subprocess.Popen(
            ["strace", "-f", "-c", "-e", "trace=fdatasync,fsync", "-p", str(server.process.pid), "-o", str(summary)],
            stderr=subprocess.PIPE, text=True)
        self.assertIn("attached", tracer.stderr.readline())
        for item in range(count):
            server.query("CREATE (:Item {item: $i})", i=item)
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=30)
        server.stop()
        return sum(int(line.split()[3]) for line in summary.read_text().splitlines()
                   if line.split()[-1:] and line.split()[-1] in ("fdatasync", "fsync"))

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed: make deps")
    def test_a_commit_is_acknowledged_only_after_the_disk_was_asked(self):
        count = 50
        self.assertGreaterEqual(self.syncs("full", count), count)
        self.assertLess(self.syncs("relaxed", count), count / 5)

    def test_a_backup_of_a_live_server_is_restored_elsewhere(self):
        self.server.query("UNWIND range(1, 500) AS i CREATE (:Thing {i: i})-[:NEXT]->(:Thing)")
        copy = self.folder / "copy.db"
        self.assertIn("503 relationships", self.server.run("backup", copy))
        self.assertIn("there is a file", self.server.run("backup", copy, code=2))
        self.server.run("backup", copy, "--force")
        self.assertEqual([p.name for p in (self.folder / "data").iterdir() if p.name.startswith("backup-part")], [])
        self.assertIn("there is no graph `other`", self.server.run("backup", self.folder / "x", "--db", "other", code=2))
        self.assertIn("is in use by another process", run("restore", copy, "--data", self.folder / "data", "--force", code=3))
        run("restore", copy, "--data", self.folder / "elsewhere")
        self.assertIn("add --force to replace it", run("restore", copy, "--data", self.folder / "elsewhere", code=2))
        self.assertIn("plexus.db.before-restore", run("restore", copy, "--data", self.folder / "elsewhere", "--force"))
        run("restore", copy, "--data", self.folder / "elsewhere", "--db", "second")
        self.assertEqual(run("verify", "--data", self.folder / "elsewhere").count("sound"), 2)
        self.server.stop()
        self.server = self.start(data=self.folder / "elsewhere")
        self.assertEqual(self.server.query("MATCH (t:Thing) RETURN count(t)"), [[1000]])
        damaged = bytearray(copy.read_bytes())
        damaged[damaged.rfind(b"\"i\":250") + 5] ^= 1
        copy.write_bytes(damaged)
        run("verify", copy, code=1)
        self.assertIn("nothing was restored", run("restore", copy, "--data", self.folder / "third", code=1))

    def test_a_second_server_on_the_same_folder_refuses_clearly(self):
        output = run("serve", "--data", self.folder / "data", "--http", "127.0.0.1:0", code=3)
        self.assertIn("is in use by another process (pid", output)
        self.assertEqual(self.server.query("RETURN 1"), [[1]])

    def test_a_stop_is_orderly_and_everything_is_there_after(self):
        self.server.query("CREATE (:Thing {name: 'x'})")
        self.assertEqual(self.server.stop(), 0)
        self.assertFalse((self.folder / "data" / "plexus.db-wal").exists() and (self.folder / "data" / "plexus.db-wal").stat().st_size)
        self.server = self.start()
        self.assertEqual(self.server.query("MATCH (t:Thing) RETURN t.name"), [["x"]])

    def test_the_token_is_printed_once(self):
        self.assertTrue(self.server.token.startswith("plx_"))
        self.server.stop()
        again = self.start()
        self.assertEqual(again.token, self.server.token, "a second token was printed")
        self.assertNotIn(self.server.token.rsplit("_", 1)[1].encode(), (self.folder / "data" / "plexus.db").read_bytes())

    def test_the_binary_can_be_moved(self):
        moved = self.folder / "elsewhere" / "px"
        moved.parent.mkdir()
        shutil.copy(PLEXUS, moved)
        self.server.stop()
        self.server = self.start(binary=moved)
        self.assertIn("network", self.server.run("render", "--list"))
        self.assertIn("<svg", self.server.run("render", "network"))

    def test_a_model_that_is_wrong_is_named_with_its_place(self):
        resources = self.folder / "resources" / "schema"
        resources.mkdir(parents=True)
        (resources / "network.fga").write_text("model\n  schema 1.1\ntype user\n  relations\n    define x: [nobody]\n")
        output = run("check", "user:a", "x", "user:b", "--data", self.prepared(), code=70,
                     environment={"PLEXUS_RESOURCES": str(resources.parent)})
        self.assertIn("schema/network.fga: line 5, column 16: there is no type `nobody`", output)

    def prepared(self):
        self.server.stop()
        return self.folder / "data"


class Access(Case):
    def test_nothing_is_shown_or_changed_without_a_token(self):
        calls = [
            ("POST", "/db/plexus/query/v2"), ("POST", "/v1/functions"), ("POST", "/v1/pipelines"), ("POST", "/v1/pipelines/x/runs"),
            ("POST", "/v1/jobs"), ("POST", "/v1/workers"), ("POST", "/v1/workers/x/lease"), ("POST", "/v1/workers/x/report"),
            ("POST", "/v1/workers/x/heartbeat"), ("PUT", "/v1/blobs/" + "0" * 64), ("POST", "/v1/import"), ("POST", "/v1/import/cypher"),
            ("POST", "/v1/functions/x/versions/1/disable"), ("POST", "/access/v1/evaluation"), ("POST", "/stores/plexus/check"),
            ("POST", "/v1/explain"), ("GET", "/v1/functions"), ("GET", "/v1/runs"), ("GET", "/v1/views/network.svg"), ("GET", "/v1/machines"),
        ]
        for method, path in calls:
            for token in (None, "plx_a_b", self.server.token + "x", "nonsense"):
                with self.subTest(path=path, token=token):
                    status, answer = self.server.request(method, path, {}, token=token)
                    self.assertEqual(status, 401)
                    self.assertIn(answer["code"], ("token_missing", "invalid_token"))

    def test_health_needs_no_token(self):
        self.assertEqual(self.server.request("GET", "/healthz", token=None)[0], 200)
        self.assertEqual(self.server.request("GET", "/readyz", token=None)[0], 200)

    def test_no_authentication_is_for_loopback_only(self):
        output = run("serve", "--data", self.folder / "other", "--http", "0.0.0.0:0", "--auth", "none", code=2)
        self.assertIn("loopback only", output)


class Queries(Case):
    def test_http_shell_and_data_folder_answer_the_same(self):
        self.server.run("import", EXAMPLES / "network")
        query = "MATCH (u:User)-[m:MEMBER]->(g:Group) RETURN g.id AS g, count(*) AS n, collect(u.id)[0] AS first, m.none AS none ORDER BY n DESC, g"
        over_http = self.server.query(query)
        over_shell = self.server.run("shell", "--format", "json", "-c", query)
        self.server.stop()
        direct = run("shell", "--format", "json", "--data", self.folder / "data", "-c", query)
        self.assertEqual(over_shell, direct)
        self.assertEqual([list(row.values()) for row in json.loads(over_shell)], over_http)

    def test_a_wrong_query_shows_its_place_and_changes_nothing(self):
        before = self.server.query("MATCH (n) RETURN count(n)")
        for query, place in [
            ("CREATE (n) RETRUN n", "line 1, column 12"), ("MATCH (n)\nWHERE m.x = 1\nRETURN n", "line 2, column 7"), ("RETURN 1/0", "column 8"),
            ("CREATE (:A) WITH 1 AS x RETURN x + {}", "column 32"), ("RETURN $missing", "column 8"), ("", "empty"),
        ]:
            with self.subTest(query=query):
                status, answer = self.server.request("POST", "/db/plexus/query/v2", {"statement": query})
                self.assertEqual(status, 400)
                self.assertTrue(answer["errors"][0]["code"].startswith("Neo.ClientError.Statement."))
                self.assertIn(place, answer["errors"][0]["message"])
        self.assertEqual(self.server.query("MATCH (n) RETURN count(n)"), before)

    def test_a_query_without_end_is_ended_by_its_limit(self):
        status, answer = self.server.request("POST", "/db/plexus/query/v2", {"statement": "UNWIND range(1, 1000000000000) AS x RETURN x"})
        self.assertEqual(status, 422)
        self.assertIn("more than", answer["errors"][0]["message"])
        self.assertEqual(self.server.query("RETURN 1"), [[1]])

    def test_long_queries_keep_nobody_else_waiting(self):
        long = "UNWIND range(1, 1500) AS a UNWIND range(1, 1500) AS b RETURN sum(a * b)"
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            running = [pool.submit(self.server.query, long) for _ in range(6)]
            slowest = 0
            while not all(query.done() for query in running):
                start = time.monotonic()
                self.assertEqual(self.server.request("GET", "/healthz", token=None)[0], 200)
                self.assertEqual(self.server.query("RETURN 1"), [[1]])
                slowest = max(slowest, time.monotonic() - start)
                time.sleep(0.05)
        self.assertEqual({query.result()[0][0] for query in running}, {1125750 ** 2})
        self.assertLess(slowest, 1.5)

    def test_wrong_bodies_are_refused_and_the_server_goes_on(self):
        for body in (b"", b"{", b"[]", b'{"statement": 5}', b"\xff\xfe", b'{"statement": "RETURN 1"' + b" " * 9_000_000 + b"}", b"[" * 100_000):
            with self.subTest(body=body[:20]):
                status, answer = self.server.request("POST", "/db/plexus/query/v2", body)
                self.assertIn(status, (400, 413))
                self.assertIn("errors", answer)
        self.assertEqual(self.server.query("RETURN 1"), [[1]])

    def test_an_unknown_graph_or_route_is_404(self):
        self.assertEqual(self.server.request("POST", "/db/other/query/v2", {"statement": "RETURN 1"})[0], 404)
        status, answer = self.server.request("GET", "/v1/nothing")
        self.assertEqual((status, answer["status"]), (404, 404))

    def test_concurrent_writers_lose_no_update(self):
        self.server.query("CREATE (:Counter {value: 0})")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: self.server.query("MATCH (c:Counter) SET c.value = c.value + 1"), range(200)))
        self.assertEqual(self.server.query("MATCH (c:Counter) RETURN c.value"), [[200]])

    def test_imports_are_all_or_nothing_and_name_the_place(self):
        bad = self.folder / "bad.csv"
        bad.write_text("id:ID(User),age:int\nx,1\ny,old\n")
        self.assertIn("bad.csv, line 3, column age:int: `old` is not a int", self.server.run("import", bad, code=2))
        bad = self.folder / "bad.jsonl"
        bad.write_text('{"type":"node","id":"1","labels":["A"]}\n{"type":"nod')
        self.assertIn("bad.jsonl, line 2: not JSON", self.server.run("import", bad, code=2))
        bad = self.folder / "bad.cypher"
        bad.write_text("CREATE (:A);\nCREATE (:B) RETRUN 1;\n")
        self.assertIn("line 2", self.server.run("import", bad, code=2))
        self.assertEqual(self.server.query("MATCH (n) WHERE n:A OR n:B OR n.id = 'x' RETURN count(n)"), [[0]])


class Authorization(Case):
    def setUp(self):
        super().setUp()
        self.server.run("import", EXAMPLES / "network")

    def authzen(self, subject, action, resource):
        return self.server.request("POST", "/access/v1/evaluation", {
            "subject": dict(zip(("type", "id"), subject.split(":"))), "action": {"name": action},
            "resource": dict(zip(("type", "id"), resource.split(":")))})

    def openfga(self, user, relation, object):
        return self.server.request("POST", "/stores/plexus/check", {"tuple_key": {"user": user, "relation": relation, "object": object}})

    def test_all_doors_give_the_same_answer(self):
        for subject, relation, object, allowed in [
            ("user:anne", "can_run", "function:clean", True), ("user:farid", "can_see", "zone:reports", False),
            ("user:gwen", "can_run", "function:transcode", False), ("user:erin", "can_run", "function:transcode", True),
            ("user:hugo", "can_run", "function:transcode", False), ("user:nobody", "can_run", "function:clean", False),
        ]:
            with self.subTest(subject=subject, object=object):
                self.assertEqual(self.authzen(subject, relation, object), (200, {"decision": allowed}))
                self.assertEqual(self.openfga(subject, relation, object)[1]["allowed"], allowed)
                self.server.run("check", subject, relation, object, code=0 if allowed else 1)
                status, answer = self.server.request("POST", "/v1/explain", {"subject": subject, "relation": relation, "object": object})
                self.assertEqual((status, answer["decision"], bool(answer["path"])), (200, allowed, allowed))

    def test_a_grant_written_in_cypher_is_seen_by_the_next_check_and_gone_with_it(self):
        self.assertFalse(self.openfga("user:bob", "can_run", "function:forecast")[1]["allowed"])
        self.server.query("MATCH (u:User {id: 'bob'}), (f:Function {name: 'forecast'}) CREATE (u)-[:CAN_RUN]->(f)")
        self.assertTrue(self.openfga("user:bob", "can_run", "function:forecast")[1]["allowed"])
        self.server.query("MATCH (:User {id: 'bob'})-[r:CAN_RUN]->() DELETE r")
        self.assertFalse(self.openfga("user:bob", "can_run", "function:forecast")[1]["allowed"])

    def test_wrong_questions_are_refused_in_each_standards_form(self):
        self.assertEqual(self.openfga("anne", "can_run", "function:clean")[1]["code"], "validation_error")
        self.assertEqual(self.openfga("user:anne", "can_fly", "function:clean")[1]["code"], "validation_error")
        self.assertEqual(self.openfga("robot:a", "can_run", "function:clean")[1]["code"], "validation_error")
        self.assertEqual(self.server.request("POST", "/stores/other/check", {})[1]["code"], "store_id_not_found")
        for body in ({}, {"subject": {"type": "user"}}, {"subject": "anne"}):
            self.assertEqual(self.server.request("POST", "/access/v1/evaluation", body)[0], 400)
        self.assertEqual(self.server.request("POST", "/v1/explain", {"subject": "user:anne", "relation": "can_run", "object": "function:clean", "at": "soon"})[0], 400)

    def test_the_reason_is_a_picture_too(self):
        status, svg = self.server.request(
            "POST", "/v1/explain", {"subject": "user:anne", "relation": "can_run", "object": "function:clean"},
            headers={"Accept": "image/svg+xml"}, raw=True)
        self.assertEqual(status, 200)
        self.assertIn(b"<svg", svg)
        self.assertIn(b"engineering", svg)

    def test_an_id_cannot_write_attributes_of_the_picture(self):
        evil = 'user:x\\"[URL=<javascript:alert(1)>]}//'
        status, svg = self.server.request(
            "POST", "/v1/explain", {"subject": evil, "relation": "can_run", "object": "function:clean"},
            headers={"Accept": "image/svg+xml"}, raw=True)
        self.assertEqual(status, 200)
        self.assertNotIn(b'href="javascript:', svg)
        self.assertIn(b"clean", svg)

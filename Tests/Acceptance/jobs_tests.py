"""Functions, pipelines, workers and pictures, with all that can go wrong."""
import json
import os
import signal
import subprocess
import time

from plexus import EXAMPLES, PLEXUS, Case, run


class Jobs(Case):
    def setUp(self):
        super().setUp()
        self.functions()

    def test_the_package_report_is_written_from_real_data(self):
        self.worker()
        output = self.server.run("pipeline", "run", EXAMPLES / "pipelines" / "package-report.dot", "--wait", "--param", "top=3")
        run_id = output.split()[1]
        self.assertIn("succeeded", output.splitlines()[-1])
        digest = self.server.query("MATCH (:Job {id: $job})-[:RESULTED_IN]->(a:Artifact) RETURN a.sha256", job=run_id + ".report")[0][0]
        _, report = self.server.request("GET", "/v1/blobs/" + digest)
        self.assertIn("Longest chains", report["markdown"])
        installed = subprocess.run("dpkg-query -W -f='${Status}\\n' | grep -c ' installed$'", shell=True, capture_output=True, text=True)
        packages = self.server.query("MATCH (:Job {id: $job})-[:RESULTED_IN]->(a:Artifact) RETURN a.sha256", job=run_id + ".packages")[0][0]
        _, read = self.server.request("GET", "/v1/blobs/" + packages)
        self.assertEqual(len(read["packages"]), int(installed.stdout))
        for kind, start in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("dot", b"digraph")):
            status, picture = self.server.request("GET", f"/v1/runs/{run_id}/graph.{kind}", raw=True)
            self.assertEqual((status, picture[: len(start)]), (200, start))
        self.assertEqual(picture.count("\u2713".encode()), 6)
        self.assertEqual(self.server.request("GET", f"/v1/runs/{run_id}/graph.gif")[0], 404)
        lineage = self.server.query(
            "MATCH (:Job {id: $job})-[:CONSUMED]->(a)<-[:RESULTED_IN]-(j) RETURN j.step ORDER BY j.step", job=run_id + ".report")
        self.assertEqual([row[0] for row in lineage], ["chains", "degrees", "machine", "sections"])

    def test_each_way_to_fail_is_told_and_its_output_kept(self):
        worker = self.worker()
        for function, words, kind in [
            ("fail", "ended with exit code 3: cannot read the table: column 7 is missing", "exit"),
            ("garbage", "gave no JSON result (line 1, column 1: expected a value, found `<`)", "output"),
            ("hang", "ran longer than its timeout of 2 s and was killed", "timeout"),
        ]:
            with self.subTest(function=function):
                start = time.monotonic()
                job = self.job(function)
                self.assertEqual((job["state"], job["error_class"]), ("failed", kind))
                self.assertIn(words, job["error"])
                if function == "fail":
                    self.assertEqual(job["attempts"], 2, "it is to be tried once more")
                    self.assertIn("step one went well", job["attempts_made"][-1]["log"])
                if function == "hang":
                    self.assertLess(time.monotonic() - start, 2 + 2 + 4)
        self.assertEqual(subprocess.run(["pgrep", "-f", str(self.folder / "work") + ".*hang.sh"], capture_output=True).stdout, b"")
        self.assertEqual(self.job("machine")["state"], "succeeded")
        self.assertIsNone(worker.poll())

    def test_a_commit_that_is_not_there_fails_in_the_preparation(self):
        self.worker()
        definition = {"name": "ghost", "version": "1", "repository": str(self.folder / "repository"), "commit": "no-such-tag",
                      "runtime": "shell", "entry": "machine.sh"}
        self.assertEqual(self.server.request("POST", "/v1/functions", definition)[0], 201)
        job = self.job("ghost")
        self.assertEqual((job["state"], job["error_class"]), ("failed", "prepare"))
        self.assertIn("at no-such-tag failed", job["error"])
        self.assertEqual(self.job("machine")["state"], "succeeded")

    def test_limits_are_set_listed_and_taken_away(self):
        self.server.run("limit", "set", "function", "machine", "--max-running", "0")
        _, job = self.server.request("POST", "/v1/jobs", {"function": "machine"})
        self.worker()
        self.assertIn("function,machine,0", self.server.run("limit", "list", "--format", "csv"))
        end = time.monotonic() + 20
        while "function_limit" not in (told := self.server.run("job", "explain", job["id"], "--format", "csv")):
            self.assertLess(time.monotonic(), end, told)
            time.sleep(0.1)
        self.assertIn("plexus limit set function machine", told)
        self.server.run("limit", "clear", "function", "machine")
        self.assertEqual(self.server.request("GET", f"/v1/jobs/{job['id']}/result?wait=20s")[0], 200)
        self.assertEqual(self.server.request("PUT", "/v1/limits/user/nobody", {"max_running": 1})[0], 404)
        self.assertEqual(self.server.request("PUT", "/v1/limits/machine/x", {"max_running": 1})[0], 404)
        self.assertEqual(self.server.request("PUT", "/v1/limits/function/machine", {"max_running": -1})[0], 400)

    def test_a_unique_call_is_made_once(self):
        first = self.server.run("call", "machine", "--unique", "nightly", "--unique-for", "10m").strip()
        self.assertEqual(self.server.run("call", "machine", "--unique", "nightly", "--unique-for", "10m").strip(), first)
        self.assertEqual(self.server.request("POST", "/v1/jobs", {"function": "machine", "unique": {"key": "nightly", "while": "queued"}})[0], 200)
        self.assertEqual(self.server.request("POST", "/v1/jobs", {"function": "machine", "unique": True})[0], 201)
        for wrong in (3, {"while": "dreaming"}, {"for": "soon"}, {"key": 1}, {"key": "k", "while": "queued", "for": 1}):
            self.assertEqual(self.server.request("POST", "/v1/jobs", {"function": "machine", "unique": wrong})[0], 400, wrong)

    def test_schemas_are_kept_at_registration_at_calls_and_at_results(self):
        self.worker()
        definition = {"name": "strict", "version": "1", "repository": str(self.folder / "repository"), "commit": "v1", "runtime": "shell",
                      "entry": "machine.sh", "retries": 2,
                      "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}
        wrong = {**definition, "output_schema": {"typ": "object"}}
        status, problem = self.server.request("POST", "/v1/functions", wrong)
        self.assertEqual((status, problem["code"]), (400, "invalid_definition"))
        self.assertIn("/typ: the keyword `typ` is not known here", problem["detail"])
        definition["output_schema"] = {"type": "object", "required": ["nowhere"]}
        self.assertEqual(self.server.request("POST", "/v1/functions", definition)[0], 201)
        status, problem = self.server.request("POST", "/v1/jobs", {"function": "strict", "input": {"n": "one"}})
        self.assertEqual((status, problem["code"]), (422, "schema_violation"))
        self.assertEqual(problem["violations"], [{"pointer": "/n", "message": 'integer is expected, not "one"'}])
        job = self.job("strict", {"n": 1})
        self.assertEqual((job["state"], job["error_class"], job["attempts"]), ("failed", "schema", 1))
        self.assertIn("the member `nowhere` is missing", job["error"])

    def test_what_calls_took_is_told_by_version_and_machine(self):
        self.worker()
        for _ in range(3):
            self.assertEqual(self.job("machine")["state"], "succeeded")
        self.assertEqual(self.job("garbage")["state"], "failed")
        rows = self.server.run("function", "stats", "machine", "--format", "csv").splitlines()
        self.assertEqual(rows[0].split(",")[:5], ["version", "tries", "succeeded", "failed", "lost"])
        self.assertEqual(rows[1].split(",")[:5], ["1.0.0", "3", "3", "0", "0"])
        by_machine = self.server.run("function", "stats", "garbage", "--machines", "--since", "1h", "--format", "json")
        (row,) = json.loads(by_machine)
        self.assertEqual((row["tries"], row["failed"]), (1, 1))
        self.assertTrue(row["machine"])
        self.assertEqual(self.server.request("GET", "/v1/functions/none/statistics")[0], 404)
        self.assertEqual(self.server.request("GET", "/v1/functions/machine/statistics?since=never")[0], 400)

    def test_many_results_are_fetched_at_once(self):
        _, made = self.server.request("POST", "/v1/jobs:batch", {"jobs": [{"function": "machine"}, {"function": "garbage"}, {"function": "machine"}]})
        ids = [job["id"] for job in made["jobs"]]
        status, answer = self.server.request("POST", "/v1/jobs:results", {"jobs": ids})
        self.assertEqual((status, [job["state"] for job in answer["jobs"]]), (200, ["queued"] * 3))
        self.worker()
        _, answer = self.server.request("POST", "/v1/jobs:results", {"jobs": ids, "wait": "30s"})
        self.assertEqual([job["state"] for job in answer["jobs"]], ["succeeded", "failed", "succeeded"])
        self.assertEqual(answer["jobs"][1]["error_class"], "output")
        self.assertEqual(answer["jobs"][0]["result"], self.server.request("GET", f"/v1/jobs/{ids[0]}/result")[1])
        self.assertEqual(self.server.request("POST", "/v1/jobs:results", {"jobs": ids + ["none"]})[0], 404)
        self.assertEqual(self.server.request("POST", "/v1/jobs:results", {"jobs": "none"})[0], 400)

    def test_two_machines_must_find_the_same(self):
        if subprocess.run(["unshare", "--uts", "hostname", "m1"], capture_output=True).returncode != 0:
            self.skipTest("this account may not make namespaces, and so no second machine")
        for name in ("m1", "m2"):
            command = f'hostname {name} && exec "$0" worker --slots 1 --work "$1"'
            log = open(self.folder / f"{name}.log", "ab")
            process = subprocess.Popen(
                ["unshare", "--uts", "sh", "-c", command, str(PLEXUS), str(self.folder / name)], stdout=log, stderr=log,
                env={**os.environ, "PLEXUS_URL": self.server.url, "PLEXUS_TOKEN": self.server.token})
            self.addCleanup(log.close)
            self.addCleanup(process.wait, 20)
            self.addCleanup(process.terminate)
        same = self.server.run("call", "degrees", "--input", '{"dependencies": [["a", "b"]]}', "--replicas", "2", "--wait")
        self.assertTrue(json.loads(same))
        machines = self.server.query("MATCH (m:Machine) RETURN m.id, m.agreed, m.reputation > 0.5 ORDER BY m.id")
        self.assertEqual(machines, [["m1", 1, True], ["m2", 1, True]])
        # What differs from machine to machine is no result.
        repository = self.folder / "repository"
        (repository / "host.sh").write_text("""cat > /dev/null; printf '{"host": "%s"}' "$(hostname)"\n""")
        git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        for arguments in (["add", "-A"], ["commit", "-qm", "host"], ["tag", "v2"]):
            subprocess.run(git + arguments, check=True, capture_output=True)
        definition = {"name": "host", "version": "1", "repository": str(repository), "commit": "v2", "runtime": "shell", "entry": "host.sh"}
        self.assertEqual(self.server.request("POST", "/v1/functions", definition)[0], 201)
        _, job = self.server.request("POST", "/v1/jobs", {"function": "host", "replicas": 2})
        status, problem = self.server.request("GET", f"/v1/jobs/{job['id']}/result?wait=30s")
        self.assertEqual(status, 409)
        self.assertIn("no 2 of 2 machines found the same", problem["detail"])
        self.assertRegex(problem["detail"], r"[0-9a-f]{16} on m[12]; [0-9a-f]{16} on m[12]")

    def test_versions_never_change(self):
        _, shown = self.server.request("GET", "/v1/functions/machine/versions/1.0.0")
        definition = shown["definition"]
        self.assertEqual(self.server.request("POST", "/v1/functions", definition)[0], 200)
        definition["entry"] = "other.sh"
        status, answer = self.server.request("POST", "/v1/functions", definition)
        self.assertEqual((status, answer["code"]), (409, "conflict"))
        status, answer = self.server.request("POST", "/v1/jobs", {"function": "machine@2.0.0"})
        self.assertEqual(status, 404)
        self.assertIn("its versions are 1.0.0", answer["detail"])

    def test_a_cancelled_job_ends_with_all_its_processes(self):
        self.worker()
        definition = {"name": "sleeper", "version": "1", "repository": str(self.folder / "repository"), "commit": "v1",
                      "runtime": "shell", "entry": "hang.sh", "timeout": "600s"}
        status, answer = self.server.request("POST", "/v1/functions", definition)
        self.assertEqual(status, 201, answer)
        job = self.server.request("POST", "/v1/jobs", {"function": "sleeper"})[1]["id"]
        pattern = str(self.folder / "work") + ".*hang.sh"
        deadline = time.monotonic() + 20
        while subprocess.run(["pgrep", "-f", pattern], capture_output=True).returncode and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertIn("runs it; the lease holds until", self.server.run("job", "explain", job))
        self.assertIn("is cancelled", self.server.run("job", "cancel", job))
        self.assertEqual(self.server.request("GET", "/v1/jobs/" + job)[1]["state"], "cancelled")
        deadline = time.monotonic() + 12
        while not subprocess.run(["pgrep", "-f", pattern], capture_output=True).returncode and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(subprocess.run(["pgrep", "-f", pattern], capture_output=True).stdout, b"")
        self.assertEqual(self.server.request("POST", f"/v1/jobs/{job}/cancel")[0], 200, "twice is once")
        self.assertEqual(self.server.request("GET", f"/v1/jobs/{job}/result")[0], 409)

    def test_jobs_are_submitted_once_listed_changed_and_explained(self):
        def submit(body, key=None):
            return self.server.request("POST", "/v1/jobs", body, headers={"Idempotency-Key": key} if key else None)

        version = self.server.request("GET", "/v1/functions/machine")[1]["definition"]["version"]
        status, first = submit({"function": "machine"}, "order-17")
        self.assertEqual(status, 201)
        self.assertEqual(submit({"function": "machine"}, "order-17"), (200, first))
        self.assertEqual(submit({"function": "machine", "input": {"n": 1}}, "order-17")[0], 409)
        status, batch = self.server.request("POST", "/v1/jobs:batch", {"jobs": [
            {"function": "machine", "priority": 2}, {"function": f"machine@{version}", "idempotency_key": "order-18"}]})
        self.assertEqual((status, [job["created"] for job in batch["jobs"]]), (201, [True, True]))
        self.assertEqual(self.server.request("POST", "/v1/jobs:batch", {"jobs": [{"function": "machine"}, {}]})[0], 400)
        self.assertEqual(self.server.query("MATCH (j:Job) RETURN count(j)"), [[3]])
        job = batch["jobs"][0]["id"]
        self.assertIn("no worker was heard of", self.server.run("job", "explain", job))
        self.server.run("job", "disable", job)
        self.server.run("job", "priority", job, 7)
        explained = self.server.request("GET", f"/v1/jobs/{job}/explain")[1]
        self.assertEqual([reason["code"] for reason in explained["reasons"]], ["job_disabled", "no_worker"])
        listed = self.server.run("job", "list", "--state", "queued", "--function", "machine", "--format", "csv")
        self.assertEqual(len(listed.splitlines()), 4)
        self.assertIn(f"{job},machine@{version},queued,7", listed)
        self.worker()
        for other in (first["id"], batch["jobs"][1]["id"]):
            status, answer = self.server.request("GET", f"/v1/jobs/{other}/result?wait=30s")
            self.assertEqual(status, 200, answer)
        self.assertEqual(self.server.request("GET", "/v1/jobs/" + job)[1]["state"], "queued")
        self.server.run("job", "enable", job)
        self.assertEqual(self.server.request("GET", f"/v1/jobs/{job}/result?wait=30s")[0], 200)
        self.assertEqual(self.server.request("PATCH", "/v1/jobs/" + job, {"priority": 1})[0], 409)
        self.assertEqual(self.server.request("PATCH", "/v1/jobs/" + job, {"priority": "high"})[0], 400)
        self.assertIn("no job `x`", self.server.run("job", "explain", "x", code=2))

    def test_a_killed_worker_loses_no_job(self):
        worker = self.worker()
        self.server.request("POST", "/v1/functions", {
            "name": "slow", "version": "1", "repository": str(self.folder / "repository"), "commit": "v1", "runtime": "shell",
            "entry": "hang.sh", "timeout": "600s"})
        _, job = self.server.request("POST", "/v1/jobs", {"function": "slow"})
        while self.server.request("GET", "/v1/jobs/" + job["id"])[1]["state"] != "running":
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        subprocess.run(["pkill", "-9", "-f", str(self.folder / "work")])
        killed = time.monotonic()
        while self.server.request("GET", "/v1/jobs/" + job["id"])[1]["state"] != "queued":
            self.assertLess(time.monotonic() - killed, 20, "the job was not taken back")
            time.sleep(0.2)
        _, answer = self.server.request("GET", "/v1/jobs/" + job["id"])
        self.assertEqual(answer["attempts_made"][0]["state"], "lost")

    def test_a_worker_survives_its_server(self):
        self.worker()
        self.assertEqual(self.job("machine")["state"], "succeeded")
        port = self.server.port
        self.server.kill()
        time.sleep(0.5)
        self.server = self.start(port=port)
        self.assertEqual(self.job("machine")["state"], "succeeded")

    def test_results_are_believed_only_with_their_digest(self):
        status, answer = self.server.request("PUT", "/v1/blobs/" + "0" * 64, b"{}")
        self.assertEqual((status, answer["code"]), (400, "digest_mismatch"))
        self.assertEqual(self.server.request("GET", "/v1/blobs/" + "0" * 64)[0], 404)
        self.assertEqual(self.server.request("GET", "/v1/blobs/..%2f..%2fetc%2fpasswd")[0], 404)

    def test_worker_protocol_refuses_nonsense(self):
        self.assertEqual(self.server.request("POST", "/v1/workers", {"hostname": 5})[0], 400)
        self.assertEqual(self.server.request("POST", "/v1/workers/nobody/lease", {"max": 1})[0], 404)
        self.assertEqual(self.server.request("POST", "/v1/workers/nobody/heartbeat", {})[0], 404)
        _, worker = self.server.request("POST", "/v1/workers", {"hostname": "h", "cores": 1, "slots": 1})
        report = f"/v1/workers/{worker['id']}/report"
        for body in ({}, {"events": [{}]}, {"events": [{"attempt": "x", "event": "dance"}]}):
            self.assertEqual(self.server.request("POST", report, body)[0], 400)
        status, answer = self.server.request("POST", report, {"events": [{"attempt": "x#1", "event": "failed"}]})
        self.assertEqual((status, answer["code"]), (409, "lease_lost"))

    def test_a_function_called_by_hand_gives_its_result(self):
        self.worker()
        output = self.server.run("call", "degrees", "--input", '{"dependencies": [["a", "b"], ["c", "b"]], "top": 1}', "--wait")
        self.assertEqual(json.loads(output), {"needed": [["b", 2]], "needing": [["a", 1]]})
        self.assertIn("line 1", self.server.run("call", "degrees", "--input", "{", code=2))


class Pipelines(Case):
    def check(self, dot, *words):
        file = self.folder / "p.dot"
        file.write_text(dot)
        output = self.server.run("pipeline", "validate", file, code=1)
        for word in words:
            self.assertIn(word, output)

    def test_every_problem_of_a_file_is_named(self):
        self.check("digraph p {\n a -> ", "syntax error in line 2")
        self.check("", "there is no graph in the text")
        self.check("digraph p {\n  a [function=\"none@1\"]\n}", "step a: there is no function `none`")
        self.check("digraph p { node [function=\"f@1\"]; a -> b -> a }", "the steps a -> b -> a form a cycle")
        self.check("digraph p { a [function=f]; b }", "step a: there is no function `f`", "step b: has no function")
        self.assertEqual(self.server.query("MATCH (p:Pipeline) RETURN count(p)"), [[0]])

    def test_hostile_files_are_survived(self):
        deep = "digraph p {" + "subgraph cluster_x {" * 3000 + "a" + "}" * 3001
        for dot in ("digraph p { a [label=\"" + "x" * 1_000_000 + "\"] }", deep, "digraph p { a [label=<<b>open>] }", "\x00\x01\x02"):
            status, _ = self.server.request("POST", "/v1/pipelines", dot.encode())
            self.assertIn(status, (400, 422, 500))
        self.assertEqual(self.server.query("RETURN 1"), [[1]])

    def test_names_in_pictures_are_escaped(self):
        self.server.query("CREATE (u:User {id: 'x', name: '<script>alert(1)</script>'})-[:MEMBER]->(:Group {id: 'g', name: 'a\"b\\\\c'})")
        svg = self.server.run("render", "network")
        self.assertNotIn("<script>", svg)
        self.assertIn("&lt;script&gt;", svg)

    def test_views_and_files_are_drawn_in_all_formats(self):
        for kind, start in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph")):
            output = self.folder / ("picture." + kind)
            self.server.run("render", "machines", "-o", output)
            self.assertTrue(output.read_bytes().startswith(start))
        self.server.run("render", EXAMPLES / "pipelines" / "package-report.dot", "-o", self.folder / "file.svg")
        self.assertIn("there is no view `nothing`", self.server.run("render", "nothing", code=2))
        self.assertIn("there is no parameter `x`", self.server.run("render", "machines", "--param", "x=1", code=2))


class CommandLine(Case):
    def test_exit_codes_are_those_of_the_contract(self):
        self.assertIn("USAGE", run("--help"))
        run("nonsense", code=2)
        start = time.monotonic()
        run("machine", "list", "--url", "http://127.0.0.1:9", code=3)
        self.assertLess(time.monotonic() - start, 5, "nobody listens there: that is to be told at once")
        run("machine", "list", "--url", self.server.url, "--token", "wrong", code=4)
        self.server.run("machine", "list")
        self.server.run("shell", "-c", "RETURN 1 AS x, 'a,b' AS y", "--format", "csv")
        self.assertEqual(self.server.run("shell", "--format", "csv", "-c", "RETURN 1 AS x, 'a,b' AS y"), 'x,y\n1,"a,b"\n')

    def test_the_shell_reads_queries_from_a_pipe(self):
        output = self.server.run("shell", "--format", "csv", stdin="CREATE (:A {x: 1});\nMATCH (a:A)\nRETURN a.x AS x;\n")
        self.assertIn("x\n1\n", output)
        self.server.run("shell", stdin="RETURN 1;\nNONSENSE;\nRETURN 2;\n", code=2)

    def test_explain_shows_the_plan(self):
        self.server.run("import", EXAMPLES / "network")
        output = self.server.run("shell", "-c", "EXPLAIN MATCH (u:User {id: 'anne'})-[:MEMBER]->(g) RETURN g.id")
        self.assertIn("NodeIndexSeek", output)
        self.assertIn("ExpandAll", output)
        self.assertIn("actually", self.server.run("shell", "-c", "PROFILE MATCH (u:User) RETURN count(u)"))

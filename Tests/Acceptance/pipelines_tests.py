"""Pipelines as their files say them: validation, conditions, fan-out, approvals, repetition, traces, and a server that is killed."""
import json

from pipeline_case import PipelineCase
from plexus import run


class Pipelines(PipelineCase):
    def test_validation_names_everything_at_once_and_mends_what_is_safe(self):
        path = self.file('digraph p {\n  a [function="g@1", tiemout="5 min"]\n  b [function="f@^1", timeout="5 min"]\n  b -> c -> b\n  c [function=f, when="params.x >"]\n}\n')
        alone = run("pipeline", "validate", path, code=1, environment={})
        for words in ("p.dot:2:22: error: step a: there is no attribute `tiemout` [unknown_attribute]", "did you mean `timeout`?",
                      "p.dot:3:23: error", "[bad_duration]", "[bad_condition]", "b -> c -> b", "[cycle]"):
            self.assertIn(words, alone)
        self.assertNotIn("unknown_function", alone)
        known = self.server.run("pipeline", "validate", path, "--format", "json", code=1)
        problems = json.loads(known)["problems"]
        self.assertIn(("unknown_function", 2, 6), [(p["code"], p["line"], p["column"]) for p in problems])
        self.server.run("pipeline", "validate", path, "--fix", code=1)
        self.assertIn('timeout="5m"', path.read_text())
        self.assertNotIn("tiemout", path.read_text())
        path.write_text("digraph p { a [function=f] ")
        self.assertIn("[syntax]", run("pipeline", "validate", path, code=1))

    def test_a_file_of_somewhere_else_runs_with_a_mapping(self):
        path = self.file('digraph "Some Flow" { "raw data" -> "step two" }', "plain.dot")
        self.assertIn("structure_only", run("pipeline", "validate", path))
        mapping = self.file("default: f@1.0.0\n", "mapping.yaml")
        self.server.run("pipeline", "validate", path, "--mapping", mapping)
        run_id = self.server.run("pipeline", "run", path, "--mapping", mapping).split()[1]
        self.assertEqual(self.work(), ["raw data", "step two"])
        self.assertEqual(self.states(run_id)["run"], "succeeded")

    def test_a_killed_server_goes_on_where_it_was(self):
        run_id = self.begin("""digraph p { "param.n"="list = [1,2,3]"; node [function=f]
            a -> b; b [each=n]; b -> c [when="size(outputs) == 3"]; b -> d [when="size(outputs) != 3"]; c -> ask -> e
            ask [approval="group:ops", function=""]; on_failure=tell; tell }""")
        self.assertEqual(self.work(limit=2), ["a", "b[0]"])
        self.server.kill()
        self.server = self.start(data=self.folder / "data")
        self.assertEqual(self.work(), ["b[1]", "b[2]", "c"])
        self.server.kill()
        self.server = self.start(data=self.folder / "data")
        self.assertEqual(self.states(run_id)["ask"], "held")
        self.assertIn("must approve", self.server.run("job", "explain", run_id + ".ask"))
        self.server.run("run", "approve", run_id, "ask", "--comment", "fine")
        self.server.kill()
        self.server = self.start(data=self.folder / "data")
        self.assertEqual(self.work(), ["e"])
        states = self.states(run_id)
        self.assertEqual((states["run"], states["d"], states["tell"]), ("succeeded", "skipped", "skipped"))

    def test_only_those_named_may_approve(self):
        self.server.query("CREATE (:User {id: 'olga'})-[:MEMBER]->(:Group {id: 'ops'}), (:User {id: 'max'})")
        run_id = self.begin('digraph p { ask [approval="group:ops"]; b [function=f]; ask -> b }')
        status, problem = self.server.request("POST", f"/v1/runs/{run_id}/steps/nothing:approve", {})
        self.assertEqual((status, problem["code"]), (404, "not_found"))
        self.server.run("run", "reject", run_id, "ask", "--comment", "too early")
        self.assertEqual(self.states(run_id), {"ask": "failed", "b": "skipped", "run": "failed"})
        status, problem = self.server.request("POST", f"/v1/runs/{run_id}/steps/ask:approve", {})
        self.assertEqual((status, problem["code"]), (409, "conflict"))

    def test_the_story_of_a_customer_from_the_error_to_the_mended_run(self):
        first = self.begin("digraph p { node [function=f]; a -> b -> c }", "--reference", "order-7")
        self.work(b=None)
        trace = self.server.run("run", "trace", "order-7")
        self.assertIn("error it broke", trace)
        self.assertIn("| line 7", trace)
        self.assertIn("on h1", trace)
        self.assertLessEqual(max(map(len, trace.splitlines())), 40, trace)
        definition = self.file(json.dumps({"name": "f", "version": "1.0.1", "repository": "/r", "commit": "d", "runtime": "shell", "entry": "e.sh"}), "f.json")
        second = self.server.run("run", "retry", first, "--from", "b", "--register", definition).split()[1]
        self.assertEqual(sorted(self.work()), ["a", "b", "c"])
        jobs = {job["step"]: job["function"] for job in self.server.request("GET", "/v1/runs/" + second)[1]["jobs"]}
        self.assertEqual(jobs["b"], "f@1.0.1")
        self.assertIn("~ step b: state failed -> succeeded", self.server.run("run", "diff", first, second, code=1))
        answer = self.server.request("GET", "/v1/trace/order-7")[1]
        self.assertEqual([run["id"] for run in answer["runs"]], [first, second])
        self.assertEqual(self.server.request("GET", "/v1/trace/order-8")[0], 404)

    def test_backfill_lineage_and_diff(self):
        self.server.run("pipeline", "register", self.file('digraph p { version=1; "param.n"=int; a [function=f, with="n=${n}"] }'))
        output = self.server.run("pipeline", "backfill", "p", "--param", "n=1..3")
        self.assertIn("3 runs", output)
        self.assertEqual(self.work(), ["a"] * 3)
        run_id = output.split()[-1]
        self.assertIn("a", self.server.run("lineage", run_id))
        self.server.run("pipeline", "register", self.file('digraph p { version=2; "param.n"=int; a [function="f@^1", with="n=${n}"]; b [function=f]; a -> b }'))
        difference = self.server.run("pipeline", "diff", "p@1", "p@2", code=1)
        self.assertIn("+ step b", difference)
        self.assertIn("~ step a: function f -> f@^1", difference)
        self.server.run("pipeline", "diff", "p@1", "p@2", "--format", "svg", "-o", self.folder / "d.svg", code=1)
        self.assertIn(b"<svg", (self.folder / "d.svg").read_bytes())
        self.server.run("pipeline", "diff", "p@1", "p@1")
        conflict = self.server.run("pipeline", "register", self.file("digraph p { version=1; a [function=f] }"), code=2)
        self.assertIn("versions never change", conflict)

"""Pictures: views, runs, live pages, and files that nobody means well."""
import html
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest
import urllib.request
import xml.etree.ElementTree

from pipeline_case import PipelineCase
from plexus import run

CONFORMANCE = pathlib.Path(os.environ.get("PLEXUS_CONFORMANCE", "/work/shared/conformance"))


class Pictures(PipelineCase):
    def picture(self, path):
        status, svg = self.server.request("GET", path, raw=True)
        self.assertEqual(status, 200, svg[:300])
        xml.etree.ElementTree.fromstring(svg)
        self.assertNotIn(b"<script", svg)
        return svg.decode()

    def test_every_view_is_drawn_and_has_words(self):
        self.server.query("CREATE (:User {id: 'a<b>&\"', name: '</text><script>x</script>'})-[:MEMBER]->(:Group {id: 'g', name: 'G'})")
        self.begin("digraph p { node [function=f]; a -> b }")
        names = [view["name"] for view in self.server.request("GET", "/v1/views")[1]["views"]]
        for wanted in ("access", "groups", "zones", "who", "machines", "functions", "pipeline", "run", "lineage", "state-machine", "schema", "blast-radius"):
            self.assertIn(wanted, names)
        for name in names:
            with self.subTest(view=name):
                svg = self.picture(f"/v1/views/{name}.svg")
                self.assertIn('role="img" aria-label="', svg)
                self.assertIn("prefers-color-scheme:dark", svg)
        self.assertIn("current state", self.picture("/v1/views/state-machine.svg?machine=job&state=running"))
        self.assertEqual(self.server.request("GET", "/v1/views/state-machine.svg?machine=../x")[0], 400)

    def test_an_answer_is_a_picture_when_asked_for(self):
        self.server.query("CREATE (:User {id: 'anne'})-[:MEMBER]->(:Group {id: 'g'})")
        status, svg = self.server.request(
            "POST", "/db/plexus/query/v2", {"statement": "MATCH p = (:User)-->() RETURN p"}, headers={"Accept": "image/svg+xml"}, raw=True)
        self.assertEqual(status, 200)
        self.assertIn(b"anne", svg)

    def test_a_run_is_followed_live_and_has_a_chart(self):
        run_id = self.begin("digraph p { node [function=f]; a -> b; a -> c }")
        self.assertIn("waiting", self.picture(f"/v1/runs/{run_id}/graph.svg"))
        events = []

        def listen():
            request = urllib.request.Request(f"{self.server.url}/v1/runs/{run_id}/events", headers={"Authorization": "Bearer " + self.server.token})
            with urllib.request.urlopen(request, timeout=30) as answer:
                events.append(answer.headers["Content-Type"])
                for line in answer:
                    if line.startswith(b"data: "):
                        events.append(json.loads(line[6:]))

        thread = threading.Thread(target=listen)
        thread.start()
        time.sleep(0.3)
        self.work(c=None)
        thread.join(20)
        self.assertFalse(thread.is_alive(), "the stream is to end with the run")
        self.assertEqual(events[0], "text/event-stream")
        self.assertEqual(events[-2]["state"], "failed")
        last = {step["step"]: step["state"] for event in events[1:-1] for step in event["steps"]}
        self.assertEqual(last, {"a": "succeeded", "b": "succeeded", "c": "failed"})
        self.assertIn("\u2717 failed", self.picture(f"/v1/runs/{run_id}/graph.svg"))
        self.assertIn("critical", self.picture(f"/v1/runs/{run_id}/gantt.svg"))
        status, page = self.server.request("GET", "/runs/" + run_id, token=None, raw=True)
        self.assertEqual(status, 200)
        self.assertNotIn(run_id.encode(), page, "the page holds nothing of the graph")

    @unittest.skipUnless(shutil.which("chromium"), "needs Chromium")
    def test_the_page_of_a_run_works_in_a_browser(self):
        run_id = self.begin("digraph p { node [function=f]; a -> b; a -> c }")
        self.work(c=None)
        reason = next(job["error"] for job in self.server.request("GET", "/v1/runs/" + run_id)[1]["jobs"] if job["step"] == "c")

        def page(fragment):
            return subprocess.run(
                ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={self.folder}/chromium", "--window-size=390,844",
                 "--virtual-time-budget=5000", "--dump-dom", f"{self.server.url}/runs/{run_id}{fragment}"],
                capture_output=True, text=True, timeout=60).stdout

        shown = page("#token=" + self.server.token)
        self.assertRegex(shown, r'<h1 id="title">p@\S+: failed</h1>')
        self.assertIn("<small>" + html.escape(reason, quote=False) + "</small>", shown)
        # The picture is in the page, its steps are in the colours of their states, and the token is in the address no more.
        self.assertEqual(len(re.findall(r'class="node step succeeded"', shown)), 2)
        self.assertEqual(len(re.findall(r'class="node step failed"', shown)), 1)
        self.assertNotIn(self.server.token, shown)
        # Whoever has none is asked for one.
        self.assertIn("A token is needed.", page(""))

    def helpers(self):
        """Processes of the server that wait for a graph."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = int(folder.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
                arguments = folder.joinpath("cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if parent == self.server.process.pid and arguments[1:3] == [b"graphviz-helper", b"wait"]:
                found.append(int(folder.name))
        return found

    def wait_for_helper(self, wanted):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if (helpers := self.helpers()) and wanted(helpers):
                return helpers
            time.sleep(0.05)
        self.fail(f"helpers: {self.helpers()}")

    def test_the_process_of_the_next_picture_is_ready_and_may_die(self):
        first = self.wait_for_helper(lambda helpers: len(helpers) == 1)
        self.picture("/v1/views/schema.svg")
        # Each picture has a process of its own.
        second = self.wait_for_helper(lambda helpers: helpers != first)
        os.kill(second[0], signal.SIGKILL)
        self.picture("/v1/views/groups.svg")
        status, answer = self.server.request("POST", "/v1/pipelines", b"digraph { a -> ", headers={"Content-Type": "text/vnd.graphviz"})
        self.assertEqual(status, 400, answer)
        third = self.wait_for_helper(lambda helpers: helpers != second)
        os.kill(third[0], signal.SIGSTOP)
        threads = [threading.Thread(target=self.picture, args=(f"/v1/views/{name}.svg",)) for name in ("zones", "machines", "functions")]
        for thread in threads:
            thread.start()
        time.sleep(1)
        os.kill(third[0], signal.SIGCONT)
        for thread in threads:
            thread.join()
        last = self.wait_for_helper(lambda helpers: len(helpers) == 1)
        self.server.kill()
        end = time.monotonic() + 20
        while pathlib.Path(f"/proc/{last[0]}").exists() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertFalse(pathlib.Path(f"/proc/{last[0]}").exists(), "it outlives its server")

    def test_hostile_files_cost_time_and_never_the_server(self):
        secret = self.folder / "secret.png"
        secret.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
        hostile = {
            "files": f'digraph {{ a [image="{secret}", shapefile="{secret}", label=<<TABLE><TR><TD><IMG SRC="{secret}"/></TD></TR></TABLE>>]; imagepath="/"; fontpath="/etc"; stylesheet="file:///etc/passwd" }}',
            "links": 'digraph { a [URL="javascript:alert(1)", tooltip="</title><script>x</script>"] }',
            "edges": "digraph { " + " ".join(f"n{i % 700} -> n{(i * 7919) % 1000}" for i in range(200_000)) + " }",
            "deep": "digraph { " + "subgraph cluster_x { " * 5000 + "a" + " }" * 5000 + " }",
            "label": 'digraph { a [label="' + "x" * (7 << 20) + '"] }',
            "postscript": 'digraph { a [shape=epsf, shapefile="/etc/passwd"]; b [shape="(/etc/passwd) run"] }',
        }
        for name, text in hostile.items():
            with self.subTest(file=name):
                path = self.file(text, name + ".dot")
                output = self.folder / (name + ".svg")
                message = run("render", path, "-o", output, code=None)
                if output.exists():
                    svg = output.read_text()
                    self.assertNotIn("secret.png", svg)
                    self.assertNotIn("javascript:", svg)
                    self.assertNotIn("<script", svg)
                    self.assertNotIn("root:", svg)
                else:
                    self.assertNotEqual(message.strip(), "")
                status, answer = self.server.request("POST", "/v1/pipelines/validate", text.encode(), headers={"Content-Type": "text/vnd.graphviz"})
                self.assertIn(status, (200, 400, 413, 422, 500), answer)
                self.assertEqual(self.server.request("GET", "/healthz")[0], 200)
        status, problem = self.server.request("POST", "/v1/pipelines/validate", b"x" * (9 << 20), headers={"Content-Type": "text/vnd.graphviz"})
        self.assertEqual((status, problem["code"]), (413, "body_too_large"))

    def test_files_of_elsewhere_and_their_mutations_are_read_or_refused(self):
        files = sorted((CONFORMANCE / "dot").rglob("*.dot"))[:60] if CONFORMANCE.exists() else []
        if not files:
            self.skipTest("the conformance files are not here")
        import random
        numbers = random.Random(9)
        for file in files:
            data = bytearray(file.read_bytes())
            for _ in range(3):
                data[numbers.randrange(len(data))] = numbers.choice(b'{}[]"<>;=-\\\n')
            status, answer = self.server.request("POST", "/v1/pipelines/validate", bytes(data), headers={"Content-Type": "text/vnd.graphviz"})
            self.assertEqual(status, 200, (file, answer))
            self.assertIn("valid", answer)
        self.assertEqual(self.server.request("GET", "/healthz")[0], 200)


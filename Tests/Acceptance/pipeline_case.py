"""What tests of pipelines share: a function, and a worker that the test plays itself."""
import hashlib
import json

from plexus import Case


class PipelineCase(Case):
    def setUp(self):
        super().setUp()
        self.define("f", "1.0.0")
        self.name = self.server.request("POST", "/v1/workers", {"hostname": "h1", "cores": 2, "slots": 4})[1]["id"]

    def define(self, name, version, **more):
        definition = {"name": name, "version": version, "repository": "/r", "commit": "c", "runtime": "shell", "entry": "e.sh", **more}
        status, answer = self.server.request("POST", "/v1/functions", definition)
        self.assertIn(status, (200, 201), answer)

    def file(self, text, name="p.dot"):
        path = self.folder / name
        path.write_text(text)
        return path

    def work(self, limit=1000, **results):
        """Plays a worker until nothing is queued; a step's result is {} unless given, None is a failure."""
        done = []
        while len(done) < limit:
            _, answer = self.server.request("POST", f"/v1/workers/{self.name}/lease", {"max": 1})
            if not answer["jobs"]:
                break
            job = answer["jobs"][0]
            step = job["job"].split(".", 1)[1]
            done.append(step)
            self.report({"event": "started", "attempt": job["attempt"], "function": "f@1.0.0"})
            result = results.get(step.replace("/", "_"), {})
            if result is None:
                self.report({"event": "failed", "attempt": job["attempt"], "error": "it broke", "error_class": "exit", "exit": 1, "log": "line 7"})
                continue
            data = json.dumps(result).encode()
            digest = hashlib.sha256(data).hexdigest()
            self.server.request("PUT", "/v1/blobs/" + digest, data, headers={"Content-Type": "application/octet-stream"})
            self.report({"event": "succeeded", "attempt": job["attempt"], "result": {"sha256": digest, "size": len(data)}})
        return done

    def report(self, event):
        status, answer = self.server.request("POST", f"/v1/workers/{self.name}/report", {"events": [event]})
        self.assertEqual(status, 200, answer)

    def begin(self, text, *options):
        return self.server.run("pipeline", "run", self.file(text), *options).split()[1]

    def states(self, run_id):
        answer = self.server.request("GET", "/v1/runs/" + run_id)[1]
        return {job["step"]: job["state"] for job in answer["jobs"]} | {"run": answer["state"]}

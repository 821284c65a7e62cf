"""Tests with functions that are written for them."""
import json
import subprocess
import time

from plexus import Case


class FunctionCase(Case):
    """Functions are Python or shell texts, registered from a repository made for the test."""

    def register(self, **functions):
        repository = self.folder / "repository"
        repository.mkdir(exist_ok=True)
        if not (repository / ".git").exists():
            subprocess.run(["git", "init", "-q", str(repository)], check=True)
        for name, (source, _) in functions.items():
            (repository / f"{name}.py").write_text(source)
        git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(git + ["add", "-A"], check=True)
        subprocess.run(git + ["commit", "-qm", "functions"], check=True)
        commit = subprocess.run(git + ["rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        for name, (_, more) in functions.items():
            definition = self.folder / f"{name}.json"
            definition.write_text(json.dumps({
                "name": name, "version": "1.0.0", "repository": str(repository), "commit": commit, "runtime": "python",
                "entry": f"{name}.py:main", "timeout": "30s", **more}))
            self.server.run("function", "register", definition)

    def failed(self, name, timeout=30):
        job = self.job(name, timeout=timeout)
        self.assertEqual(job["state"], "failed", job)
        return job

    def until(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                self.fail("it did not come about in time")
            time.sleep(0.05)

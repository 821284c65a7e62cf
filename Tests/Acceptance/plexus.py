"""Drives the built program from outside: a real server, worker, sockets, processes and git."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLEXUS = pathlib.Path(os.environ.get("PLEXUS_BINARY", ROOT / ".build" / "debug" / "plexus"))
EXAMPLES = ROOT / "examples"


class Server:
    """`plexus serve` on a data folder, on a free port."""

    def __init__(self, data, *options, host="127.0.0.1", port=0, binary=PLEXUS, environment=None):
        self.data = str(data)
        self.log = open(self.data + ".log", "ab")
        self.process = subprocess.Popen(
            [str(binary), "serve", "--data", self.data, "--http", f"{host}:{port}", "--bolt", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ, **(environment or {})})
        self.token = self.url = self.bolt = None
        for line in self.process.stdout:
            if match := re.match(r"administrator token \(shown only now\): (\S+)", line):
                self.token = match.group(1)
            if match := re.match(r"bolt listening on (\S+)", line):
                self.bolt = match.group(1)
            if match := re.match(r"listening on (\S+)", line):
                self.url = match.group(1)
                break
        if self.url is None:
            self.process.wait()
            raise AssertionError("the server did not start: " + open(self.data + ".log").read()[-2000:])
        if host != "127.0.0.1" and "--tls-key" in options:
            return
        for _ in range(200):
            if self.request("GET", "/readyz", token=None)[0] == 200:
                return
            time.sleep(0.02)
        raise AssertionError("the server is not ready")

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def request(self, method, path, body=None, token="own", headers=None, raw=False):
        """-> (status, JSON or bytes)"""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
        token = self.token if token == "own" else token
        if token:
            request.add_header("Authorization", "Bearer " + token)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        return status, content if raw else (json.loads(content) if content else None)

    def query(self, statement, **parameters):
        status, answer = self.request("POST", "/db/plexus/query/v2", {"statement": statement, "parameters": parameters})
        if status >= 300:
            raise AssertionError(answer)
        return answer["data"]["values"]

    def run(self, *arguments, code=0, stdin=None):
        """Runs a command against this server; its output and messages together."""
        return run(*arguments, code=code, stdin=stdin, environment={"PLEXUS_URL": self.url, "PLEXUS_TOKEN": self.token or ""})

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.close()
        return self.process.returncode

    def close(self):
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.log.close()


def run(*arguments, code=0, stdin=None, environment=None, binary=PLEXUS):
    result = subprocess.run(
        [str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=120, input=stdin,
        env={**os.environ, **(environment or {})})
    output = result.stdout + result.stderr
    if code is not None and result.returncode != code:
        raise AssertionError(f"plexus {' '.join(map(str, arguments))}: exit code {result.returncode}, not {code}\n{output}")
    return output


class Case(unittest.TestCase):
    """A test with a folder of its own and a server on it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="plexus-acceptance-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.server = self.start(*self.server_options())

    def server_options(self):
        return []

    def path(self, name):
        """A file in the test's folder."""
        return str(self.folder / name)

    def start(self, *options, data=None, **more):
        server = Server(data or self.folder / "data", *options, **more)
        if getattr(self, "server", None) and not server.token:
            server.token = self.server.token
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def worker(self, *options):
        log = open(self.folder / "worker.log", "ab")
        process = subprocess.Popen(
            [str(PLEXUS), "worker", "--slots", "2", "--work", str(self.folder / "work"), *options], stdout=log, stderr=log,
            env={**os.environ, "PLEXUS_URL": self.server.url, "PLEXUS_TOKEN": self.server.token})

        def end():
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=20)
            log.close()

        self.addCleanup(end)
        return process

    def functions(self, *, commit="v1"):
        """Makes a git repository of the example functions and registers them."""
        repository = self.folder / "repository"
        if not repository.exists():
            repository.mkdir()
            for file in (EXAMPLES / "functions").iterdir():
                shutil.copy(file, repository)
            git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.org"]
            for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "functions"], ["tag", "v1"]):
                subprocess.run(git + arguments, check=True, capture_output=True)
        definitions = self.folder / "definitions"
        subprocess.run(["sh", str(EXAMPLES / "functions" / "register.sh"), str(repository), commit, str(definitions)], check=True)
        self.server.run("function", "register", *sorted(definitions.glob("*.json")))

    def job(self, function, given=None, timeout=30):
        """Calls a function and waits until its job ends -> the job."""
        status, job = self.server.request("POST", "/v1/jobs", {"function": function, "input": given or {}})
        self.assertEqual(status, 201, job)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            _, answer = self.server.request("GET", "/v1/jobs/" + job["id"])
            if answer["state"] in ("succeeded", "failed", "skipped", "cancelled"):
                return answer
            time.sleep(0.05)
        self.fail(f"job {job['id']} is still {answer['state']}")

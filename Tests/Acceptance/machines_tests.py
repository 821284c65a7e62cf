"""How machines come in, open private repositories, tell of themselves, and what happens when the network between is cut."""
import base64
import functools
import http.server
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

import relay
from function_case import FunctionCase
from plexus import PLEXUS


SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin")


class Machines(FunctionCase):
    def joining(self, *options, token=None, work="joined"):
        """A worker that knows no token but one to join with."""
        log = open(self.folder / f"{work}.log", "ab")
        environment = {key: value for key, value in os.environ.items() if key != "PLEXUS_TOKEN"}
        words = ["--join", token] if token else []
        process = subprocess.Popen(
            [str(PLEXUS), "worker", "--slots", "1", "--work", str(self.folder / work), "--url", self.server.url, *words, *options],
            stdout=subprocess.PIPE, stderr=log, env=environment, text=True)

        def end():
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=20)
            process.stdout.close()
            log.close()

        self.addCleanup(end)
        return process

    def test_a_machine_joins_with_a_token_that_is_good_once_and_keeps_its_own(self):
        self.register(one=("import os\ndef main(given):\n    return {'token': os.environ.get('PLEXUS_TOKEN')}\n", {}))
        token = self.server.run("machine", "invite", "--expires", "10m").strip()
        worker = self.joining(token=token)
        job = self.job("one")
        self.assertEqual(job["state"], "succeeded", job)
        # What the worker may do is not what its jobs may.
        self.assertEqual(self.server.request("GET", f"/v1/jobs/{job['id']}/result")[1], {"token": None})
        file = self.folder / "joined" / "token"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        own = file.read_text()
        self.assertEqual(self.server.query(
            "MATCH (u:User)-[:OWNS]->(t:Token) WHERE u.id STARTS WITH 'machine-' RETURN u.kind, t.scopes"), [["service", ["work"]]])
        # It is good for work only, and the join token for nothing any more.
        for secret, method, path, status in [
            (own, "GET", "/v1/users", 403), (own, "POST", "/v1/machines:invite", 403), (token, "POST", "/v1/workers:join", 401),
        ]:
            request = urllib.request.Request(
                self.server.url + path, method=method, data=b'{"hostname": "x"}' if method == "POST" else None,
                headers={"Authorization": "Bearer " + secret, "Content-Type": "application/json"})
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            self.assertEqual(refused.exception.code, status, path)
        second = self.joining(token=token, work="second")
        self.assertNotEqual(second.wait(timeout=20), 0)
        # The same words again, as a service manager says them, need no new token.
        worker.terminate()
        worker.wait(timeout=20)
        worker = self.joining(token=token)
        self.assertEqual(self.job("one")["state"], "succeeded")
        # A machine that is removed is shut out.
        worker.terminate()
        worker.wait(timeout=20)
        machine = self.server.request("GET", "/v1/machines")[1]["machines"][0]["id"]
        self.server.run("machine", "remove", machine)
        self.assertNotEqual(self.joining().wait(timeout=20), 0)

    def test_a_join_token_is_good_for_as_many_machines_as_it_says_and_for_nothing_else(self):
        token = self.server.run("machine", "invite", "--uses", "2").strip()

        def ask(method, path, body=b"{}"):
            request = urllib.request.Request(
                self.server.url + path, method=method, data=body if method == "POST" else None,
                headers={"Authorization": "Bearer " + token, "Content-Type": "application/json"})
            try:
                return urllib.request.urlopen(request).status
            except urllib.error.HTTPError as error:
                return error.code

        self.assertEqual(ask("POST", "/v1/workers", b'{"hostname": "h"}'), 403)
        self.assertEqual(ask("GET", "/v1/users"), 403)
        # A machine's name is looked at before the use counts.
        self.assertEqual(ask("POST", "/v1/workers:join", b'{"hostname": "a b"}'), 400)
        self.assertEqual(
            [ask("POST", "/v1/workers:join", b'{"hostname": "h%d"}' % n) for n in range(3)], [201, 201, 401])

    def test_private_repositories_are_opened_with_what_is_kept_for_them(self):
        source = self.folder / "private"
        source.mkdir()
        (source / "f.py").write_text("def main(given):\n    return {'private': True}\n")
        git = ["git", "-C", str(source), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "f"]):
            subprocess.run(git + words, check=True)
        commit = subprocess.run(git + ["rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run(["git", "clone", "-q", "--bare", str(source), str(self.folder / "web" / "team" / "f.git")], check=True)
        subprocess.run(["git", "-C", str(self.folder / "web" / "team" / "f.git"), "update-server-info"], check=True)
        wanted = "Basic " + base64.b64encode(b"x-access-token:open-sesame").decode()

        class Handler(http.server.SimpleHTTPRequestHandler):
            delay = 0

            def do_GET(self):
                time.sleep(self.delay)
                if self.headers.get("Authorization") != wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.end_headers()
                else:
                    super().do_GET()

            def log_message(self, *words):
                pass

        host = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(self.folder / "web")))
        threading.Thread(target=host.serve_forever, daemon=True).start()
        self.addCleanup(host.server_close)
        self.addCleanup(host.shutdown)
        prefix = f"http://127.0.0.1:{host.server_port}/team/"
        status, answer = self.server.request("POST", "/v1/functions", {
            "name": "private", "version": "1", "repository": prefix + "f.git", "commit": commit, "runtime": "python", "entry": "f.py:main"})
        self.assertEqual(status, 201, answer)
        self.worker()
        job = self.job("private")
        self.assertEqual(job["state"], "failed")
        self.assertIn("cannot be fetched", job["error"])
        secret = self.folder / "secret.txt"
        secret.write_text("open-sesame\n")
        self.server.run("credential", "set", prefix, "--token-file", secret)
        self.assertNotIn("sesame", self.server.run("credential", "list"))
        Handler.delay = 0.5
        job = self.server.request("POST", "/v1/jobs", {"function": "private"})[1]["id"]
        # Meanwhile one can see what it is at.
        self.until(lambda: f"prepares it: fetching {commit} of {prefix}f.git" in self.server.run("job", "explain", job))
        self.until(lambda: self.server.request("GET", "/v1/jobs/" + job)[1]["state"] == "succeeded", 60)
        # The secret is where workers get it, and nowhere else.
        self.assertEqual(self.server.query("MATCH (n) WHERE any(k IN keys(n) WHERE toStringOrNull(n[k]) CONTAINS 'sesame') RETURN count(n)"), [[0]])
        left = subprocess.run(["grep", "-rl", "sesame", str(self.folder / "work")], capture_output=True, text=True).stdout
        self.assertEqual(left, "")
        self.server.run("credential", "remove", prefix)
        self.assertIn("no credential", self.server.run("credential", "remove", prefix, code=2))

    @unittest.skipUnless(SSHD and os.geteuid() == 0, "needs sshd and root, as whom it lets in")
    def test_private_repositories_are_opened_with_a_deploy_key(self):
        source = self.folder / "private"
        source.mkdir()
        (source / "f.py").write_text("def main(given):\n    return {'private': True}\n")
        git = ["git", "-C", str(source), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "f"], ["tag", "v1"]):
            subprocess.run(git + words, check=True)
        for name in ("host", "deploy"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)], check=True)
        os.makedirs("/run/sshd", exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        log = open(self.folder / "sshd.log", "wb")
        self.addCleanup(log.close)
        daemon = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", "/dev/null", "-h", str(self.folder / "host"), "-p", str(port), "-o", "ListenAddress=127.0.0.1",
             "-o", "UsePAM=no", "-o", "StrictModes=no", "-o", f"AuthorizedKeysFile={self.folder}/deploy.pub", "-o", "PidFile=none",
             "-o", "PasswordAuthentication=no"],
            stderr=log)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        prefix = f"ssh://root@127.0.0.1:{port}/"
        self.server.request("POST", "/v1/functions", {
            "name": "private", "version": "1", "repository": prefix.rstrip("/") + str(source), "commit": "v1", "runtime": "python",
            "entry": "f.py:main"})
        self.worker()
        job = self.job("private")
        self.assertIn("cannot be fetched", job["error"])
        self.server.run("credential", "set", prefix, "--key-file", self.folder / "deploy")
        job = self.job("private")
        self.assertEqual(job["state"], "succeeded", job)
        key = (self.folder / "host.pub").read_text().split()[1]
        self.assertIn(key, (self.folder / "work" / "known_hosts").read_text())
        left = subprocess.run(
            ["grep", "-rl", "OPENSSH PRIVATE", str(self.folder / "work")], capture_output=True, text=True).stdout
        self.assertEqual(left, "")

    def test_a_worker_takes_jobs_of_the_functions_that_it_names(self):
        source = "def main(given):\n    return {}\n"
        self.register(one=(source, {}), two=(source, {}))
        self.worker("--only", "one", "--work", str(self.folder / "first"))
        self.assertEqual(self.job("one")["state"], "succeeded")
        job = self.server.request("POST", "/v1/jobs", {"function": "two"})[1]["id"]
        self.assertIn("lacks a worker that takes this function", self.server.run("job", "explain", job))
        self.worker("--only", "two@1.0.0", "--only", "none", "--work", str(self.folder / "second"))
        self.until(lambda: self.server.request("GET", "/v1/jobs/" + job)[1]["state"] == "succeeded")

    def test_a_worker_tells_of_itself(self):
        self.register(one=("def main(given):\n    assert given.get('good', True)\n    return {}\n", {}))
        token = self.server.run("machine", "invite").strip()
        worker = self.joining("--metrics", "127.0.0.1:0", token=token)
        url = re.search(r"http://\S+", worker.stdout.readline()).group(0)
        self.job("one")
        self.job("one", {"good": False})

        def figures():
            with urllib.request.urlopen(url) as answer:
                self.assertIn("version=0.0.4", answer.headers["Content-Type"])
                return dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))

        self.until(lambda: figures().get("plexus_worker_jobs_running") == "0")
        found = figures()
        self.assertEqual(found['plexus_worker_jobs_ended_total{outcome="succeeded"}'], "1")
        self.assertEqual(found['plexus_worker_jobs_ended_total{outcome="exit"}'], "1")
        self.assertEqual(found["plexus_worker_slots"], "1")
        self.assertGreater(float(found["plexus_worker_run_seconds_total"]), 0)
        self.assertGreater(int(found["process_resident_memory_bytes"]), 1 << 20)
        with urllib.request.urlopen(url.replace("/metrics", "/healthz")) as answer:
            self.assertEqual(answer.read(), b"ok\n")


def can_cut_networks():
    """Whether this user may make network namespaces, and the tool is there."""
    name = f"plexus-try-{os.getpid()}"
    try:
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
        return made
    except OSError:
        return False


@unittest.skipUnless(can_cut_networks(), "needs `ip netns`, which only root may use")
class Partition(FunctionCase):
    """A worker in a network of its own, joined to the server's by a cable that is pulled."""

    def test_a_job_whose_worker_is_cut_off_runs_elsewhere_and_is_believed_once(self):
        near, far = f"plexus-{os.getpid()}-near", f"plexus-{os.getpid()}-far"
        number = os.getpid() % 200 + 20
        here, there = f"10.199.{number}.1", f"10.199.{number}.2"

        def ip(*words):
            subprocess.run(["ip", *words], check=True, capture_output=True)

        for name in (near, far):
            ip("netns", "add", name)
            self.addCleanup(subprocess.run, ["ip", "netns", "del", name], capture_output=True)
        ip("-n", near, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", far)
        for name, address in ((near, here), (far, there)):
            ip("-n", name, "addr", "add", address + "/24", "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
        # Nothing leaves the two but over this socket, to the server, which listens on loopback only.
        port = self.relay(near, here)
        word = f"{os.getpid()}-{time.monotonic_ns()}"
        self.register(slow=(
            "import os, time\ndef main(given):\n"
            f"    open({str(self.folder)!r} + '/ran-' + os.environ['PLEXUS_ATTEMPT'].split('#')[1], 'w').close()\n"
            f"    time.sleep(6)\n    return {{'attempt': os.environ['PLEXUS_ATTEMPT'], 'word': '{word}'}}\n", {}))
        log = open(self.folder / "far.log", "ab")
        self.addCleanup(log.close)
        worker = subprocess.Popen(
            ["ip", "netns", "exec", far, str(PLEXUS), "worker", "--slots", "1", "--work", str(self.folder / "far")],
            stdout=log, stderr=log,
            env={**os.environ, "PLEXUS_URL": f"http://{here}:{port}", "PLEXUS_TOKEN": self.server.token})
        self.addCleanup(worker.wait, timeout=20)
        self.addCleanup(worker.send_signal, signal.SIGTERM)
        _, job = self.server.request("POST", "/v1/jobs", {"function": "slow"})
        state = lambda: self.server.request("GET", "/v1/jobs/" + job["id"])[1]
        self.until(lambda: state()["state"] == "running", 60)
        ip("-n", near, "link", "set", "cable", "down")
        cut = time.monotonic()
        self.worker("--work", str(self.folder / "near"))
        self.until(lambda: (self.folder / "ran-2").exists(), 20)
        self.assertLess(time.monotonic() - cut, 20)
        # The first has finished meanwhile and cannot tell; when the cable is back its word comes too late.
        ip("-n", near, "link", "set", "cable", "up")
        self.until(lambda: state()["state"] == "succeeded", 30)
        self.until(lambda: "report refused" in (self.folder / "far.log").read_text(), 60)
        self.assertEqual(self.server.query(
            "MATCH (a:Attempt)-[:TRIES]->(:Job {id: $job}) RETURN a.number, a.state ORDER BY a.number", job=job["id"]),
            [[1, "lost"], [2, "succeeded"]])
        self.assertEqual(self.server.request("GET", f"/v1/jobs/{job['id']}/result")[1], {"attempt": job["id"] + "#2", "word": word})
        # The worker that was cut off goes on.
        self.assertIsNone(worker.poll())

    def relay(self, namespace, host):
        """Passes on what comes to a host of a namespace to the server; gives the port there."""
        path = str(self.folder / "relay")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        self.addCleanup(listener.close)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        threading.Thread(
            target=relay.serve, args=(listener, lambda: socket.create_connection(("127.0.0.1", self.server.port))),
            daemon=True).start()
        process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, relay.__file__, host, path], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return int(process.stdout.readline())


if __name__ == "__main__":
    unittest.main()

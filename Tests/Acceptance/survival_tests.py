"""What jobs, workers and servers must survive: functions that hang, fork, hide, fill memory and disk; kill -9 of either side."""
import hashlib
import os
import pathlib
import signal
import subprocess
import threading
import time
import unittest

from function_case import FunctionCase
from plexus import run


def processes(word):
    """Numbers of the processes whose command line has a word."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (folder / "cmdline").read_bytes() and int(folder.name) != os.getpid():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


class Survival(FunctionCase):
    def test_what_hangs_with_all_signals_blocked_is_ended_and_its_slot_is_free(self):
        self.register(
            stuck=("import ctypes, signal\ndef main(given):\n"
                   "    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
                   "    ctypes.CDLL(None).pause()\n    while True: ctypes.CDLL(None).sleep(1000)\n", {"timeout": "2s"}),
            quick=("def main(given):\n    return {'x': 1}\n", {}))
        self.worker("--slots", "1")
        self.job("quick")
        start = time.monotonic()
        job = self.failed("stuck")
        self.assertIn("timeout of 2 s", job["error"])
        self.assertEqual(self.job("quick")["state"], "succeeded")
        # Its timeout, two seconds, and what a job and the test's looking take.
        self.assertLess(time.monotonic() - start, 2 + 2 + 1)

    def test_nothing_that_a_job_started_is_left_wherever_it_hid(self):
        word = f"hider-{os.getpid()}-{time.monotonic_ns()}"
        self.register(hider=(
            "import os, subprocess, sys, time\n"
            "def main(given):\n"
            f"    sleeper = [sys.executable, '-c', 'import time; time.sleep(600)', '{word}']\n"
            "    subprocess.Popen(sleeper)\n"
            "    subprocess.Popen(sleeper, start_new_session=True)\n"
            "    subprocess.Popen(sleeper, start_new_session=True, env={})\n"
            "    for clean in (None, {}):\n"  # its parent ends at once: the grandchild has nobody
            "        subprocess.run([sys.executable, '-c', 'import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)', *sleeper], env=clean)\n"
            "    time.sleep(float(given.get('seconds', 0.3)))\n"
            "    return {'done': True}\n", {"timeout": "3s"}))
        self.worker()
        self.assertEqual(self.job("hider")["state"], "succeeded")
        self.assertEqual(processes(word), [])
        self.assertEqual(self.job("hider", {"seconds": 60})["state"], "failed")
        self.assertEqual(processes(word), [])

    def test_a_job_that_is_being_started_is_not_ended_with_one_that_ends(self):
        self.functions()
        repository = self.folder / "repository"
        self.server.request("POST", "/v1/functions", {
            "name": "brief", "version": "1", "repository": str(repository), "commit": "v1", "runtime": "shell",
            "entry": "machine.sh", "retries": 0})
        self.worker("--slots", "4")
        status, batch = self.server.request("POST", "/v1/jobs:batch", {"jobs": [{"function": "brief"}] * 300})
        self.assertEqual(status, 201, batch)
        self.until(lambda: self.server.query(
            "MATCH (j:Job) WHERE j.state IN ['queued', 'leased', 'running'] RETURN count(j)") == [[0]], 120)
        self.assertEqual(self.server.query("MATCH (j:Job) RETURN j.state, j.error, count(*)"), [["succeeded", None, 300]])

    def test_brief_jobs_do_not_wait_behind_long_ones_of_the_same_function(self):
        self.register(mixed=(
            "import time\ndef main(given):\n    time.sleep(given.get('seconds', 0))\n    return {}\n", {"retries": 0}))
        one = self.worker("--slots", "2", "--work", str(self.folder / "one"))
        submit = lambda seconds: self.server.request("POST", "/v1/jobs:batch", {"jobs": [
            {"function": "mixed", "input": {"seconds": each}} for each in seconds]})[1]["jobs"]
        ended = lambda jobs: self.server.query(
            "MATCH (j:Job) WHERE j.id IN $jobs AND j.state = 'succeeded' RETURN count(j)",
            jobs=[job["id"] for job in jobs]) == [[len(jobs)]]
        first = submit([0] * 40)
        self.until(lambda: ended(first))
        # The worker has learnt that the function is brief, and takes some to wait; then two calls fill its slots.
        jobs = submit([20, 20] + [0] * 20)
        self.until(lambda: self.server.query("MATCH (j:Job {state: 'running'}) RETURN count(j)") == [[2]])
        self.worker("--slots", "2", "--work", str(self.folder / "two"))
        self.until(lambda: ended(jobs[2:]), 10)
        self.assertEqual(self.server.query("MATCH (j:Job {state: 'running'}) RETURN count(j)"), [[2]])
        self.assertEqual(self.server.query("MATCH (a:Attempt) WHERE a.state = 'lost' RETURN count(a)"), [[0]])
        given_back = self.server.query(
            "CALL db.journal('job') YIELD fields WHERE fields.reason = 'its worker had no room for it after all' RETURN count(*)")
        self.assertGreater(given_back[0][0], 0)
        one.terminate()

    def test_a_worker_that_is_told_to_stop_hands_its_jobs_on_at_once(self):
        self.register(slow=("import time\ndef main(given):\n    time.sleep(given['seconds'])\n    return {}\n", {}))
        worker = self.worker("--slots", "1", "--work", str(self.folder / "one"))
        job = self.server.request("POST", "/v1/jobs", {"function": "slow", "input": {"seconds": 3}})[1]["id"]
        state = lambda: self.server.request("GET", "/v1/jobs/" + job)[1]
        self.until(lambda: state()["state"] == "running")
        worker.terminate()
        self.worker("--slots", "1", "--work", str(self.folder / "two"))
        # A lease that runs out would take fifteen seconds.
        self.until(lambda: state()["attempts"] == 2, 5)
        self.until(lambda: state()["state"] == "succeeded")
        self.assertEqual(worker.wait(timeout=10), 0)
        self.assertIn("its worker was stopped", state()["attempts_made"][0]["error"])

    def test_a_worker_that_cannot_reach_its_server_stops_when_it_is_told_to(self):
        done = self.folder / "done"
        self.register(slow=(
            f"import time\ndef main(given):\n    time.sleep(2)\n    open({str(done)!r}, 'w').close()\n    return {{}}\n", {}))
        worker = self.worker("--slots", "2")
        jobs = [self.server.request("POST", "/v1/jobs", {"function": "slow"})[1]["id"] for _ in range(2)]
        self.until(lambda: self.server.query("MATCH (j:Job {state: 'running'}) RETURN count(j)") == [[len(jobs)]])
        self.server.kill()
        self.until(done.exists)
        time.sleep(1)  # its report has failed and is tried again
        worker.terminate()
        self.assertEqual(worker.wait(timeout=8), 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root may mount a small disk")
    def test_results_wait_while_the_disk_of_the_server_is_full(self):
        blobs = pathlib.Path(self.server.data) / "blobs"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "plexus-test", str(blobs)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(blobs)], capture_output=True)
        (blobs / "incoming").mkdir()
        self.register(gives=("def main(given):\n    return {'s': 'x' * given['count']}\n", {"retries": 0}))
        self.worker()
        log = self.folder / "worker.log"
        # One goes with its report, the other before it.
        counts = (100_000, 400_000)
        jobs = [self.server.request("POST", "/v1/jobs", {"function": "gives", "input": {"count": count}})[1]["id"] for count in counts]
        self.until(lambda: log.read_text().count("the disk of the server is full") >= 2)
        status, problem = self.server.request("PUT", "/v1/blobs/" + hashlib.sha256(b"y" * 100_000).hexdigest(), b"y" * 100_000)
        self.assertEqual((status, problem["code"]), (507, "no_space"))
        subprocess.run(["mount", "-o", "remount,size=64m", str(blobs)], check=True)
        for job, count in zip(jobs, counts):
            status, result = self.server.request("GET", f"/v1/jobs/{job}/result?wait=30s")
            self.assertEqual((status, result), (200, {"s": "x" * count}))
        self.assertEqual(self.server.query("MATCH (a:Attempt) RETURN count(a)"), [[2]])

    def test_what_forks_without_end_is_ended(self):
        word = f"forker-{os.getpid()}-{time.monotonic_ns()}"
        self.register(forker=(
            "import os, time\n"
            "def main(given):\n"
            f"    open('/proc/self/comm', 'w').write('forker')\n"
            "    while True:\n"
            "        if os.fork() == 0:\n"
            "            os.setsid()\n"
            "            time.sleep(600)\n"
            "        time.sleep(0.002)\n", {"limits": {"processes": 50}, "env": word}))
        self.worker()
        job = self.failed("forker")
        self.assertIn("processes, more than its limit of 50", job["error"])
        left = subprocess.run(["pgrep", "-x", "-r", "R,S,D,T", "forker"], capture_output=True, text=True).stdout
        self.assertEqual(left, "")

    def test_what_fills_memory_or_disk_is_ended_with_its_reason(self):
        self.register(
            one=("def main(given):\n    data = []\n    while True: data.append(bytearray(1 << 20))\n", {"limits": {"memory": "200MiB"}}),
            many=("import os, time\n"
                  "def main(given):\n"
                  "    for _ in range(4):\n"
                  "        if os.fork() == 0:\n"
                  "            data = os.urandom(80 << 20)\n"
                  "            time.sleep(600)\n"
                  "    time.sleep(600)\n", {"limits": {"memory": "200MiB"}}),
            file=("import os\ndef main(given):\n"
                  "    with open(os.environ['TMPDIR'] + '/big', 'wb') as file:\n"
                  "        while True: file.write(bytes(1 << 20))\n", {"limits": {"disk": "20MiB"}}),
            files=("import os, time\ndef main(given):\n"
                   "    for number in range(40):\n"
                   "        open(os.environ['TMPDIR'] + f'/{number}', 'wb').write(os.urandom(1 << 20))\n"
                   "    time.sleep(600)\n", {"limits": {"disk": "20MiB"}}))
        self.worker()
        for name, word in [("one", "MemoryError"), ("many", "bytes of memory"), ("file", "File too large"), ("files", "bytes of files")]:
            with self.subTest(name):
                self.assertIn(word, self.failed(name)["error"])
        work = self.folder / "work" / "jobs"
        self.assertEqual([str(path) for path in work.rglob("*")], [])

    def test_what_prints_a_gigabyte_or_gives_no_result(self):
        self.register(
            talker=("import sys\ndef main(given):\n"
                    "    line = 'x' * 1023 + '\\n'\n"
                    "    for _ in range(1 << 10): sys.stdout.write(line * 1024)\n"
                    "    return {'said': 'much'}\n", {}),
            silent=("import os\ndef main(given):\n    os._exit(0)\n", {}),
            wrong=("def main(given):\n    return {'n': 'seven'}\n",
                   {"output_schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}))
        self.worker()
        job = self.job("talker", timeout=60)
        self.assertEqual(job["state"], "succeeded", job)
        logs = self.server.query("MATCH (a:Attempt) WHERE a.id STARTS WITH $id RETURN size(coalesce(a.log, ''))", id=job["id"])
        self.assertLessEqual(max(size for size, in logs), 20_000)
        self.assertIn("no JSON result", self.failed("silent")["error"])
        self.assertIn("/n", self.failed("wrong")["error"])

    def test_a_killed_worker_s_job_runs_elsewhere_and_one_result_is_believed(self):
        mark = self.folder / "began"
        self.register(slow=(
            "import os, time\n"
            "def main(given):\n"
            f"    with open('{mark}', 'a') as file: file.write(os.environ['PLEXUS_ATTEMPT'] + '\\n')\n"
            "    time.sleep(4)\n"
            "    return {'attempt': os.environ['PLEXUS_ATTEMPT']}\n", {}))
        first = self.worker("--slots", "1")
        _, job = self.server.request("POST", "/v1/jobs", {"function": "slow", "input": {}})
        self.until(lambda: mark.exists())
        killed = time.monotonic()
        first.kill()
        first.wait()
        other = self.worker("--slots", "1", "--work", str(self.folder / "elsewhere"))
        self.until(lambda: len(mark.read_text().splitlines()) == 2, 25)
        self.assertLess(time.monotonic() - killed, 20)
        self.until(lambda: self.server.request("GET", "/v1/jobs/" + job["id"])[1]["state"] == "succeeded")
        _, result = self.server.request("GET", f"/v1/jobs/{job['id']}/result")
        self.assertEqual(result, {"attempt": job["id"] + "#2"})
        states = self.server.query("MATCH (a:Attempt) WHERE a.id STARTS WITH $id RETURN a.state ORDER BY a.id", id=job["id"])
        self.assertEqual([state for state, in states], ["lost", "succeeded"])
        self.assertIsNone(other.poll())

    def test_what_a_killed_worker_left_running_ends_when_it_comes_back(self):
        word = f"orphan-{os.getpid()}-{time.monotonic_ns()}"
        self.register(orphan=(
            "import subprocess, sys\ndef main(given):\n"
            f"    subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', '{word}'], start_new_session=True)\n", {}))
        worker = self.worker()
        self.server.request("POST", "/v1/jobs", {"function": "orphan", "input": {}})
        self.until(lambda: processes(word))
        worker.kill()
        worker.wait()
        self.assertTrue(processes(word))
        self.worker()
        self.until(lambda: not processes(word), 10)

    def test_a_server_killed_under_load_loses_nothing_and_believes_once(self):
        self.register(count=("def main(given):\n    return {'n': given['n']}\n", {"warm": True}))
        self.worker("--slots", "2")
        accepted, stop = [], threading.Event()

        def submit():
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    status, job = self.server.request("POST", "/v1/jobs", {"function": "count", "input": {"n": number}})
                    if status == 201:
                        accepted.append((job["id"], number))
                except Exception:
                    time.sleep(0.05)
                time.sleep(0.02)

        thread = threading.Thread(target=submit)
        thread.start()
        try:
            for _ in range(2):
                time.sleep(1.5)
                port = self.server.port
                self.server.kill()
                self.server = self.start(port=port)
            time.sleep(0.5)
        finally:
            stop.set()
            thread.join()
        self.assertGreater(len(accepted), 20)

        def ended():
            rows = self.server.query("MATCH (j:Job) WHERE j.id IN $ids AND j.state = 'succeeded' RETURN count(j)", ids=[id for id, _ in accepted])
            return rows[0][0] == len(accepted)

        try:
            self.until(ended, 60)
        except AssertionError:
            states = self.server.query("MATCH (j:Job) WHERE j.id IN $ids RETURN j.state, count(*)", ids=[id for id, _ in accepted])
            raise AssertionError(f"of {len(accepted)} jobs: {states}\n" + (self.folder / "worker.log").read_text()[-3000:])
        for id, number in accepted:
            _, result = self.server.request("GET", f"/v1/jobs/{id}/result")
            self.assertEqual(result, {"n": number})
        believed = self.server.query("MATCH (a:Attempt {state: 'succeeded'}) WITH split(a.id, '#')[0] AS job, count(*) AS n WHERE n > 1 RETURN count(*)")
        self.assertEqual(believed, [[0]])

    def test_a_second_server_on_one_store_does_not_start(self):
        told = run("serve", "--data", self.server.data, "--http", "127.0.0.1:0", "--bolt", "127.0.0.1:0", code=None)
        self.assertIn("another process", told)
        self.assertEqual(self.server.request("GET", "/readyz")[0], 200)


if __name__ == "__main__":
    unittest.main()

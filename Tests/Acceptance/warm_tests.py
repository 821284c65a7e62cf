"""Warm processes: a Python function's second call needs no new interpreter, and calls do not see each other."""
import os
import subprocess
import time
import unittest

from function_case import FunctionCase
from survival_tests import processes


def running():
    """Processes that have not ended."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,stat="], capture_output=True, text=True).stdout
    return {int(line.split()[0]) for line in listed.splitlines() if not line.split()[1].startswith("Z")}


class Warm(FunctionCase):
    def call(self, function, given=None):
        job = self.job(function, given)
        self.assertEqual(job["state"], "succeeded", job)
        return self.server.request("GET", f"/v1/jobs/{job['id']}/result")[1]

    def test_the_second_call_is_the_same_process_and_finds_nothing_of_the_first_but_its_modules(self):
        look = ("import os, sys\ncount = 0\ndef main(given):\n"
                "    global count\n    count += 1\n"
                "    seen = {'pid': os.getpid(), 'cwd': os.getcwd(), 'left': os.environ.get('LEFT'), 'attempt': os.environ['PLEXUS_ATTEMPT'],\n"
                "            'given': sys.stdin.read(), 'count': count, 'files': os.listdir(os.environ['TMPDIR'])}\n"
                "    os.environ['LEFT'] = 'x'\n    os.chdir('/')\n    print('said', count)\n"
                "    open(os.environ['TMPDIR'] + '/left', 'w').close()\n"
                "    return seen\n")
        self.register(look=(look, {}), cold=(look, {"warm": False}))
        self.worker("--slots", "1")
        first, second = self.call("look", {"n": 1}), self.call("look", {"n": 2})
        self.assertEqual(first["pid"], second["pid"])
        self.assertEqual((first["cwd"], first["left"], first["files"]), (second["cwd"], second["left"], second["files"]))
        self.assertEqual((second["left"], second["files"], second["count"]), (None, [], 2))
        self.assertEqual((first["given"], second["given"]), ('{"n":1}', '{"n":2}'))
        self.assertNotEqual(first["attempt"], second["attempt"])
        logs = [log for log, in self.server.query("MATCH (a:Attempt) RETURN a.log ORDER BY a.started_at")]
        self.assertEqual(logs, ["said 1\n", "said 2\n"])
        self.assertNotEqual(self.call("cold")["pid"], self.call("cold")["pid"])

    def test_the_most_memory_is_told_of_each_call_for_itself(self):
        takes = ("import time\ndef main(given):\n    data = bytearray(given['bytes'])\n    for i in range(0, len(data), 4096): data[i] = 1\n"
                 "    del data\n    time.sleep(given.get('seconds', 0))\n    return {}\n")
        holds = "import time\ndef main(given):\n    data = b'x' * given['bytes']\n    time.sleep(1.5)\n    return {}\n"
        self.register(takes=(takes, {}), holds=(holds, {"warm": False}))
        self.worker("--slots", "1")
        for function, size in (("takes", 200 << 20), ("takes", 1 << 20), ("holds", 150 << 20)):
            self.call(function, {"bytes": size})
        most = [row[0] for row in self.server.query("MATCH (a:Attempt) RETURN a.memory_bytes ORDER BY a.started_at")]
        self.assertTrue(200 << 20 <= most[0] < 300 << 20, most)
        self.assertTrue(1 << 20 <= most[1] < 100 << 20, most)
        self.assertTrue(150 << 20 <= most[2] < 250 << 20, most)

    def test_a_call_that_fails_fails_alone(self):
        self.register(fails=(
            "import os, signal, sys\ndef main(given):\n"
            "    how = given.get('how')\n"
            "    if how == 'raise': raise ValueError('no good')\n"
            "    if how == 'exit': sys.exit(7)\n"
            "    if how == 'die': os._exit(9)\n"
            "    if how == 'signal': os.kill(os.getpid(), signal.SIGSEGV)\n"
            "    if how == 'list': return []\n"
            "    return {'pid': os.getpid()}\n", {}))
        self.worker("--slots", "1")
        pids = {self.call("fails")["pid"]}
        for how, told, exit in [
            ("raise", "ValueError: no good", 1), ("exit", "exit code 7", 7), ("die", "exit code 9", 9),
            ("signal", "signal 11", None), ("list", "returned a list", 1),
        ]:
            with self.subTest(how):
                job = self.job("fails", {"how": how})
                self.assertIn(told, job["error"])
                attempt = self.server.query("MATCH (a:Attempt) WHERE a.id STARTS WITH $id RETURN a.exit", id=job["id"])
                self.assertEqual(attempt, [[exit]])
                pid = self.call("fails")["pid"]
                self.assertNotIn(pid, pids)
                pids.add(pid)

    def test_a_call_that_leaves_helpers_or_hangs_takes_its_process_with_it(self):
        word = f"helper-{os.getpid()}-{time.monotonic_ns()}"
        self.register(leaves=(
            "import os, subprocess, sys, threading, time\ndef main(given):\n"
            "    how = given.get('how')\n"
            f"    if how == 'helper': subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{word}'], start_new_session=True)\n"
            "    if how == 'fork' and os.fork() == 0:\n"
            "        os.setsid()\n"
            "        if os.fork() == 0: time.sleep(600)\n"
            "        os._exit(0)\n"
            "    if how == 'thread': threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
            "    if how == 'hang': time.sleep(600)\n"
            "    return {'pid': os.getpid()}\n", {"timeout": "2s"}))
        self.worker("--slots", "1")
        last = self.call("leaves")["pid"]
        self.assertEqual(self.call("leaves")["pid"], last)
        for how in ("helper", "fork", "thread"):
            with self.subTest(how):
                last = self.call("leaves", {"how": how})["pid"]
                self.assertEqual(processes(word), [])
                self.assertNotEqual(self.call("leaves")["pid"], last)
        last = self.call("leaves")["pid"]
        self.assertIn("timeout", self.job("leaves", {"how": "hang"})["error"])
        self.assertFalse(os.path.exists(f"/proc/{last}"))
        self.assertNotEqual(self.call("leaves")["pid"], last)

    def test_a_worker_that_ends_leaves_no_interpreter(self):
        self.register(one=("import os\ndef main(given):\n    return {'pid': os.getpid()}\n", {}))
        for end in ("terminate", "kill"):
            worker = self.worker("--slots", "1", "--work", str(self.folder / end))
            pid = self.call("one")["pid"]
            self.assertTrue(os.path.exists(f"/proc/{pid}"))
            getattr(worker, end)()
            worker.wait(timeout=20)
            self.until(lambda: pid not in running())


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Jobs beside Celery with Redis, over the same kind of client, in one run; and what the server alone does for them.

usage: jobs.py PLEXUS BENCH-JOBS HARNESS [--jobs 10000] [--big 1000] [--latency 200] [--queued 1000000] [--no-peers] [--work DIR]

HARNESS is the folder of the shared harness, whose adapters for Celery and for Plexus are used. Celery comes from PyPI and
redis-server from Debian, both into DIR, when they are not installed. Durability is stated with each figure.
"""
import argparse, glob, hashlib, http.client, json, os, pathlib, re, shutil, statistics, subprocess, sys, tempfile, threading, time, urllib.parse, venv

BIG = "x" * 100_000
FUNCTIONS = "def noop(given):\n    return {}\n\n\ndef echo(given):\n    return {'s': given['s']}\n"


def figure(name, value, unit, sign, goal):
    met = value >= goal if sign == ">=" else value <= goal
    print(f"figure {name} {value:.4g} {unit} goal {sign} {goal:.4g} {'met' if met else 'short'}", flush=True)


def note(text):
    print("# " + text, flush=True)


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Plexus:
    """Our service, its own worker with two slots, and a client that keeps its connection."""
    durability = "every commit synced (synchronous=FULL), results too"

    def __init__(self, program, work):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=work))
        self.program = program
        self.server = subprocess.Popen(
            [program, "serve", "--data", self.folder / "data", "--http", "127.0.0.1:0", "--bolt", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=open(self.folder / "server.log", "w"), text=True)
        for line in self.server.stdout:
            if match := re.match(r"administrator token \(shown only now\): (\S+)", line):
                self.token = match.group(1)
            if match := re.match(r"listening on (\S+)", line):
                self.url = match.group(1)
                break
        else:
            sys.exit("plexus did not start")
        self.worker = None
        self.connect()
        while self.call("GET", "/readyz", allow=True)[0] != 200:
            time.sleep(0.02)
        repository = self.folder / "functions"
        repository.mkdir()
        (repository / "bench.py").write_text(FUNCTIONS)
        git = ["git", "-C", repository, "-c", "user.name=b", "-c", "user.email=b@example.org"]
        for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "functions"], ["tag", "v1"]):
            subprocess.run([*git, *arguments], check=True, capture_output=True)
        for name in ("noop", "echo"):
            self.call("POST", "/v1/functions", {
                "name": name, "version": "1", "repository": str(repository), "commit": "v1", "runtime": "python",
                "entry": f"bench.py:{name}"})

    def connect(self):
        url = urllib.parse.urlparse(self.url)
        self.connection = http.client.HTTPConnection(url.hostname, url.port)
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}

    def call(self, method, path, body=None, allow=False):
        self.connection.request(method, path, json.dumps(body) if body is not None else None, self.headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if allow:
            return answer.status, data
        if answer.status >= 300:
            raise RuntimeError((answer.status, data[:300]))
        return json.loads(data)

    def start_worker(self):
        environment = {**os.environ, "PLEXUS_URL": self.url, "PLEXUS_TOKEN": self.token}
        self.worker = subprocess.Popen(
            [self.program, "worker", "--slots", "2", "--work", self.folder / "work"], env=environment,
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "worker.log", "w"))
        for name in ("noop", "echo"):
            self.result(self.submit(name, "x"), 60)

    def submit(self, kind, payload=None):
        return self.call("POST", "/v1/jobs", {"function": kind, "input": {"s": payload} if payload else {}})["id"]

    def submit_many(self, kind, payload, count):
        job = {"function": kind, "input": {"s": payload} if payload else {}}
        made = []
        # A body has a limit.
        most = 10_000 if not payload else 50
        while len(made) < count:
            jobs = [job] * min(most, count - len(made))
            made += [j["id"] for j in self.call("POST", "/v1/jobs:batch", {"jobs": jobs})["jobs"]]
        return made

    def result(self, job, timeout):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            status, data = self.call("GET", f"/v1/jobs/{job}/result?wait=30s", allow=True)
            if status == 200:
                return json.loads(data)
            if status != 202:
                raise RuntimeError((status, data[:300]))
        raise TimeoutError(job)

    def results(self, jobs):
        """Waits for all of them, with what they gave."""
        found = []
        for start in range(0, len(jobs), 1000):
            while True:
                part = self.call("POST", "/v1/jobs:results", {"jobs": jobs[start:start + 1000], "wait": "60s"})["jobs"]
                wrong = [job for job in part if job["state"] in ("failed", "skipped", "cancelled")]
                if wrong:
                    raise RuntimeError(wrong[0])
                if all(job["state"] == "succeeded" for job in part):
                    break
            for job in part:
                found.append(job["result"] if "result" in job else self.result(job["id"], 60))
        return found

    def stop(self):
        for process in (self.worker, self.server):
            if process:
                process.terminate()
                process.wait()
        shutil.rmtree(self.folder, True)


def sync_milliseconds(work):
    """A write of 4 KiB and its sync on the disk of the run: the median."""
    path = work / "sync"
    times = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(200):
            start = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1e3)
    path.unlink()
    return statistics.median(times)


def commit_milliseconds(service):
    """A durable commit over HTTP, one property set: the median."""
    times = []
    for number in range(200):
        start = time.perf_counter()
        service.call("POST", "/db/plexus/query/v2", {"statement": "MERGE (b:Bench {id: 1}) SET b.n = $n", "parameters": {"n": number}})
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def by_protocol(service, count):
    """Jobs a second with a worker that does nothing but speak the protocol, many jobs a request: what the server and HTTP cost."""
    result = b"{}"
    digest = hashlib.sha256(result).hexdigest()
    other = Plexus.__new__(Plexus)
    other.url, other.token = service.url, service.token
    other.connect()
    other.connection.request("PUT", f"/v1/blobs/{digest}", result, {**other.headers, "Content-Type": "application/octet-stream"})
    other.connection.getresponse().read()
    definition = {"name": "nothing", "version": "1", "repository": "/none", "commit": "c", "runtime": "shell", "entry": "none.sh", "needs": ["protocol"]}
    service.call("POST", "/v1/functions", definition)
    worker = other.call("POST", "/v1/workers", {"hostname": "protocol", "cores": 2, "memory_bytes": 1 << 30, "slots": 1000, "labels": ["protocol=1"]})["id"]
    done = threading.Event()

    def work():
        while not done.is_set():
            jobs = other.call("POST", f"/v1/workers/{worker}/lease", {"max": 1000, "wait": "1s"})["jobs"]
            events = []
            for job in jobs:
                events.append({"attempt": job["attempt"], "event": "started", "function": "nothing@1"})
                events.append({"attempt": job["attempt"], "event": "succeeded", "result": {"sha256": digest}})
            if events:
                other.call("POST", f"/v1/workers/{worker}/report", {"events": events})

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    start = time.perf_counter()
    service.results(service.submit_many("nothing", None, count))
    seconds = time.perf_counter() - start
    done.set()
    thread.join()
    return count / seconds


def idle_cores(processes, seconds=10):
    before = [cpu(process.pid) for process in processes]
    time.sleep(seconds)
    return [(cpu(process.pid) - then) / seconds for process, then in zip(processes, before)]


def measure(service, options):
    found = {}
    service.start_worker()
    start = time.perf_counter()
    jobs = service.submit_many("noop", None, options.jobs)
    found["enqueue"] = options.jobs / (time.perf_counter() - start)
    service.results(jobs)
    found["noop"] = options.jobs / (time.perf_counter() - start)
    time.sleep(0.5)
    times = []
    for _ in range(options.latency):
        time.sleep(0.01)
        start = time.perf_counter()
        service.result(service.submit("noop"), 30)
        times.append((time.perf_counter() - start) * 1e3)
    found["latency"] = statistics.median(times)
    start = time.perf_counter()
    service.results(service.submit_many("echo", BIG, options.big))
    found["big"] = options.big / (time.perf_counter() - start)
    return found


class Redis:
    """A redis-server of this run, with every write synced."""

    def __init__(self, work):
        self.process = None
        program = shutil.which("redis-server")
        environment = dict(os.environ)
        if program is None:
            folder = work / "redis"
            if not list(folder.glob("usr/bin/redis-server")):
                packages = work / "deb"
                packages.mkdir(exist_ok=True)
                wanted = ["redis-server", "redis-tools", "libjemalloc2", "liblzf1", "liblua5.1-0", "lua-cjson", "lua-bitop"]
                subprocess.run(["apt-get", "download", *wanted], cwd=packages, capture_output=True)
                for package in packages.glob("*.deb"):
                    subprocess.run(["dpkg", "-x", package, folder], check=True)
            found = list(folder.glob("usr/bin/redis-server"))
            if not found:
                raise OSError("redis-server is not installed, and Debian's package cannot be had")
            program = found[0]
            environment["LD_LIBRARY_PATH"] = ":".join({str(pathlib.Path(p).parent) for p in glob.glob(f"{folder}/usr/lib/**/*.so*", recursive=True)})
        data = work / "redis-data"
        shutil.rmtree(data, True)
        data.mkdir()
        self.process = subprocess.Popen(
            [program, "--bind", "127.0.0.1", "--port", "6391", "--dir", data, "--save", "", "--appendonly", "yes", "--appendfsync", "always"],
            env=environment, stdout=subprocess.DEVNULL)
        time.sleep(1)
        if self.process.poll() is not None:
            raise OSError("redis-server did not start; is port 6391 taken?")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()


def celery(harness, work, options):
    """What the harness measures of Celery with Redis, by figure; nothing when it cannot be had."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(work / "venv", with_pip=True)
    if subprocess.run([python, "-m", "pip", "-q", "install", "celery[redis]"], capture_output=True).returncode != 0:
        return note("celery cannot be had here")
    try:
        redis = Redis(work)
    except OSError as error:
        return note(str(error))
    try:
        # The harness looks for its environment beside itself: a copy outside of any repository.
        home = work / "harness"
        shutil.copytree(harness, home, dirs_exist_ok=True)
        (home / "run").mkdir(exist_ok=True)
        if not (home / "venv").exists():
            (home / "venv").symlink_to(work / "venv")
        result = subprocess.run(
            [str(word) for word in (
                python, "bench.py", "celery-redis", "-n", options.jobs, "--big", options.big, "--lat", options.latency, "--dags", 1, "--reps", 1)],
            cwd=home, capture_output=True, text=True, env={**os.environ, "BENCH_HOME": str(home)}, timeout=900)
        if result.returncode != 0:
            return note("celery did not run: " + result.stderr.strip()[-300:])
        return json.loads(result.stdout.splitlines()[-1])
    finally:
        redis.stop()


def main():
    parser = argparse.ArgumentParser()
    for name in ("plexus", "bench", "harness"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--big", type=int, default=1000)
    parser.add_argument("--latency", type=int, default=200)
    parser.add_argument("--queued", type=int, default=1_000_000)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "plexus-bench-jobs")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    peer = None
    if options.no_peers or not options.harness.is_dir():
        note(f"no peers: {'not asked for' if options.no_peers else f'{options.harness} is not there'}")
    else:
        peer = celery(options.harness.resolve(), options.work, options)
    sync = sync_milliseconds(options.work)
    service = Plexus(options.plexus.resolve(), options.work)
    try:
        commit = commit_milliseconds(service)
        ours = measure(service, options)
        protocol = by_protocol(service, options.jobs)
        idle = idle_cores([service.server, service.worker])
    finally:
        service.stop()
    note(f"a sync of 4 KiB took {sync:.3f} ms, a durable commit over HTTP {commit:.3f} ms")
    note(f"plexus ({Plexus.durability}): {ours['enqueue']:.0f} enqueued/s in batches, {ours['noop']:.0f} no-op jobs/s, {ours['big']:.0f} jobs of 100 KB/s, "
         f"{ours['latency']:.2f} ms from submit to result")
    note(f"plexus with a worker that does nothing but speak the protocol: {protocol:.0f} no-op jobs/s")
    if peer:
        note(f"celery ({peer['durability']}): {peer['enqueue_s']} enqueued/s, {peer['e2e_s']} no-op jobs/s, {peer['big_e2e_s']} jobs of 100 KB/s, "
             f"{peer['lat_p50_ms']} ms")
        figure("noop_beside_celery", ours["noop"] / peer["e2e_s"], "x", ">=", 10)
        figure("big_beside_celery", ours["big"] / peer["big_e2e_s"], "x", ">=", 5)
    figure("latency_p50", ours["latency"], "ms", "<=", 2 * commit + 1.5)
    figure("idle_server", idle[0] * 100, "%", "<=", 1)
    figure("idle_worker", idle[1] * 100, "%", "<=", 1)
    sys.exit(subprocess.run([options.bench, "--jobs", str(options.jobs), "--queued", str(options.queued)]).returncode)


main()

#!/usr/bin/env python3
"""What the thin path costs, end to end, beside the floors of the same run.

usage: first_light.py PLEXUS

Starts the given program on a new folder and measures over loopback HTTP with keep-alive connections: durable commits
beside the disk's own sync, checks and queries beside a request that does nothing, start-up, and a pipeline's overhead a step.
Prints one line a figure: figure NAME VALUE UNIT goal <=|>= VALUE met|short.
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

plexus = os.path.realpath(sys.argv[1])
root = pathlib.Path(__file__).resolve().parents[1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="plexus-bench-"))


def figure(name, value, unit, sign, goal):
    met = value <= goal if sign == "<=" else value >= goal
    print(f"figure {name} {value:.3g} {unit} goal {sign} {goal:g} {'met' if met else 'short'}", flush=True)


def serve():
    process = subprocess.Popen([plexus, "serve", "--data", str(folder / "data"), "--http", "127.0.0.1:0", "--auth", "none"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        if match := re.match(r"listening on (\S+)", line):
            return process, match.group(1)
    sys.exit("the server did not start")


def client():
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    connection.connect()
    connection.sock.setsockopt(6, 1, 1)  # TCP_NODELAY

    def call(method, path, body=None):
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            sys.exit(f"{path}: {answer.status} {content[:200]}")
        return content
    return call


def rate(work, connections, seconds=2.0):
    """-> calls a second over so many connections."""
    def loop(_):
        call, count, end = client(), 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            work(call)
            count += 1
        return count
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(loop, range(connections))) / seconds


def sync_rate(seconds=1.0):
    """-> appends of 4 KiB with fdatasync a second on the same disk."""
    with open(folder / "sync", "wb", buffering=0) as file:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            count += 1
    return count / seconds


process, url = serve()
try:
    environment = {**os.environ, "PLEXUS_URL": url}
    subprocess.run([plexus, "import", str(root / "examples" / "network")], env=environment, check=True, stdout=subprocess.DEVNULL)
    nothing = rate(lambda call: call("GET", "/healthz"), 8)
    syncs = sync_rate()
    print(f"floors of this run: {nothing:.0f} requests/s that do nothing (8 connections), {syncs:.0f} syncs/s of 4 KiB, one by one")

    create = {"statement": "CREATE (:Item {x: 1})"}
    one = rate(lambda call: call("POST", "/db/plexus/query/v2", create), 1)
    many = rate(lambda call: call("POST", "/db/plexus/query/v2", create), 32)
    print(f"durable commits/s over HTTP: {one:.0f} by one writer, {many:.0f} by 32")
    figure("commit-latency-of-one-writer", syncs / one, "syncs", "<=", 5)
    figure("commits-of-32-writers", many / syncs, "x-one-by-one-syncs", ">=", 1)

    check = {"tuple_key": {"user": "user:anne", "relation": "can_run", "object": "function:clean"}}
    checks = rate(lambda call: call("POST", "/stores/plexus/check", check), 8)
    look = {"statement": "MATCH (u:User {id: $id})-[:MEMBER]->(g) RETURN g.id", "parameters": {"id": "anne"}}
    queries = rate(lambda call: call("POST", "/db/plexus/query/v2", look), 8)
    print(f"over 8 connections: {checks:.0f} checks/s, {queries:.0f} one-hop queries/s")
    figure("check-over-http", checks / nothing, "of-a-request-that-does-nothing", ">=", 0.8)
    figure("one-hop-query-over-http", queries / nothing, "of-a-request-that-does-nothing", ">=", 0.8)

    call = client()
    call("POST", "/db/plexus/query/v2", {"statement": "UNWIND range(1, 200000) AS x CREATE (:Bulk {x: x, name: 'n' + x})"})
    process.terminate()
    process.wait()
    start = time.perf_counter()
    process, url = serve()
    entities = json.loads(client()("POST", "/db/plexus/query/v2", {"statement": "MATCH (n) RETURN count(n)"}))["data"]["values"][0][0]
    took = time.perf_counter() - start
    figure("start-up", entities / took / 1000, "thousand-entities/s", ">=", 400)

    repository = folder / "repository"
    shutil.copytree(root / "examples" / "functions", repository)
    git = ["git", "-C", str(repository), "-c", "user.name=b", "-c", "user.email=b@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "f"], ["tag", "v1"]):
        subprocess.run(git + arguments, check=True)
    environment["PLEXUS_URL"] = url
    subprocess.run(["sh", str(root / "examples" / "functions" / "register.sh"), str(repository), "v1", str(folder / "defs")], check=True)
    subprocess.run([plexus, "function", "register", *map(str, sorted((folder / "defs").glob("*.json")))], env=environment, check=True, stdout=subprocess.DEVNULL)
    steps = 40
    chain = "digraph chain { node [function=\"machine@1.0.0\"]; " + " -> ".join(f"s{i}" for i in range(steps)) + " }"
    (folder / "chain.dot").write_text(chain)
    worker = subprocess.Popen([plexus, "worker", "--slots", "2", "--work", str(folder / "work")], env=environment, stderr=subprocess.DEVNULL)
    try:
        subprocess.run([plexus, "call", "machine", "--wait"], env=environment, check=True, stdout=subprocess.DEVNULL)
        start = time.perf_counter()
        subprocess.run(["sh", str(repository / "machine.sh")], input=b"{}", check=True, capture_output=True)
        alone = time.perf_counter() - start
        start = time.perf_counter()
        subprocess.run([plexus, "pipeline", "run", str(folder / "chain.dot"), "--wait"], env=environment, check=True, stdout=subprocess.DEVNULL)
        step = (time.perf_counter() - start) / steps
        print(f"a chain of {steps} steps: {step * 1000:.1f} ms a step, the function's own process takes {alone * 1000:.1f} ms")
        figure("overhead-a-step", (step - alone) * syncs, "syncs", "<=", 80)
    finally:
        worker.terminate()
        worker.wait()
finally:
    process.terminate()
    process.wait()
    shutil.rmtree(folder, True)

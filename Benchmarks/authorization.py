#!/usr/bin/env python3
"""Authorization beside other engines on the same tuples, and over HTTP beside a server that does nothing, in one run.

usage: authorization.py PLEXUS BENCH-AUTHORIZATION HARNESS [--scale 1.0] [--no-peers] [--no-http] [--work DIR]

HARNESS is the folder of the shared harness: its workload of a drive (users, nested groups and folders, documents, a wildcard, an
exclusion) with true answers, and its peers: `pemba` from PyPI, SQL and Python sets written by hand for this one model.
Ends with 1 when an answer of ours is wrong.
"""
import argparse, json, pathlib, re, signal, subprocess, sys, tempfile, urllib.request, venv


def figure(name, value, unit, sign, goal):
    met = value >= goal if sign == ">=" else value <= goal
    print(f"figure {name} {value:.4g} {unit} goal {sign} {goal:g} {'met' if met else 'short'}", flush=True)


def workload(harness, work, scale):
    folder = work / f"drive-{scale}"
    if not (folder / "meta.json").exists():
        subprocess.run([sys.executable, harness / "workload.py", folder, str(scale)], check=True, stdout=subprocess.DEVNULL)
    return folder


def ours(program, folder, *options):
    out = subprocess.run([program, folder, *map(str, options)], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in map(json.loads, out.splitlines()):
        kept = found.get(line["q"])
        # The best of the repetitions, as of the peers.
        if kept is None or line.get("per_second", 0) > kept.get("per_second", 0):
            found[line["q"]] = {**line, "wrong": line.get("wrong", 0) + (kept or {}).get("wrong", 0)}
    return found


def peers(harness, work, folder):
    """Checks a second and milliseconds a list, by peer."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(work / "venv", with_pip=True)
    found = {}
    if subprocess.run([python, "-m", "pip", "-q", "install", "pemba"], capture_output=True).returncode == 0:
        found["pemba"] = [python, harness / "bench_pemba.py", folder, "memory"]
    else:
        print("# pemba cannot be had here")
    for mode in ("sqlite", "pydict"):
        found[mode] = [python, harness / "bench_peers.py", mode, folder]
    figures = {}
    for name, command in found.items():
        result = subprocess.run(command, capture_output=True, text=True)
        rates = [float(rate) for rate in re.findall(r"check rep\d+: (?:n=\d+ )?([\d.]+)/s", result.stdout)]
        lists = re.search(r"list-objects .*?p50 ([\d.]+)ms", result.stdout)
        if not rates:
            print(f"# {name} did not run: {result.stderr.strip()[-200:]}")
            continue
        figures[name] = (max(rates), float(lists.group(1)) if lists else None)
        print(f"{name}: {max(rates):,.0f} checks/s" + (f", list of objects {figures[name][1]:.1f} ms" if lists else ""), flush=True)
    return figures


def started(*command):
    """A server, its port, and what it said before that."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    said = ""
    for line in process.stdout:
        said += line
        if match := re.match(r"listening on http://127.0.0.1:(\d+)", line):
            return process, int(match.group(1)), said
    raise SystemExit(f"{command[0]} did not start: {said}")


def ended(process):
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)


def load(program, port, file, seconds, rate=0):
    return json.loads(subprocess.run([program, "load", str(port), str(file), "32", str(seconds), str(rate)], check=True, capture_output=True, text=True).stdout)


def http(plexus, program, work):
    data = work / "server"
    subprocess.run(["rm", "-rf", str(data)], check=True)
    server, port, said = started(plexus, "serve", "--data", data, "--http", "127.0.0.1:0", "--bolt", "127.0.0.1:0")
    floor, floor_port, _ = started(program, "floor")
    try:
        token = re.search(r"only now\): (\S+)", said).group(1)

        def call(path, body):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read() or b"null")

        # A small drive: groups in groups, folders in folders, documents in them.
        call("/db/plexus/query/v2", {"statement": """
            UNWIND range(0, 999) AS u MERGE (:User {id: 'u' + toString(u)})"""})
        call("/db/plexus/query/v2", {"statement": """
            UNWIND range(0, 99) AS z MERGE (g:Group {id: 'g' + toString(z)}) MERGE (p:Group {id: 'p' + toString(z / 10)})
            MERGE (g)-[:MEMBER]->(p) MERGE (s:Zone {id: 'z' + toString(z)}) MERGE (p)-[:OPEN_TO {subject_relation: 'member'}]->(s)
            MERGE (f:Function {name: 'f' + toString(z)}) MERGE (s)-[:CONTAINS]->(f)"""})
        call("/db/plexus/query/v2", {"statement": """
            UNWIND range(0, 999) AS u MATCH (a:User {id: 'u' + toString(u)}), (g:Group {id: 'g' + toString(u % 100)}) MERGE (a)-[:MEMBER]->(g)"""})
        requests = []
        for number in range(1000):
            body = json.dumps({"tuple_key": {"user": f"user:u{number}", "relation": "can_run", "object": f"function:f{number * 7 % 100}"}})
            requests.append(f"POST /stores/plexus/check HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        file = work / "requests"
        file.write_bytes("\x01".join(requests).encode())
        pairs = []
        # In turns, so that what else the machine does hits both.
        for _ in range(5):
            pairs.append((load(program, port, file, 2), load(program, floor_port, file, 2)))
        pairs.sort(key=lambda pair: pair[0]["per_second"] / pair[1]["per_second"])
        check, hello = pairs[len(pairs) // 2]
        print(f"over HTTP: {check['per_second']:,.0f} checks/s, a SwiftNIO server that does nothing {hello['per_second']:,.0f}/s, same client", flush=True)
        figure("check-http-of-raw-nio", check["per_second"] / hello["per_second"], "ratio", ">=", 0.8)
        half = load(program, port, file, 4, check["per_second"] / 2)
        figure("check-http-p99-at-half-load", half["p99_us"] / 1000, "ms", "<=", 1)
        return check["failures"] + half["failures"]
    finally:
        ended(server)
        floor.kill()
        floor.wait()


def main():
    parser = argparse.ArgumentParser()
    for name in ("plexus", "program", "harness"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--no-peers", action="store_true"), parser.add_argument("--no-http", action="store_true")
    parser.add_argument("--work", default=str(pathlib.Path(tempfile.gettempdir()) / "plexus-bench-authorization"))
    a = parser.parse_args()
    work = pathlib.Path(a.work)
    work.mkdir(parents=True, exist_ok=True)
    folder = workload(a.harness, work, a.scale)
    found = ours(a.program, folder)
    wrong = sum(line.get("wrong", 0) for line in found.values())
    check, lists, write = found["check"], found["list"], found["write"]
    print(f"plexus: {found['load']['tuples']:,} tuples, {check['per_second']:,.0f} checks/s (p50 {check['p50_us']:.1f} us, p99 {check['p99_us']:.1f} us), "
          f"list of {lists['ids']:,.0f} objects {lists['p50_ms']:.2f} ms, write {write['p50_us']:.0f} us, {wrong} wrong", flush=True)
    if not a.no_peers:
        others = peers(a.harness, work, folder)
        best = max((rate for name, (rate, _) in others.items() if name in ("pemba", "sqlite")), default=None)
        if best:
            figure("check-over-faster-peer", check["per_second"] / best, "times", ">=", 10)
        if "pydict" in others and others["pydict"][1]:
            figure("list-objects-over-python-sets", lists["p50_ms"] / others["pydict"][1], "ratio", "<=", 1)
    figure("list-objects", lists["p50_ms"], "ms", "<=", 5)
    small = ours(a.program, workload(a.harness, work, a.scale / 10), "--lists", 0, "--writes", 0)["check"]
    figure("check-cost-at-ten-times-the-tuples", small["per_second"] / check["per_second"], "ratio", "<=", 1.5)
    if not a.no_http:
        wrong += http(a.plexus, a.program, work)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

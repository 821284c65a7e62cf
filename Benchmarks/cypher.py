#!/usr/bin/env python3
"""Queries beside other embedded engines, on the same data in one run.

usage: cypher.py BENCH-CYPHER HARNESS [--size S|M] [--peers a,b] [--work DIR]

HARNESS is the folder of the shared graph harness: its data generator, its workload with true answers and its adapters for
peers from PyPI. Peers that cannot be had on this machine are named and left out. Says of each query our median and each
peer's, then a line a figure: our median over the best peer's, and how much dearer a step (a node, relationship or row that
is looked at) becomes when the graph is ten times as large. Ends with 1 when an answer of ours is wrong.
"""
import argparse, json, pathlib, shutil, subprocess, sys, tempfile, venv

PEERS = {"sqlite-sql": None, "ladybug": "ladybug", "kuzu": "kuzu", "velr": "velr", "graphqlite": "graphqlite", "grafeo": "grafeo",
         "arcadedb": "arcadedb-embedded", "falkordb": "falkordblite"}


def install(work, peers):
    """A virtual environment at the place where the harness looks for it; gives the peers that could be had."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(work / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "-q", "install", "numpy", "psutil"], check=True)
        (work / "venv-sys").symlink_to("venv")
    found = []
    for peer in peers:
        package = PEERS[peer]
        if package is None or subprocess.run([python, "-m", "pip", "-q", "install", package], capture_output=True).returncode == 0:
            found.append(peer)
        else:
            print(f"# {peer}: {package} cannot be had here")
    return found


def data(work, size):
    """Generates the graph, the workload and the texts of the queries once."""
    folder, python = work / "data" / size, work / "venv" / "bin" / "python"
    if not (folder / "workload.json").exists():
        subprocess.run([python, "generate.py", size], cwd=work, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([python, "queries.py", f"data/{size}"], cwd=work, check=True, stdout=subprocess.DEVNULL)
    texts = "import json, queries as q; print(json.dumps({'reads': {k: v[1] for k, v in q.READS.items()}, 'writes': {k: v[1] for k, v in q.WRITES.items()}}))"
    (folder / "queries.json").write_text(subprocess.run([python, "-c", texts], cwd=work, check=True, capture_output=True, text=True).stdout)
    return folder


def results(path):
    return {q: r for q, r in json.loads(path.read_text()).items() if isinstance(r, dict)} if path.exists() else {}


def time(seconds):
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def ours(program, folder):
    """What our engine needs, by query."""
    out = subprocess.run([program, folder], check=True, capture_output=True, text=True).stdout
    return {r["q"]: r for r in map(json.loads, out.splitlines()) if "med" in r}


def figure(name, value, unit, goal):
    print(f"figure {name} {value:.3g} {unit} goal <= {goal} {'met' if value <= goal else 'short'}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program"), parser.add_argument("harness")
    parser.add_argument("--size", default="M"), parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--work", default=str(pathlib.Path(tempfile.gettempdir()) / "plexus-bench-cypher"))
    a = parser.parse_args()
    work = pathlib.Path(a.work)
    work.mkdir(parents=True, exist_ok=True)
    for file in pathlib.Path(a.harness).glob("*.py"): shutil.copy(file, work)
    peers = install(work, a.peers.split(","))
    folder = data(work, a.size)
    python = work / "venv" / "bin" / "python"
    for peer in peers:
        subprocess.run([python, "bench.py", "run", peer, a.size, "--phases", "load,read,write", "--limit", "20"],
                       cwd=work, stdout=subprocess.DEVNULL)
    found = ours(a.program, folder)
    tenth = ours(a.program, data(work, "S")) if a.size == "M" else {}
    theirs = {p: results(work / "results" / f"{p}-{a.size}.json") for p in peers}
    best = {}
    for query, r in found.items():
        right = {p: t[query]["med"] for p, t in theirs.items() if "med" in t.get(query, {}) and not t[query].get("bad")}
        if right: best[query] = min(right.values())
        others = "".join(f"   {p} {time(right[p])}" for p in sorted(right, key=right.get))
        print(f"# {query}: {time(r['med'])}{others}" + (f"   {r['bad']} answers WRONG" if r.get("bad") else ""))
    for query, seconds in best.items():
        if query != "floor": figure(f"{query}_ratio", found[query]["med"] / seconds, "x", 1)
    for query, r in found.items():
        before = tenth.get(query, {})
        if r.get("steps") and before.get("steps"):
            figure(f"{query}_step_growth", r["med"] / r["steps"] / (before["med"] / before["steps"]), "x", 2)
    for query, goal in [("parse", 50), ("parse_cached", 5)]:
        if query in found: figure(query, found[query]["med"] * 1e6, "us", goal)
    sys.exit(1 if any(r.get("bad") for r in found.values()) else 0)


if __name__ == "__main__":
    main()

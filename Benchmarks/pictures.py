"""usage: pictures.py PLEXUS BENCH-PICTURES
What pipelines and pictures cost, drawing beside Graphviz's own `dot` on the same files. Prints what ran, then a line a figure."""
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "Acceptance"))
plexus, bench = map(lambda path: str(pathlib.Path(path).resolve()), sys.argv[1:3])
os.environ["PLEXUS_BINARY"] = plexus
from plexus import Server  # noqa: E402


def figure(name, value, unit, goal):
    print(f"figure {name} {value:.3f} {unit} goal <= {goal} {'met' if value <= goal else 'short'}", flush=True)


def graph(count, name="g"):
    """A layered random DAG as ORCHESTRATION_FIELD's measurements had them: half more edges than nodes."""
    numbers = random.Random(count)
    lines = [f'digraph {name} {{ rankdir=LR; node [shape=box, function="f@1"]']
    for node in range(1, count):
        for before in {max(0, node - 1 - numbers.randrange(20)) for _ in range(numbers.choice((1, 2)))}:
            lines.append(f"n{before} -> n{node}")
    return "\n".join(lines) + "\n}\n"


print("plexus:", plexus, "beside", subprocess.run(["dot", "-V"], capture_output=True, text=True).stderr.strip(), flush=True)
with tempfile.TemporaryDirectory() as folder:
    for count in (200, 1000):
        path = pathlib.Path(folder) / f"g{count}.dot"
        path.write_text(graph(count))
        subprocess.run([bench, "render", plexus, path], check=True)

with tempfile.TemporaryDirectory() as folder:
    server = Server(pathlib.Path(folder) / "data", "--auth", "none")
    try:
        server.request("POST", "/v1/functions", {"name": "f", "version": "1", "repository": "/r", "commit": "c", "runtime": "shell", "entry": "e"})
        for count, goal in ((20, 40), (200, 100), (1000, 450)):
            times = []
            for attempt in range(3):
                # Each with a structure of its own: the first picture, not a kept one.
                dot = graph(count, f"g{count}x{attempt}")
                server.request("POST", "/v1/pipelines", dot.encode(), headers={"Content-Type": "text/vnd.graphviz"})
                run = server.request("POST", f"/v1/pipelines/g{count}x{attempt}/runs", {})[1]["id"]
                start = time.perf_counter()
                status, picture = server.request("GET", f"/v1/runs/{run}/graph.svg", raw=True)
                times.append((time.perf_counter() - start) * 1000)
                assert status == 200 and b"<svg" in picture
            figure(f"first_picture_{count}", min(times), "ms", goal)
        path = pathlib.Path(folder) / "large.dot"
        path.write_text(graph(5000, "large"))
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run([plexus, "pipeline", "validate", str(path)], stdout=subprocess.DEVNULL, check=True, env={k: v for k, v in os.environ.items() if k != "PLEXUS_URL"})
            best = min(best, time.perf_counter() - start)
        figure("validate_command_5000_steps", best * 1000, "ms", 200)
    finally:
        server.stop()
subprocess.run([bench], check=True)

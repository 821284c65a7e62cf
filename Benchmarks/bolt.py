#!/usr/bin/env python3
"""Bolt beside a server that does nothing on the same set-up of SwiftNIO, asked by the same clients in turns.

usage: bolt.py PLEXUS FLOOR [--rows N] [--seconds S]

FLOOR is the program bench-bolt-floor: it answers each message with bytes that were prepared beforehand. Needs the official
driver (Tests/Acceptance/requirements.txt). Prints one line a figure: figure NAME VALUE UNIT goal <=|>= VALUE met|short.
"""
import argparse, os, pathlib, random, re, socket, statistics, struct, subprocess, sys, tempfile, time
import neo4j

TICKS = os.sysconf("SC_CLK_TCK")


def figure(name, value, unit, sign, goal):
    met = value >= goal if sign == ">=" else value <= goal
    print(f"figure {name} {value:.3g} {unit} goal {sign} {goal:g} {'met' if met else 'short'}", flush=True)


class Process:
    """A server that says where it listens."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if match := re.match(r"bolt listening on (bolt://\S+:(\d+))", line):
                self.uri, self.port = match.group(1), int(match.group(2))
                return
        sys.exit(f"{command[0]} did not start")

    def cpu(self):
        """Seconds of processor time so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        """Resident bytes."""
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1)) * 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def text(text):
    data = text.encode()
    return (bytes([0x80 | len(data)]) if len(data) < 16 else b"\xd0" + bytes([len(data)])) + data


def chunked(message):
    return struct.pack(">H", len(message)) + message + b"\0\0"


HANDSHAKE = b"\x60\x60\xb0\x17" + b"\x00\x08\x08\x05" + bytes(12)
HELLO = chunked(b"\xb1\x01\xa1" + text("user_agent") + text("bench"))
LOGON = chunked(b"\xb1\x6a\xa1" + text("scheme") + text("none"))


def request(query, count=-1):
    return chunked(b"\xb3\x10" + text(query) + b"\xa0\xa0") + chunked(b"\xb1\x3f\xa1" + text("n") + struct.pack(">b", count))


class Raw:
    """A client that sends bytes and counts the ends of messages: as little work as Python can do."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(HANDSHAKE + HELLO + LOGON)
        time.sleep(0.2)
        self.socket.recv(4096)
        self.return1 = request("RETURN 1")
        self.socket.sendall(self.return1)
        time.sleep(0.2)
        self.answer = len(self.socket.recv(4096))

    def ask(self, seconds):
        """Round trips of `RETURN 1` a second."""
        send, receive, message, end = self.socket.sendall, self.socket.recv, self.return1, time.perf_counter() + seconds
        count, start = 0, time.perf_counter()
        while time.perf_counter() < end:
            for _ in range(50):
                send(message)
                # The answer comes in one piece: it is written in one piece. Its end is looked for all the same.
                while not receive(4096).endswith(b"\0\0"):
                    pass
            count += 50
        return count / (time.perf_counter() - start)

    def stream(self, query):
        """Reads a result as fast as a socket gives it -> bytes."""
        self.socket.sendall(request(query))
        total, last = 0, b""
        while True:
            data = self.socket.recv(1 << 18)
            total += len(data)
            last = (last + data)[-4000:]
            if b"t_last" in last and last.endswith(b"\0\0"):
                return total


def turns(clients, ask, rounds):
    """Asks two clients in turns, shortly, so that what else the machine does hits both of a pair.
    -> medians of the rates, and the median of the pairs' ratios"""
    pairs = [[ask(client) for client in clients] for _ in range(rounds)]
    first, second = zip(*pairs)
    return statistics.median(first), statistics.median(second), statistics.median(a / b for a, b in pairs)


def round_trips(plexus, floor, seconds):
    raw = [Raw(plexus.port), Raw(floor.port)]
    print(f"# RETURN 1 is {len(raw[0].return1)} bytes, the answer {raw[0].answer}, of the floor {raw[1].answer}")
    ours, theirs, raw_ratio = turns(raw, lambda client: client.ask(0.1), int(40 * seconds))
    print(f"# raw sockets, round trips/s: plexus {ours:.0f}, floor {theirs:.0f}")
    drivers = [neo4j.GraphDatabase.driver(server.uri) for server in (plexus, floor)]

    def ask(session, seconds=0.1):
        end, count, start = time.perf_counter() + seconds, 0, time.perf_counter()
        while time.perf_counter() < end:
            session.run("RETURN 1").consume()
            count += 1
        return count / (time.perf_counter() - start)

    ours, theirs, ratio = turns([driver.session() for driver in drivers], ask, int(40 * seconds))
    print(f"# driver {neo4j.__version__}, round trips/s: plexus {ours:.0f}, floor {theirs:.0f}")
    figure("return-1-by-the-driver", ratio, "of-an-echo", ">=", 0.8)
    figure("return-1-by-raw-sockets", raw_ratio, "of-an-echo", ">=", 0.8)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        drivers[0].execute_query("RETURN 1")
        count += 1
    print(f"# driver, execute_query: {count / (time.perf_counter() - start):.0f}/s")
    for driver in drivers:
        driver.close()


def rows(plexus, count):
    query = f"UNWIND range(1, {count // 1000}) AS x UNWIND range(1, 1000) AS y RETURN x, y * 1.5, 'text'"
    with neo4j.GraphDatabase.driver(plexus.uri) as driver, driver.session() as session:
        start, server, client = time.perf_counter(), plexus.cpu(), time.process_time()
        found = sum(1 for _ in session.run(query))
        took, server, client = time.perf_counter() - start, plexus.cpu() - server, time.process_time() - client
    assert found == count, found
    print(f"# {count} rows through the driver: {took:.2f} s, {count / took:.0f} rows/s; processor: server {server:.2f} s, driver {client:.2f} s")
    figure("rows-server-processor", server / took, "of-the-time", "<=", 0.25)
    figure("rows-driver-processor", client / took, "of-the-time", ">=", 0.8)
    raw = Raw(plexus.port)
    start, server = time.perf_counter(), plexus.cpu()
    size = raw.stream(query)
    took, server = time.perf_counter() - start, plexus.cpu() - server
    print(f"# the same to a raw socket: {took:.2f} s, {count / took:.0f} rows/s, {size / took / 2**20:.0f} MiB/s; processor of the server {server:.2f} s")


def idle(plexus, count=1000):
    before = plexus.memory()
    clients = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", plexus.port))
        client.sendall(HANDSHAKE + HELLO + LOGON + request("RETURN 1"))
        clients.append(client)
    for client in clients:
        data = b""
        while b"t_last" not in data:
            data += client.recv(4096)
    figure(f"idle-connections-{count}", (plexus.memory() - before) / 2**20, "MiB", "<=", 64)
    for client in clients:
        client.close()


def malformed(plexus, count=1000):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    parts = [HANDSHAKE, HELLO, LOGON, request("RETURN 1"), request("UNWIND range(1, 100000) AS x RETURN x"), chunked(b"\xb1\x11\xa0"),
             request("CREATE (:Fuzz)"), chunked(b"\xb0\x12"), chunked(b"\xb0\x0f")]
    for _ in range(count):
        data = bytearray(b"".join(parts[:chance.randint(1, len(parts))]))
        for _ in range(chance.randint(0, 4)):
            place = chance.randrange(len(data))
            way = chance.randrange(3)
            if way == 0:
                data[place] ^= 1 << chance.randrange(8)
            elif way == 1:
                data[place:place] = chance.randbytes(chance.randint(1, 50))
            elif len(data) - place > 1:
                del data[place + 1:]
        with socket.create_connection(("127.0.0.1", plexus.port)) as client:
            client.settimeout(2)
            try:
                client.sendall(data)
                if chance.random() < 0.5:
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(1 << 16):
                        pass
            except OSError:
                pass
    with neo4j.GraphDatabase.driver(plexus.uri) as driver:
        alive = driver.execute_query("CREATE (:After) RETURN 1 AS x").records[0]["x"] == 1 and plexus.process.poll() is None
    print(f"# malformed conversations of seed {seed}")
    figure("malformed-conversations-survived", count if alive else 0, "conversations", ">=", count)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("plexus")
    parser.add_argument("floor")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plexus-bench-") as folder:
        plexus = Process(options.plexus, "serve", "--data", pathlib.Path(folder) / "data", "--http", "127.0.0.1:0", "--bolt", "127.0.0.1:0",
                         "--auth", "none")
        floor = Process(options.floor)
        try:
            round_trips(plexus, floor, options.seconds)
            rows(plexus, options.rows)
            idle(plexus)
            malformed(plexus)
        finally:
            floor.stop()
            plexus.stop()


if __name__ == "__main__":
    main()

"""Import and export: files of others, files of ours, with a server and without."""
import csv
import gzip
import json
import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import unittest

from plexus import EXAMPLES, PLEXUS, Case, run

STATEMENTS = [
    "CREATE CONSTRAINT odd IF NOT EXISTS FOR (n:`Odd, label`) REQUIRE n.`the key` IS UNIQUE",
    "CREATE INDEX town IF NOT EXISTS FOR (n:Place) ON (n.name)",
    """CREATE (a:`Odd, label`:`semi;colon` {`the key`: 'a;b', text: '', list: [], mixed: [1, 'x'], big: -9223372036854775808,
        zero: -0.0, at: datetime('2026-11-24T12:31:14.5+01:00[Europe/Stockholm]'), d: duration('P1Y2M3DT4H5M6.7S'),
        where: point({longitude: 18.1, latitude: 59.3, height: 20.5}), day: date('2026-11-24'), parts: ['a;b', '', 'c\\n"d"']})
       CREATE (b:Place {name: 'Växjö', n: 1}) CREATE (c:Place {name: 'x', n: 'one'}) CREATE (d {alone: true})
       CREATE (a)-[:`TO,"GO"` {w: 1}]->(b) CREATE (a)-[:`TO,"GO"` {w: 2.0}]->(b) CREATE (c)-[:SELF {t: time('12:31+01:00')}]->(c)""",
]
# One line for each entity, the same whatever the ids are.
NODES = "MATCH (n) RETURN labels(n) AS l, properties(n) AS p"
RELATIONSHIPS = "MATCH (a)-[r]->(b) RETURN properties(a) AS a, type(r) AS t, properties(r) AS p, properties(b) AS b"


def lines(data=None, server=None):
    where = ["--data", data] if data else []
    command = server.run if server else run
    rows = []
    for query in (NODES, RELATIONSHIPS):
        for row in json.loads(command("shell", *where, "--format", "json", "-c", query)):
            if "l" in row:
                row["l"].sort()
            rows.append(json.dumps(row, sort_keys=True))
    return sorted(rows)


class WithoutServer(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="plexus-formats-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.data = self.store("data")

    def store(self, name):
        (self.folder / name).mkdir()
        return self.folder / name

    def files(self, **texts):
        folder = self.folder / "files"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / name.replace("__", ".").replace("_header", "-header")).write_text(text)
        return folder

    def query(self, text, data=None):
        return [list(row.values()) for row in json.loads(run("shell", "--data", data or self.data, "--format", "json", "-c", text))]

    def test_what_is_exported_comes_back_the_same_in_every_format(self):
        script = self.folder / "make.cypher"
        script.write_text(";\n".join(STATEMENTS))
        run("import", "--data", self.data, script)
        run("import", "--data", self.data, EXAMPLES / "network")
        expected = lines(self.data)
        self.assertGreater(len(expected), 50)
        for form in ("csv", "jsonl", "cypher"):
            with self.subTest(form):
                out = self.folder / ("out-" + form)
                self.assertIn("exported ", run("export", "--data", self.data, "--format", form, out))
                copy = self.store("copy-" + form)
                run("import", "--data", copy, out)
                self.assertEqual(lines(copy), expected)
                self.assertIn('"odd"', run("shell", "--data", copy, "--format", "json", "-c", "SHOW CONSTRAINTS"))
                self.assertFalse([file for file in out.iterdir() if file.name.endswith(".partial")])
                # Once more into itself: nodes with keys are found.
                if form != "cypher":
                    before = self.query("MATCH (n:User) RETURN count(n)", copy)
                    run("import", "--data", copy, *[f for f in out.iterdir() if "User" in f.name or f.name == "graph.jsonl"])
                    self.assertEqual(self.query("MATCH (n:User) RETURN count(n)", copy), before)

    def test_exported_tables_are_read_by_others(self):
        run("import", "--data", self.data, EXAMPLES / "network")
        run("export", "--data", self.data, self.folder / "out")
        with open(self.folder / "out" / "nodes-User.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0])[:2], [":ID", ":LABEL"])
        self.assertIn("id:string", rows[0])
        ids = {row[":ID"]: row["id:string"] for row in rows}
        with open(self.folder / "out" / "relationships-MEMBER.csv", newline="") as file:
            members = list(csv.DictReader(file))
        self.assertIn("anne", [ids.get(row[":START_ID"]) for row in members])

    def test_exported_lines_are_those_of_apoc(self):
        run("import", "--data", self.data, EXAMPLES / "network")
        run("export", "--data", self.data, "--format", "jsonl", self.folder / "out")
        rows = [json.loads(line) for line in (self.folder / "out" / "graph.jsonl").read_text().split("\n") if line]
        for row in rows:
            if row["type"] == "node":
                self.assertTrue({"type", "id", "labels", "properties"} <= set(row))
            else:
                self.assertEqual(set(row), {"id", "type", "label", "properties", "start", "end"})
                self.assertEqual(set(row["start"]), {"id", "labels"})

    def test_a_folder_that_holds_something_is_refused(self):
        out = self.folder / "out"
        out.mkdir()
        (out / "mine.txt").write_text("x")
        self.assertIn("is not empty", run("export", "--data", self.data, out, code=2))
        self.assertEqual(os.listdir(out), ["mine.txt"])
        run("export", "--data", self.data, "--force", out)
        self.assertIn("mine.txt", os.listdir(out))
        self.assertIn("there is no graph", run("export", "--data", self.data, "--db", "other", self.folder / "o2", code=2))

    def test_headers_stand_beside_tables_in_many_parts(self):
        folder = self.files(
            users_header__csv="id:ID(User),age:int\n", users__csv="a,1\nb,2\n", users_part1__csv="c,3\n",
            knows_header__csv=":START_ID(User),:END_ID(User),:TYPE\n", knows1__csv="a,b,KNOWS\n", knows2__csv="b,c,KNOWS\n")
        output = run("import", "--data", self.data, folder)
        self.assertIn("imported 6 files: 3 nodes and 2 relationships new", output)
        self.assertEqual(self.query("MATCH (a:User)-[:KNOWS]->(b:User) RETURN a.id, b.age ORDER BY a.id"), [["a", 2], ["b", 3]])

    def test_delimiters_packed_files_and_a_byte_order_mark(self):
        folder = self.files()
        with gzip.open(folder / "users.csv.gz", "wb") as file:
            file.write("\ufeffid:ID(User)\ttags:string[]\r\na\tx|y\r\n".encode())
        with gzip.open(folder / "more.jsonl.gz", "wb") as file:
            file.write(b'{"type":"relationship","id":"0","label":"R","start":{"id":"2"},"end":{"id":"1"}}\n'
                       b'{"type":"node","id":"1","labels":["B"],"properties":{}}\n{"type":"node","id":"2","labels":["B"],"properties":{}}\n')
        run("import", "--data", self.data, "--delimiter", "\\t", "--array-delimiter", "|", folder)
        self.assertEqual(self.query("MATCH (u:User) RETURN u.id, u.tags"), [["a", ["x", "y"]]])
        self.assertEqual(self.query("MATCH (:B)-[r]->(:B) RETURN count(r)"), [[1]])
        (folder / "bad.csv.gz").write_bytes(b"no gzip")
        self.assertIn("bad.csv.gz", run("import", "--data", self.data, folder / "bad.csv.gz", code=2))
        self.assertIn("--delimiter", run("import", "--data", self.data, "--delimiter", ";", folder, code=2))

    def test_mistakes_name_file_line_and_column_and_nothing_is_kept(self):
        cases = [
            ("id:ID(T),age:int\nx,1\n\"y\nz\",old\n", "t.csv, line 3, column age:int: `old` is not a int"),
            ("id:ID(T),age:int\nx,1,2\n", "t.csv, line 2: the line has 3 values"),
            (":START_ID(T),:END_ID(T),:TYPE\nx,y,R\n", "t.csv, line 2: there is no node `x`"),
            ("id:ID(T),at:datetime\nx,yesterday\n", "t.csv, line 2, column at:datetime: `yesterday` is not a datetime"),
        ]
        for text, message in cases:
            folder = self.files(t__csv=text)
            self.assertIn(message, run("import", "--data", self.data, folder, code=2))
        folder = self.files(t__csv="id:ID(User),x\na,1\n", u__csv="id:ID(Q),email:string,:LABEL\na,x,Q\n", v__cypher="CREATE (:Q);\n\nCREAT (:Q);\n")
        self.assertIn("line 3", run("import", "--data", self.data, folder / "v.cypher", code=2))
        self.assertEqual(self.query("MATCH (n) WHERE n:T OR n:Q RETURN count(n)"), [[0]])

    def test_long_scripts_are_run_piece_by_piece(self):
        script = self.folder / "long.cypher"
        with open(script, "w") as file:
            for _ in range(40):
                file.write("UNWIND [" + ", ".join(["'" + "x;" * 5000 + "'"] * 50) + "] AS text CREATE (:Long {text: text});\n")
        self.assertGreater(script.stat().st_size, 16 << 20)
        run("import", "--data", self.data, script)
        self.assertEqual(self.query("MATCH (n:Long) RETURN count(n), max(size(n.text))"), [[2000, 10000]])

    def test_progress_is_shown_on_a_terminal_only(self):
        folder = self.files(
            n__csv="id:ID(N),x:int\n" + "".join(f"n{i},{i}\n" for i in range(100_000)))
        result = subprocess.run([str(PLEXUS), "import", "--data", self.data, folder], capture_output=True, text=True, timeout=120)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        main, other = pty.openpty()
        process = subprocess.Popen([str(PLEXUS), "import", "--data", self.store("second"), folder], stdout=subprocess.DEVNULL, stderr=other)
        os.close(other)
        shown = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        os.close(main)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertRegex(shown.decode(), r"n\.csv  [\d,]+ entities  [\d,]+ a second")


class WithServer(Case):
    def test_exports_and_imports_go_through_a_server_too(self):
        for statement in STATEMENTS:
            self.server.query(statement)
        self.server.run("import", EXAMPLES / "network")
        # The audit's own node belongs to a store's journal: it is not exported.
        own = lambda found: [line for line in found if "AuthorizationAudit" not in line]
        expected = own(lines(server=self.server))
        for form in ("csv", "jsonl", "cypher"):
            with self.subTest(form):
                out = self.folder / ("out-" + form)
                self.server.run("export", "--format", form, out)
                copy = self.folder / ("copy-" + form)
                copy.mkdir()
                run("import", "--data", copy, out)
                self.assertEqual(own(lines(copy)), expected)
                self.assertIn("hang together", run("verify", "--data", copy))
        # Into a server that has the nodes with keys already, `admin` among them.
        other = self.start(data=self.folder / "other")
        other.run("import", self.folder / "out-csv")
        counts = "MATCH (n) WHERE n:User OR n:Group OR n:Place RETURN count(n)"
        self.assertEqual(other.query(counts), self.server.query(counts))

    def test_named_graphs_are_exported_and_imported_too(self):
        for name in ("shop", "copy"):
            self.server.request("POST", "/db/plexus/query/v2", {"statement": f"CREATE DATABASE {name}"})
        self.server.request("POST", "/db/shop/query/v2", {"statement": "CREATE (:Product {id: 'tea'})-[:OF]->(:Kind {id: 'leaf'})"})
        out = self.folder / "shop"
        self.server.run("export", "--db", "shop", out)
        self.assertIn("2 nodes and 1 relationships new", self.server.run("import", "--db", "copy", out))
        count = {"statement": "MATCH (p:Product)-[:OF]->(k) RETURN p.id, k.id"}
        self.assertEqual(self.server.request("POST", "/db/copy/query/v2", count)[1]["data"]["values"], [["tea", "leaf"]])
        self.server.run("export", "--db", "none", self.folder / "none", code=None)
        self.assertEqual(self.server.request("GET", "/v1/export?db=none")[0], 404)
        plain = self.server.run("token", "create", "--scope", "check").strip()
        self.assertEqual(self.server.request("GET", "/v1/export?db=shop", token=plain)[0], 403)

    def test_the_stream_has_formats_and_needs_a_token(self):
        status, body = self.server.request("GET", "/v1/export?format=jsonl", raw=True)
        self.assertEqual(status, 200)
        self.assertTrue(all(json.loads(line)["type"] for line in body.splitlines()))
        status, body = self.server.request("GET", "/v1/export?format=cypher", raw=True)
        self.assertIn(b"CREATE CONSTRAINT", body)
        self.assertEqual(self.server.request("GET", "/v1/export?format=xml")[0], 400)
        self.assertEqual(self.server.request("GET", "/v1/export", token=None)[0], 401)

    def test_a_table_on_its_way_to_a_server_keeps_its_places(self):
        nodes = self.folder / "nodes.csv"
        nodes.write_text("id:ID(N),text\n" + "".join(f"n{i},\"two\nlines\"\n" for i in range(1000)))
        bad = self.folder / "rows.csv"
        bad.write_text(":START_ID(N),:END_ID(N),:TYPE\nn1,n2,R\n\nn1,nobody,R\n")
        self.assertIn("rows.csv, line 4: there is no node `N/nobody`", self.server.run("import", nodes, bad, code=2))
        self.assertEqual(self.server.query("MATCH (n:N) RETURN count(n)"), [[0]])
        self.server.run("import", nodes)
        self.assertEqual(self.server.query("MATCH (n:N) RETURN count(n), count(DISTINCT n.text)"), [[1000, 1]])

    def test_a_body_that_is_cut_off_changes_nothing(self):
        import socket
        body = b'{"type":"node","id":"1","labels":["Cut"],"properties":{}}\n'
        with socket.create_connection(("127.0.0.1", self.server.port)) as link:
            link.sendall(b"POST /v1/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self.server.token.encode()
                         + b"\r\nContent-Length: 100000\r\n\r\n" + body * 10)
        self.assertEqual(self.server.query("MATCH (n:Cut) RETURN count(n)"), [[0]])


if __name__ == "__main__":
    unittest.main()

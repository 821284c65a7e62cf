"""Blobs: streamed both ways with flat memory, in parts, verified, cleared away when nothing refers to them."""
import hashlib
import http.client
import os
import pathlib
import time
import unittest

from plexus import Case


class Blobs(Case):
    def call(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Authorization": "Bearer " + self.server.token, **names})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content, dict(answer.headers)

    def put(self, content):
        digest = hashlib.sha256(content).hexdigest()
        self.assertEqual(self.call("PUT", "/v1/blobs/" + digest, content)[0], 201)
        return digest

    def test_all_or_a_part_and_how_much_there_is(self):
        content = bytes(range(256)) * 4000
        path = "/v1/blobs/" + self.put(content)
        status, got, headers = self.call("GET", path)
        self.assertEqual((status, got == content, headers["Accept-Ranges"]), (200, True, "bytes"))
        status, got, head = self.call("HEAD", path)
        self.assertEqual((status, got, head["Content-Length"]), (200, b"", str(len(content))))
        tag = headers["ETag"]
        for asked, start, end in [("bytes=0-9", 0, 10), ("bytes=1000000-", 1000000, len(content)), ("bytes=-3", len(content) - 3, len(content))]:
            status, got, headers = self.call("GET", path, Range=asked)
            self.assertEqual((status, got), (206, content[start:end]))
            self.assertEqual(headers["Content-Range"], f"bytes {start}-{end - 1}/{len(content)}")
        status, _, headers = self.call("GET", path, Range=f"bytes={len(content)}-")
        self.assertEqual((status, headers["Content-Range"]), (416, f"bytes */{len(content)}"))
        self.assertEqual(self.call("GET", path, If_None_Match=tag)[:2], (304, b""))
        self.assertEqual(self.call("GET", path, Range="bytes=0-9", If_Range='"other"')[0], 200)
        empty = "/v1/blobs/" + self.put(b"")
        self.assertEqual(self.call("GET", empty)[:2], (200, b""))
        self.assertEqual(self.call("GET", "/v1/blobs/" + "0" * 64)[0], 404)

    def test_what_does_not_have_the_digest_or_is_cut_off_is_not_there(self):
        digest = hashlib.sha256(b"right").hexdigest()
        status, problem, _ = self.call("PUT", "/v1/blobs/" + digest, b"wrong")
        self.assertIn(status, (400, 409, 422))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        connection.putrequest("PUT", "/v1/blobs/" + digest)
        connection.putheader("Authorization", "Bearer " + self.server.token)
        connection.putheader("Content-Length", "5")
        connection.endheaders(b"rig")
        connection.close()
        self.assertEqual(self.call("GET", "/v1/blobs/" + digest)[0], 404)
        for wrong in ["x", "..%2F..%2Fplexus.db", "A" * 64]:
            self.assertEqual(self.call("GET", "/v1/blobs/" + wrong)[0], 404)

    def test_a_gibibyte_goes_in_and_out_with_flat_memory(self):
        piece, count = os.urandom(1 << 20), 1 << 10
        whole = hashlib.sha256()
        for _ in range(count):
            whole.update(piece)
        path = "/v1/blobs/" + whole.hexdigest()
        resident = lambda: int(pathlib.Path(f"/proc/{self.server.process.pid}/statm").read_text().split()[1]) * 4096
        self.put(b"warm")
        before = resident()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        connection.putrequest("PUT", path)
        connection.putheader("Authorization", "Bearer " + self.server.token)
        connection.putheader("Content-Length", str(count << 20))
        connection.endheaders()
        for _ in range(count):
            connection.send(piece)
        self.assertEqual(connection.getresponse().status, 201)
        connection.close()
        most = resident() - before
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        connection.request("GET", path, headers={"Authorization": "Bearer " + self.server.token})
        answer, back, size = connection.getresponse(), hashlib.sha256(), 0
        while got := answer.read(1 << 20):
            back.update(got)
            size += len(got)
            if size % (64 << 20) < (1 << 20):
                most = max(most, resident() - before)
        connection.close()
        self.assertEqual((size, back.hexdigest()), (count << 20, whole.hexdigest()))
        self.assertLess(most, 100 << 20)

    def test_only_what_nothing_refers_to_is_cleared_away(self):
        self.functions()
        self.worker()
        job = self.job("machine")
        used = self.server.query("MATCH (:Job {id: $id})-[:RESULTED_IN]->(a:Artifact) RETURN a.sha256", id=job["id"])[0][0]
        named, loose = self.put(b"named by a call's input"), self.put(b"named by nobody")
        self.server.request("POST", "/v1/jobs", {"function": "machine", "input": {"file": named}})
        blobs = self.folder / "data" / "blobs"
        for digest in (used, named, loose):
            os.utime(blobs / digest[:2] / digest, (0, time.time() - 3600))
        young = self.put(b"new")
        self.assertIn("would remove 1 blobs of 15 bytes", self.server.run("blob", "gc", "--older-than", "30m", "--dry-run"))
        self.assertIn("removed 0 blobs", self.server.run("blob", "gc"))
        self.assertIn("removed 1 blobs of 15 bytes", self.server.run("blob", "gc", "--older-than", "30m"))
        there = {digest: self.call("HEAD", "/v1/blobs/" + digest)[0] for digest in (used, named, loose, young)}
        self.assertEqual(there, {used: 200, named: 200, loose: 404, young: 200})
        self.put(b"named by nobody")
        self.assertIn("removed 0 blobs", self.server.run("blob", "gc", "--older-than", "30m"))
        self.assertEqual(self.server.request("POST", "/v1/blobs:gc", {"older_than": "soon"})[0], 400)


if __name__ == "__main__":
    unittest.main()

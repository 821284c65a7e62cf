"""The routes that are answered on the event loop: same answers as the others, whatever way requests come."""
import http.client
import json
import re
import socket
import time
import unittest
from random import Random

from plexus import Case

KEY = {"user": "user:anne", "relation": "can_see", "object": "zone:lab"}


class Hot(Case):
    def setUp(self):
        super().setUp()
        self.server.query("CREATE (:User {id: 'anne'})-[:OPEN_TO]->(:Zone {id: 'lab'}), (:User {id: 'bob'})")

    def raw(self, *requests, pieces=None, pause=0.02):
        """Sends bytes on one connection -> all bytes that come back until the server has nothing more to say."""
        with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
            for piece in pieces or [b"".join(requests)]:
                connection.sendall(piece)
                if pieces:
                    time.sleep(pause)
            connection.settimeout(1)
            answer = b""
            try:
                while part := connection.recv(65536):
                    answer += part
            except socket.timeout:
                pass
            return answer

    def ask(self, body, path="/stores/plexus/check", headers="", token=None):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return (f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token or self.server.token}\r\nContent-Type: application/json\r\n"
                f"{headers}Content-Length: {len(body)}\r\n\r\n").encode() + body

    def test_hot_and_other_roads_give_the_same_answers(self):
        bob = {**KEY, "user": "user:bob"}
        bodies = [{"tuple_key": KEY}, {"tuple_key": bob}, {"tuple_key": {**KEY, "relation": "nothing"}}, {"tuple_key": {**KEY, "object": "nothing:1"}},
                  {"tuple_key": {"user": "anne"}}, {}, {"tuple_key": KEY, "authorization_model_id": "01H0000000000000000000000"}, {"tuple_key": KEY, "context": 1}]
        for body in bodies:
            with self.subTest(body=body):
                hot = self.server.request("POST", "/stores/plexus/check", body)
                # A member that hot routes leave to the others.
                self.assertEqual(hot, self.server.request("POST", "/stores/plexus/check", {**body, "consistency": "UNSPECIFIED"}))
        for subject, decision in (("anne", True), ("bob", False), ("nobody", False)):
            body = {"subject": {"type": "user", "id": subject}, "action": {"name": "can_see"}, "resource": {"type": "zone", "id": "lab"}}
            self.assertEqual(self.server.request("POST", "/access/v1/evaluation", body), (200, {"decision": decision}))

    def test_both_roads_send_the_same_headers(self):
        def names(path, body):
            answer = self.raw(self.ask(body, path)).split(b"\r\n\r\n")[0].decode().split("\r\n")
            return answer[0], [line.split(":")[0].lower() for line in answer[1:]]
        hot = names("/stores/plexus/check", {"tuple_key": KEY})
        self.assertEqual(hot, names("/stores/plexus/check", {"tuple_key": KEY, "consistency": "UNSPECIFIED"}))
        date = re.search(rb"\r\ndate: ([^\r]*)", self.raw(self.ask({"tuple_key": KEY})), re.I).group(1).decode()
        now = time.gmtime()
        self.assertLess(abs(time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.mktime(now)), 5)

    def test_who_may_not_ask_is_refused(self):
        for token, status in (("plx_x_y", 401), ("nothing", 401)):
            self.assertEqual(self.server.request("POST", "/stores/plexus/check", {"tuple_key": KEY}, token=token)[0], status)
        self.assertEqual(self.server.request("POST", "/stores/plexus/check", {"tuple_key": KEY}, token=None)[0], 401)
        self.server.run("user", "add", "carl")
        token = self.server.run("token", "create", "--user", "carl").strip()
        ask = lambda: self.server.request("POST", "/stores/plexus/check", {"tuple_key": KEY}, token=token)[0]
        self.assertEqual(ask(), 403)
        tuples = [{"user": "user:carl", "relation": "checker", "object": "graph:plexus"}]
        self.server.request("POST", "/stores/plexus/write", {"writes": {"tuple_keys": tuples}})
        self.assertEqual(ask(), 200)
        self.server.run("user", "disable", "carl")
        self.assertEqual(ask(), 401)

    def test_answers_keep_the_order_of_pipelined_requests(self):
        slow = self.ask({"statement": "RETURN 7 AS seven"}, "/db/plexus/query/v2")
        hot, denied = self.ask({"tuple_key": KEY}), self.ask({"tuple_key": {**KEY, "user": "user:bob"}})
        health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = self.raw(hot, denied, slow, hot, slow, health, denied)
        found = re.findall(rb'"allowed":true|"allowed":false|"seven"|"status":"ok"', answer)
        self.assertEqual(found, [b'"allowed":true', b'"allowed":false', b'"seven"', b'"allowed":true', b'"seven"', b'"status":"ok"', b'"allowed":false'])
        self.assertEqual(self.raw(hot * 200).count(b'"allowed":true'), 200)

    def test_however_bytes_are_cut_answers_are_the_same(self):
        cold = self.ask({"statement": "RETURN 7 AS seven"}, "/db/plexus/query/v2")
        hot, denied = self.ask({"tuple_key": KEY}), self.ask({"tuple_key": {**KEY, "user": "user:bob"}})
        wrong, strange = self.ask(b"{nonsense"), self.ask({"tuple_key": KEY}, headers="Expect: 100-continue\r\n")
        health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        chunked = (b"POST /stores/plexus/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self.server.token.encode()
                   + b"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
        kinds = {hot: b"true", denied: b"false", cold: b"seven", wrong: b"400", strange: b"true", health: b"ok", chunked: b"400"}
        random = Random(7)
        for _ in range(12):
            requests = random.choices(list(kinds), weights=(4, 4, 2, 1, 1, 2, 0.3), k=20)
            whole, pieces = b"".join(requests), []
            while whole:
                size = random.choice((1, 7, 60, 300, 2000))
                pieces.append(whole[:size])
                whole = whole[size:]
            answer = self.raw(pieces=pieces, pause=0.001)
            found = re.findall(rb'"allowed":(true)|"allowed":(false)|"(seven)"|HTTP/1.1 (400)|"status":"(ok)"', answer)
            self.assertEqual([b"".join(parts) for parts in found], [kinds[request] for request in requests])

    def test_what_is_cut_off_ends_the_connection_and_nothing_else(self):
        whole = self.ask({"tuple_key": KEY})
        for count in (10, 100, len(whole) - 1):
            with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
                connection.sendall(whole + whole[:count])
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(5)
                answer = b""
                while part := connection.recv(65536):
                    answer += part
            self.assertEqual(answer.count(b'"allowed":true'), 1)
        self.assertEqual(self.server.request("GET", "/healthz")[0], 200)

    def test_a_write_is_seen_by_the_next_check_of_the_connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        headers = {"Authorization": "Bearer " + self.server.token, "Content-Type": "application/json"}
        def post(path, body):
            connection.request("POST", path, json.dumps(body), headers)
            return json.loads(connection.getresponse().read())
        tuples = {"tuple_keys": [{"user": "user:bob", "relation": "open_to", "object": "zone:lab"}]}
        bob = {"tuple_key": {**KEY, "user": "user:bob"}}
        for _ in range(20):
            self.assertFalse(post("/stores/plexus/check", bob)["allowed"])
            post("/stores/plexus/write", {"writes": tuples})
            self.assertTrue(post("/stores/plexus/check", bob)["allowed"])
            post("/stores/plexus/write", {"deletes": tuples})
        connection.close()

    def test_bodies_come_in_chunks_in_pieces_and_too_long(self):
        body = json.dumps({"tuple_key": KEY}).encode()
        head = (f"POST /stores/plexus/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.server.token}\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
        chunks = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body) + b"0\r\n\r\n"
        self.assertIn(b'"allowed":true', self.raw(head + chunks))
        whole = self.ask({"tuple_key": KEY})
        self.assertIn(b'"allowed":true', self.raw(pieces=[whole[:20], whole[20:150], whole[150:-10], whole[-10:]]))
        padded = body + b" " * 200_000
        self.assertIn(b'"allowed":true', self.raw(self.ask(padded)))
        self.assertTrue(self.raw(self.ask(b" " * (9 << 20))).startswith(b"HTTP/1.1 413"))
        self.assertTrue(self.raw(self.ask(b"{nonsense")).startswith(b"HTTP/1.1 400"))

    def test_a_connection_ends_when_the_client_says_so(self):
        with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
            connection.sendall(self.ask({"tuple_key": KEY}, headers="Connection: close\r\n"))
            connection.settimeout(5)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        self.assertIn(b'"allowed":true', answer)

    def test_request_ids_come_back(self):
        self.assertIn(b"mine-7", self.raw(self.ask({"tuple_key": KEY}, headers="X-Request-ID: mine-7\r\n")))

    def test_decisions_of_hot_routes_are_kept(self):
        self.server.stop()
        self.server = self.start("--decision-log", "1")
        self.assertTrue(self.server.request("POST", "/stores/plexus/check", {"tuple_key": KEY})[1]["allowed"])
        time.sleep(1.5)
        lines = self.server.request("GET", "/v1/audit?stream=decisions")[1]["lines"]
        self.assertEqual([(line["subject"], line["decision"], line["by"]) for line in lines], [("user:anne", True, "admin")])


if __name__ == "__main__":
    unittest.main()

"""Tokens of an OpenID Connect provider, and TLS: with a real provider, real keys and certificates."""
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time
import unittest
import urllib.request

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from plexus import Case, Server, run


class Provider:
    """A provider on loopback: its description, its keys, and tokens that it signs."""

    def __init__(self):
        self.keys = {"one": rsa.generate_private_key(65537, 2048)}
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(
                    {"issuer": provider.issuer, "jwks_uri": provider.issuer + "/keys"}
                    if self.path == "/.well-known/openid-configuration" else provider.key_set()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def key_set(self):
        return {"keys": [
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": name, "use": "sig"}
            for name, key in self.keys.items()]}

    def token(self, user, key="one", **claims):
        now = int(time.time())
        return jwt.encode(
            {"iss": self.issuer, "aud": "plexus", "sub": user, "iat": now, "exp": now + 300, **claims},
            self.keys[key], algorithm="RS256", headers={"kid": key})

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class OpenIDConnect(Case):
    def setUp(self):
        self.provider = Provider()
        self.addCleanup(self.provider.close)
        super().setUp()

    def server_options(self):
        return ["--oidc-issuer", self.provider.issuer, "--oidc-add-users"]

    def test_tokens_of_the_provider_let_people_in_over_http_and_bolt(self):
        token = self.provider.token("dora", name="Dora")
        status, answer = self.server.request("GET", "/v1/users/dora", token=token)
        self.assertEqual((status, answer["name"], answer["roles"]), (200, "Dora", ["ordinary_user"]))
        self.assertEqual(self.server.request("GET", "/v1/users", token=token)[0], 403)
        self.server.run("user", "grant", "dora", "administrator")
        self.assertEqual(self.server.request("GET", "/v1/users", token=token)[0], 200)
        narrow = self.provider.token("dora", scope="openid plexus:read")
        self.assertEqual(self.server.request("GET", "/v1/users", token=narrow)[0], 403)
        import neo4j
        with neo4j.GraphDatabase.driver(self.server.bolt, auth=neo4j.bearer_auth(token)) as driver:
            self.assertEqual(driver.execute_query("RETURN 1 AS one").records[0]["one"], 1)

    def test_other_tokens_do_not(self):
        other = Provider()
        self.addCleanup(other.close)
        forged = other.token("admin", iss=self.provider.issuer)
        for token in [
            forged, self.provider.token("admin", aud="shop"), self.provider.token("admin", exp=int(time.time()) - 120),
            self.provider.token("admin")[:-8] + "AAAAAAAA",
        ]:
            status, problem = self.server.request("GET", "/v1/users", token=token)
            self.assertEqual((status, problem["code"]), (401, "invalid_token"))
        self.assertEqual(self.server.request("GET", "/v1/users", token=self.provider.token("admin"))[0], 200)

    def test_a_disabled_user_stays_out(self):
        token = self.provider.token("dora")
        self.assertEqual(self.server.request("GET", "/v1/users/dora", token=token)[0], 200)
        self.server.run("user", "disable", "dora")
        self.assertEqual(self.server.request("GET", "/v1/users/dora", token=token)[0], 401)


class Encryption(Case):
    def server_options(self):
        self.certificate, self.key = self.path("certificate.pem"), self.path("key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", self.key, "-out", self.certificate],
            check=True, capture_output=True)
        return ["--tls-certificate", self.certificate, "--tls-key", self.key]

    def test_https_and_on_this_machine_http_on_one_port(self):
        encrypted = self.server.url.replace("http://", "https://")
        context = ssl.create_default_context(cafile=self.certificate)
        with urllib.request.urlopen(encrypted + "/readyz", context=context) as answer:
            self.assertEqual(answer.status, 200)
        request = urllib.request.Request(
            encrypted + "/v1/users", headers={"Authorization": "Bearer " + self.server.token})
        with urllib.request.urlopen(request, context=context) as answer:
            self.assertIn("admin", answer.read().decode())
        self.assertEqual(self.server.request("GET", "/readyz")[0], 200)
        # What clients look for first says it as they came.
        for url in (encrypted, self.server.url):
            with urllib.request.urlopen(url + "/", context=context if url == encrypted else None) as answer:
                self.assertEqual(json.load(answer)["query"], url + "/db/{databaseName}/query/v2")

    def test_the_command_line_trusts_the_certificate_it_is_told_of(self):
        environment = {"PLEXUS_URL": self.server.url.replace("http://", "https://"), "PLEXUS_TOKEN": self.server.token}
        self.assertIn("admin", run("user", "list", environment={**environment, "PLEXUS_CA": self.certificate}))
        told = run("user", "list", code=3, environment=environment)
        self.assertIn("cannot reach https://", told)

    def test_what_is_neither_ends_the_connection_only(self):
        host, port = self.server.url.removeprefix("http://").split(":")
        for sent in [b"\x16\x03\x01\x00\x05hello", b"\x16", b"\x00" * 100, b"\xff" * 70_000]:
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                try:
                    while connection.recv(4096):
                        pass
                except ConnectionError:
                    pass
        self.assertEqual(self.server.request("GET", "/readyz")[0], 200)

    def test_another_machine_must_encrypt(self):
        address = next((a for a in subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split() if "." in a), None)
        if address is None:
            self.skipTest("this machine has no address but loopback")
        server = Server(self.path("open"), "--tls-certificate", self.certificate, "--tls-key", self.key, host=address)
        try:
            with self.assertRaises(Exception):
                urllib.request.urlopen(server.url + "/healthz", timeout=5)
            context = ssl._create_unverified_context()
            with urllib.request.urlopen(server.url.replace("http://", "https://") + "/healthz", context=context) as answer:
                self.assertEqual(answer.status, 200)
        finally:
            server.stop()


if __name__ == "__main__":
    unittest.main()

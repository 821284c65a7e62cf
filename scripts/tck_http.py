#!/usr/bin/env python3
"""Runs the openCypher kit's own runner over Plexus's HTTP Query API (until Bolt is there).

usage: tck_http.py CONFORMANCE-FOLDER URL [arguments of tck_bolt.py]
"""
import http.client
import json
import sys
import types
import urllib.parse

folder, url = sys.argv[1], sys.argv[2]
sys.path.insert(0, folder + "/opencypher")
import tck_bolt  # noqa: E402


class Plexus(tck_bolt.Adapter):
    name = "plexus-http"

    def open(self):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)

    def run(self, query, params):
        body = json.dumps({"statement": query, "parameters": params})
        try:
            self.connection.request("POST", "/db/plexus/query/v2", body, {"Content-Type": "application/json"})
            answer = json.loads(self.connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.connection.close()
            raise tck_bolt.TransportError(str(error)) from error
        if "errors" in answer:
            first = answer["errors"][0]
            raise tck_bolt.DatabaseError(first["code"], first["message"])
        data = answer["data"]
        return data["fields"], [[self.value(v) for v in row] for row in data["values"]]

    def reset(self):
        self.run("MATCH (n) DETACH DELETE n", {})

    def value(self, v):
        if isinstance(v, dict):
            if v.keys() == {"elementId", "labels", "properties"}:
                return tck_bolt.Node(frozenset(v["labels"]), self.properties(v), v["elementId"])
            if v.keys() == {"elementId", "startNodeElementId", "endNodeElementId", "type", "properties"}:
                return tck_bolt.Rel(v["type"], self.properties(v), v["elementId"])
            if v.keys() == {"path"}:
                nodes = [self.value(n) for n in v["path"][0::2]]
                rels = [(self.value(r), r["startNodeElementId"] == n.id) for r, n in zip(v["path"][1::2], nodes)]
                return tck_bolt.Path(tuple(nodes), tuple(rels))
            return {k: self.value(x) for k, x in v.items()}
        if isinstance(v, list):
            if self.is_path(v):
                return self.value({"path": v})
            return [self.value(x) for x in v]
        if v in ("NaN", "Infinity", "-Infinity"):
            return float(v.lower().replace("infinity", "inf"))
        return v

    @staticmethod
    def is_path(v):
        """Plain JSON writes a path as the list of its parts: nodes and the relationships between them."""
        if len(v) % 2 == 0 or not all(isinstance(x, dict) and "elementId" in x for x in v):
            return False
        return all("labels" in n for n in v[0::2]) and all(
            "type" in r and {r["startNodeElementId"], r["endNodeElementId"]} == {a["elementId"], b["elementId"]}
            for r, a, b in zip(v[1::2], v[0::2], v[2::2])) and len(v) > 1

    def properties(self, v):
        return {k: self.value(x) for k, x in v["properties"].items()}


peers = types.ModuleType("peers")
peers.make = lambda name: Plexus()
sys.modules["peers"] = peers
if __name__ == "__main__":
    sys.exit(tck_bolt.main(["--embedded", "plexus", "--features", folder + "/opencypher/features", *sys.argv[3:]]))

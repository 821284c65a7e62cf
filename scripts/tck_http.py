#!/usr/bin/env python3
"""Runs the openCypher kit's own runner over Plexus's HTTP Query API, with typed JSON.

usage: tck_http.py CONFORMANCE-FOLDER URL [arguments of tck_bolt.py]

Errors must have the kit's names, and procedures are defined on the server.
"""
import http.client
import json
import sys
import types
import urllib.parse

folder, url = sys.argv[1], sys.argv[2]
sys.path.insert(0, folder + "/opencypher")
import tck_bolt  # noqa: E402

TYPED = "application/vnd.neo4j.query"


class Plexus(tck_bolt.Adapter):
    name = "plexus-http"

    def open(self):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)

    def run(self, query, params):
        body = json.dumps({"statement": query, "parameters": params})
        try:
            self.connection.request("POST", "/db/plexus/query/v2", body,
                                    {"Content-Type": "application/json", "Accept": TYPED})
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

    def value(self, typed):
        kind, v = typed["$type"], typed["_value"]
        if kind == "Integer":
            return int(v)
        if kind == "Float":
            return float(v.lower().replace("infinity", "inf"))
        if kind == "List":
            return [self.value(x) for x in v]
        if kind == "Map":
            return {k: self.value(x) for k, x in v.items()}
        if kind == "Node":
            return tck_bolt.Node(frozenset(v["_labels"]), self.properties(v), v["_element_id"])
        if kind == "Relationship":
            return tck_bolt.Rel(v["_type"], self.properties(v), v["_element_id"])
        if kind == "Path":
            nodes = [self.value(n) for n in v[0::2]]
            rels = [(self.value(r), r["_value"]["_start_node_element_id"] == n.id) for r, n in zip(v[1::2], nodes)]
            return tck_bolt.Path(tuple(nodes), tuple(rels))
        return v

    def properties(self, v):
        return {k: self.value(x) for k, x in v["_properties"].items()}


peers = types.ModuleType("peers")
peers.make = lambda name: Plexus()
sys.modules["peers"] = peers
if __name__ == "__main__":
    sys.exit(tck_bolt.main(
        ["--embedded", "plexus", "--features", folder + "/opencypher/features", "--strict-errors", "detail",
         "--procedures", url + "/v1/procedures", *sys.argv[3:]]))

"""Plexus guards itself: users, groups, zones, tokens, and what each may do over HTTP and on the command line."""
import base64
import time
import unittest

from plexus import Case, run


class People(Case):
    def user(self, name, *options, password="correct horse"):
        self.server.run("user", "add", name, "--password", *options, stdin=password + "\n")
        return self.server.run("token", "create", "--user", name).strip()

    def basic(self, name, password):
        header = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
        return self.server.request("GET", f"/v1/users/{name}", token=None, headers={"Authorization": header})

    def test_users_come_in_by_password_and_by_token(self):
        token = self.user("anne", "--name", "Anne", "--role", "business_user")
        status, anne = self.basic("anne", "correct horse")
        self.assertEqual((status, anne["roles"], anne["has_password"]), (200, ["business_user"], True))
        self.assertEqual(self.basic("anne", "wrong horse")[0], 401)
        self.assertEqual(self.server.request("GET", "/v1/users/anne", token=token)[0], 200)
        self.server.run("user", "disable", "anne")
        self.assertEqual(self.server.request("GET", "/v1/users/anne", token=token)[0], 401)
        self.assertEqual(self.basic("anne", "correct horse")[0], 401)
        self.server.run("user", "enable", "anne")
        self.assertEqual(self.basic("anne", "correct horse")[0], 200)
        self.assertIn("anne,Anne,person,enabled", self.server.run("user", "list", "--format", "csv"))
        self.server.run("user", "password", "anne", stdin="another horse\n")
        self.assertEqual((self.basic("anne", "correct horse")[0], self.basic("anne", "another horse")[0]), (401, 200))

    def test_guessing_is_locked_out_with_a_growing_delay(self):
        self.user("anne")
        for _ in range(5):
            self.assertEqual(self.basic("anne", "wrong")[0], 401)
        status, problem = self.basic("anne", "correct horse")
        self.assertEqual((status, problem["code"]), (429, "locked_out"))
        time.sleep(1.1)
        self.assertEqual(self.basic("anne", "wrong")[0], 401)
        self.assertIn("try again in 2 s", self.basic("anne", "correct horse")[1]["detail"])

    def test_an_ordinary_user_is_refused_with_the_question_that_was_asked(self):
        token = self.user("bob")
        status, problem = self.server.request("GET", "/v1/users", token=token)
        self.assertEqual((status, problem["code"]), (403, "forbidden"))
        self.assertEqual(problem["permission"], {"subject": "user:bob", "relation": "can_administer", "object": "network:plexus", "scope": "administer"})
        told = run("user", "list", code=4, environment={"PLEXUS_URL": self.server.url, "PLEXUS_TOKEN": token})
        self.assertIn("user:bob may not can_administer network:plexus", told)
        status, answer = self.server.request("POST", "/db/plexus/query/v2", {"statement": "MATCH (n) RETURN n"}, token=token)
        self.assertEqual((status, answer["errors"][0]["code"]), (403, "Neo.ClientError.Security.Forbidden"))
        told = run("shell", "-c", "MATCH (n) RETURN n", code=None, environment={"PLEXUS_URL": self.server.url, "PLEXUS_TOKEN": token})
        self.assertIn("may not can_read graph:plexus", told)

    def test_tokens_have_scopes_and_ends_and_are_shown_once(self):
        reads = self.server.run("token", "create", "--name", "reads", "--scope", "read").strip()
        ask = lambda statement: self.server.request("POST", "/db/plexus/query/v2", {"statement": statement}, token=reads)[0]
        self.assertEqual((ask("RETURN 1"), ask("CREATE (:A)")), (202, 403))
        listed = self.server.run("token", "list", "--format", "csv")
        self.assertIn("reads", listed)
        self.assertNotIn(reads.split("_")[2], listed)
        self.server.run("token", "revoke", reads.split("_")[1])
        self.assertEqual(ask("RETURN 1"), 401)
        over = self.server.run("token", "create", "--expires", "2020-01-01T00:00:00Z").strip()
        self.assertEqual(self.server.request("GET", "/v1/users/admin", token=over)[0], 401)
        # Nobody gets a token that is good for more than the one that asked for it.
        narrow = self.server.run("token", "create", "--user", "admin", "--scope", "read").strip()
        status, made = self.server.request("POST", "/v1/tokens", {}, token=narrow)
        self.assertEqual(status, 201)
        self.assertEqual(self.server.request("GET", "/v1/users", token=made["token"])[0], 403)

    def test_lists_come_in_pages(self):
        for number in range(5):
            self.server.run("group", "add", f"g{number}")
        seen, token = [], ""
        while True:
            status, page = self.server.request("GET", f"/v1/groups?page_size=2&continuation_token={token}")
            self.assertEqual(status, 200)
            seen += [group["id"] for group in page["groups"]]
            token = page["continuation_token"]
            if not token:
                break
        self.assertEqual(seen, ["administrators", "g0", "g1", "g2", "g3", "g4"])
        self.assertEqual(self.server.request("GET", "/v1/groups?page_size=0")[0], 400)
        self.assertEqual(self.server.request("GET", "/v1/accounts")[1], {"accounts": [], "continuation_token": ""})


class Zones(Case):
    def setUp(self):
        super().setUp()
        self.functions()
        for name in ("anne", "bob"):
            self.server.run("user", "add", name)
        self.anne, self.bob = (self.server.run("token", "create", "--user", name).strip() for name in ("anne", "bob"))
        self.server.run("group", "add", "eng")
        self.server.run("group", "add-member", "eng", "anne")
        self.server.run("zone", "add", "lab")
        self.server.run("zone", "open", "lab", "group:eng")
        self.name = self.server.request("GET", "/v1/functions")[1]["functions"][0]["name"]
        self.server.run("zone", "contain", "lab", "function:" + self.name)

    def test_what_no_zone_opens_is_not_there(self):
        seen = lambda token: [one["name"] for one in self.server.request("GET", "/v1/functions", token=token)[1]["functions"]]
        self.assertEqual((seen(self.anne), seen(self.bob)), ([self.name], []))
        self.assertEqual(self.server.request("GET", "/v1/functions/" + self.name, token=self.anne)[0], 200)
        status, hidden = self.server.request("GET", "/v1/functions/" + self.name, token=self.bob)
        _, absent = self.server.request("GET", "/v1/functions/nothing", token=self.bob)
        self.assertEqual((status, hidden["code"], hidden["detail"].replace(self.name, "nothing")), (404, "not_found", absent["detail"]))
        call = {"function": self.name, "input": {}}
        self.assertEqual(self.server.request("POST", "/v1/jobs", call, token=self.bob)[0], 404)
        status, job = self.server.request("POST", "/v1/jobs", call, token=self.anne)
        self.assertEqual(status, 201)
        # Jobs are seen by those who started them and by those who operate the network.
        path = "/v1/jobs/" + job["id"]
        self.assertEqual([self.server.request("GET", path, token=token)[0] for token in (self.anne, self.bob, "own")], [200, 403, 200])
        self.assertEqual(self.server.request("GET", "/v1/jobs", token=self.bob)[1]["jobs"], [])
        self.assertEqual([one["id"] for one in self.server.request("GET", "/v1/jobs", token=self.anne)[1]["jobs"]], [job["id"]])
        self.assertEqual(self.server.request("PATCH", path, {"priority": 9}, token=self.anne)[0], 403)

    def test_closing_a_zone_hides_at_once(self):
        self.assertEqual([zone["id"] for zone in self.server.request("GET", "/v1/zones", token=self.anne)[1]["zones"]], ["lab"])
        self.server.run("zone", "close", "lab", "group:eng")
        self.assertEqual(self.server.request("GET", "/v1/zones", token=self.anne)[1]["zones"], [])
        self.assertEqual(self.server.request("GET", "/v1/functions", token=self.anne)[1]["functions"], [])
        # The same fact in Cypher.
        self.server.query("MATCH (g:Group {id: 'eng'}), (z:Zone {id: 'lab'}) CREATE (g)-[:OPEN_TO {subject_relation: 'member'}]->(z)")
        self.assertEqual(len(self.server.request("GET", "/v1/functions", token=self.anne)[1]["functions"]), 1)

    def test_views_are_seen_as_zones_open_them(self):
        names = lambda token: [view["name"] for view in self.server.request("GET", "/v1/views", token=token)[1]["views"]]
        self.assertIn("machines", names("own"))
        self.assertEqual((names(self.anne), self.server.request("GET", "/v1/views/machines.dot", token=self.anne)[0]), ([], 404))
        self.server.run("zone", "contain", "lab", "view:machines")
        self.assertEqual(names(self.anne), ["machines"])
        self.assertEqual(self.server.request("GET", "/v1/views/machines.dot", token=self.anne, raw=True)[0], 200)


class Graphs(Case):
    def setUp(self):
        super().setUp()
        self.server.query("CREATE DATABASE sales")
        self.server.run("user", "add", "anne")
        self.token = self.server.run("token", "create", "--user", "anne").strip()

    def grant(self, relation):
        change = {"writes": {"tuple_keys": [{"user": "user:anne", "relation": relation, "object": "graph:sales"}]}}
        self.assertEqual(self.server.request("POST", "/stores/plexus/write", change)[0], 200)

    def ask(self, statement, graph="sales"):
        return self.server.request("POST", f"/db/{graph}/query/v2", {"statement": statement}, token=self.token)[0]

    def test_who_may_read_does_not_write(self):
        self.assertEqual(self.ask("RETURN 1"), 403)
        self.grant("reader")
        self.assertEqual((self.ask("RETURN 1"), self.ask("CREATE (:A)"), self.ask("RETURN 1", "plexus")), (202, 403, 403))
        self.grant("writer")
        self.assertEqual((self.ask("CREATE (:A)"), self.ask("CREATE INDEX FOR (n:A) ON (n.b)"), self.ask("DROP DATABASE sales")), (202, 403, 403))
        status, begun = self.server.request("POST", "/db/sales/query/v2/tx", {}, token=self.token)
        self.assertEqual(status, 202)
        path = f"/db/sales/query/v2/tx/{begun['transaction']['id']}"
        status, answer = self.server.request("POST", path, {"statement": "CREATE INDEX FOR (n:A) ON (n.b)"}, token=self.token)
        self.assertEqual((status, answer["errors"][0]["code"]), (403, "Neo.ClientError.Security.Forbidden"))

    def test_only_ones_own_graphs_and_transactions_are_shown(self):
        show = lambda statement: self.server.request("POST", "/db/sales/query/v2", {"statement": statement}, token=self.token)[1]["data"]["values"]
        self.assertEqual(show("SHOW DATABASES"), [])
        self.grant("reader")
        self.assertEqual([row[0] for row in show("SHOW DATABASES")], ["sales"])
        self.assertEqual(self.server.request("POST", "/v1/procedures", {"op": "clear"}, token=self.token)[0], 403)
        self.assertEqual([row[-1] for row in show("SHOW TRANSACTIONS YIELD transactionId, username")], ["anne"])

    def test_who_makes_a_store_administers_it(self):
        self.server.run("user", "grant", "anne", "super_user")
        status, store = self.server.request("POST", "/stores", {"name": "orders"}, token=self.token)
        self.assertEqual(status, 201)
        self.assertEqual([one["id"] for one in self.server.request("GET", "/stores", token=self.token)[1]["stores"]], [store["id"]])
        self.assertEqual(self.server.request("DELETE", "/stores/" + store["id"], token=self.token)[0], 204)


if __name__ == "__main__":
    unittest.main()

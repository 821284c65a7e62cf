"""OpenFGA's own Python SDK against the server: every call that it has."""
import datetime
import unittest

from openfga_sdk import ReadRequestTupleKey
from openfga_sdk.client import ClientConfiguration
from openfga_sdk.client.models import (
    ClientAssertion, ClientBatchCheckItem, ClientBatchCheckRequest, ClientCheckRequest, ClientExpandRequest,
    ClientListObjectsRequest, ClientListRelationsRequest, ClientTuple, ClientWriteRequest)
from openfga_sdk.client.models.list_users_request import ClientListUsersRequest
from openfga_sdk.client.models.write_conflict_opts import (
    ClientWriteRequestOnDuplicateWrites, ClientWriteRequestOnMissingDeletes, ConflictOptions)
from openfga_sdk.credentials import CredentialConfiguration, Credentials
from openfga_sdk.exceptions import ApiException, NotFoundException, ValidationException
from openfga_sdk.models import (
    ConditionParamTypeRef, CreateStoreRequest, FgaObject, RelationshipCondition, UserTypeFilter,
    WriteAuthorizationModelRequest)
from openfga_sdk.sync import OpenFgaClient

from plexus import Case

MODEL = {
    "schema_version": "1.1",
    "type_definitions": [
        {"type": "user", "relations": {}},
        {"type": "group", "relations": {"member": {"this": {}}},
         "metadata": {"relations": {"member": {"directly_related_user_types": [{"type": "user"}, {"type": "group", "relation": "member"}]}}}},
        {"type": "folder", "relations": {"parent": {"this": {}}, "viewer": {"union": {"child": [{"this": {}}, {"tupleToUserset": {"tupleset": {"relation": "parent"}, "computedUserset": {"relation": "viewer"}}}]}}},
         "metadata": {"relations": {"parent": {"directly_related_user_types": [{"type": "folder"}]}, "viewer": {"directly_related_user_types": [{"type": "user"}, {"type": "user", "wildcard": {}}, {"type": "group", "relation": "member"}, {"type": "user", "condition": "in_hours"}]}}}},
        {"type": "document", "relations": {"parent": {"this": {}}, "owner": {"this": {}}, "banned": {"this": {}},
                                           "viewer": {"difference": {"base": {"union": {"child": [{"computedUserset": {"relation": "owner"}}, {"tupleToUserset": {"tupleset": {"relation": "parent"}, "computedUserset": {"relation": "viewer"}}}]}}, "subtract": {"computedUserset": {"relation": "banned"}}}}},
         "metadata": {"relations": {"parent": {"directly_related_user_types": [{"type": "folder"}]}, "owner": {"directly_related_user_types": [{"type": "user"}]}, "banned": {"directly_related_user_types": [{"type": "user"}]}, "viewer": {"directly_related_user_types": []}}}},
    ],
    "conditions": {"in_hours": {"name": "in_hours", "expression": "hour >= 9 && hour < 17", "parameters": {"hour": {"type_name": "TYPE_NAME_INT"}}}},
}


def tup(user, relation, obj, **condition):
    return ClientTuple(user=user, relation=relation, object=obj, **condition)


class OpenFGA(Case):
    def setUp(self):
        super().setUp()
        self.configuration = ClientConfiguration(
            api_url=self.server.url, credentials=Credentials(method="api_token", configuration=CredentialConfiguration(api_token=self.server.token)))
        self.client = OpenFgaClient(self.configuration)
        self.addCleanup(self.client.close)
        self.store = self.client.create_store(CreateStoreRequest(name="drive"))
        self.client.set_store_id(self.store.id)
        self.model = self.client.write_authorization_model(MODEL).authorization_model_id
        self.client.set_authorization_model_id(self.model)
        self.client.write(ClientWriteRequest(writes=[
            tup("user:anne", "member", "group:eng"), tup("group:eng#member", "member", "group:staff"),
            tup("group:staff#member", "viewer", "folder:top"), tup("folder:top", "parent", "folder:sub"),
            tup("folder:sub", "parent", "document:plan"), tup("user:bob", "owner", "document:plan"),
            tup("folder:top", "parent", "document:memo"), tup("user:anne", "banned", "document:memo"),
            tup("user:carl", "viewer", "folder:sub", condition=RelationshipCondition(name="in_hours")),
        ]))

    def check(self, user, relation, obj, **more):
        return self.client.check(ClientCheckRequest(user=user, relation=relation, object=obj, **more)).allowed

    def test_stores_are_made_listed_found_and_removed(self):
        self.assertEqual(self.client.get_store().name, "drive")
        self.assertIn(self.store.id, [store.id for store in self.client.list_stores().stores])
        network = [store for store in self.client.list_stores().stores if store.name == "plexus"]
        self.assertEqual(len(network), 1)
        page = self.client.list_stores({"page_size": 1})
        self.assertEqual(len(page.stores), 1)
        rest = self.client.list_stores({"page_size": 1, "continuation_token": page.continuation_token})
        self.assertNotEqual(page.stores[0].id, rest.stores[0].id)
        self.client.delete_store()
        with self.assertRaises(NotFoundException):
            self.client.get_store()

    def test_models_are_versions_that_never_change(self):
        newest = self.client.write_authorization_model({**MODEL, "type_definitions": MODEL["type_definitions"][:2]}).authorization_model_id
        models = self.client.read_authorization_models().authorization_models
        self.assertEqual([model.id for model in models], [newest, self.model])
        self.assertEqual(self.client.read_latest_authorization_model().authorization_model.id, newest)
        old = self.client.read_authorization_model({"authorization_model_id": self.model}).authorization_model
        self.assertEqual([kind.type for kind in old.type_definitions], ["user", "group", "folder", "document"])
        self.assertTrue(self.check("user:anne", "viewer", "document:plan"))

    def test_checks_follow_groups_folders_exclusions_and_conditions(self):
        self.assertTrue(self.check("user:anne", "viewer", "document:plan"))
        self.assertFalse(self.check("user:anne", "viewer", "document:memo"))
        self.assertFalse(self.check("user:dora", "viewer", "document:plan"))
        self.assertTrue(self.check("user:carl", "viewer", "document:plan", context={"hour": 10}))
        self.assertFalse(self.check("user:carl", "viewer", "document:plan", context={"hour": 18}))
        with self.assertRaises(ValidationException):
            self.check("user:carl", "viewer", "document:plan")
        self.assertTrue(self.check("user:dora", "viewer", "document:plan", contextual_tuples=[tup("user:dora", "member", "group:eng")]))
        self.assertFalse(self.check("user:dora", "viewer", "document:plan"))

    def test_batches_answer_each_check(self):
        answers = self.client.batch_check(ClientBatchCheckRequest(checks=[
            ClientBatchCheckItem(user="user:anne", relation="viewer", object="document:plan", correlation_id="a"),
            ClientBatchCheckItem(user="user:dora", relation="viewer", object="document:plan", correlation_id="b"),
            ClientBatchCheckItem(user="user:carl", relation="viewer", object="document:plan", correlation_id="c"),
        ])).result
        found = {answer.correlation_id: answer for answer in answers}
        self.assertTrue(found["a"].allowed)
        self.assertFalse(found["b"].allowed)
        self.assertIsNotNone(found["c"].error)
        relations = self.client.list_relations(ClientListRelationsRequest(user="user:anne", object="document:plan", relations=["owner", "viewer"]))
        self.assertEqual(relations, ["viewer"])

    def test_objects_and_users_are_listed(self):
        request = ClientListObjectsRequest(user="user:anne", relation="viewer", type="document")
        self.assertEqual(self.client.list_objects(request).objects, ["document:plan"])
        streamed = [item.object for item in self.client.streamed_list_objects(request)]
        self.assertEqual(streamed, ["document:plan"])
        users = self.client.list_users(ClientListUsersRequest(
            object=FgaObject(type="document", id="plan"), relation="viewer", user_filters=[UserTypeFilter(type="user")], context={"hour": 10})).users
        self.assertEqual(sorted(user.object.id for user in users), ["anne", "bob", "carl"])
        groups = self.client.list_users(ClientListUsersRequest(
            object=FgaObject(type="document", id="plan"), relation="viewer", user_filters=[UserTypeFilter(type="group", relation="member")], context={"hour": 10})).users
        self.assertEqual(sorted(group.userset.id for group in groups), ["eng", "staff"])
        tree = self.client.expand(ClientExpandRequest(relation="viewer", object="document:plan")).tree.root
        self.assertEqual(tree.name, "document:plan#viewer")
        self.assertEqual(tree.difference.subtract.leaf.computed.userset, "document:plan#banned")

    def test_tuples_are_read_by_part_and_by_page(self):
        page = self.client.read(ReadRequestTupleKey(), {"page_size": 5})
        self.assertEqual(len(page.tuples), 5)
        rest = self.client.read(ReadRequestTupleKey(), {"page_size": 5, "continuation_token": page.continuation_token})
        self.assertEqual((len(rest.tuples), rest.continuation_token), (4, ""))
        found = self.client.read(ReadRequestTupleKey(object="document:plan")).tuples
        self.assertEqual(sorted(item.key.user for item in found), ["folder:sub", "user:bob"])
        found = self.client.read(ReadRequestTupleKey(user="user:anne", object="document:")).tuples
        self.assertEqual([item.key.relation for item in found], ["banned"])
        self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - found[0].timestamp).total_seconds()), 60)
        found = self.client.read(ReadRequestTupleKey(user="user:anne")).tuples
        self.assertEqual(len(found), 2)

    def test_writes_are_whole_and_say_what_hinders_them(self):
        known, other = tup("user:anne", "member", "group:eng"), tup("user:dora", "member", "group:eng")
        with self.assertRaises(ValidationException) as refused:
            self.client.write(ClientWriteRequest(writes=[other, known]))
        self.assertEqual(refused.exception.code, "write_failed_due_to_invalid_input")
        self.assertFalse(self.check("user:dora", "member", "group:eng"))
        ignoring = {"conflict": ConflictOptions(on_duplicate_writes=ClientWriteRequestOnDuplicateWrites.IGNORE, on_missing_deletes=ClientWriteRequestOnMissingDeletes.IGNORE)}
        self.client.write(ClientWriteRequest(writes=[other, known], deletes=[tup("user:zoe", "member", "group:eng")]), ignoring)
        self.assertTrue(self.check("user:dora", "member", "group:eng"))
        with self.assertRaises(ValidationException):
            self.client.delete_tuples([tup("user:zoe", "member", "group:eng")])
        self.client.delete_tuples([other])
        self.assertFalse(self.check("user:dora", "member", "group:eng"))
        with self.assertRaises(ValidationException):
            self.client.write_tuples([tup("user:dora", "viewer", "document:plan")])

    def test_changes_tell_what_happened_in_order(self):
        self.client.delete_tuples([tup("user:anne", "member", "group:eng")])
        changes = self.client.read_changes(_body())
        self.assertEqual(len(changes.changes), 10)
        self.assertEqual(changes.changes[-1].operation, "TUPLE_OPERATION_DELETE")
        self.assertEqual(changes.changes[-1].tuple_key.user, "user:anne")
        again = self.client.read_changes(_body(), {"continuation_token": changes.continuation_token})
        self.assertEqual(again.changes, [])
        self.client.write_tuples([tup("user:eva", "member", "group:eng")])
        again = self.client.read_changes(_body(), {"continuation_token": changes.continuation_token})
        self.assertEqual([change.tuple_key.user for change in again.changes], ["user:eva"])
        documents = self.client.read_changes(_body("document"))
        self.assertEqual({change.tuple_key.object for change in documents.changes}, {"document:plan", "document:memo"})

    def test_assertions_are_kept_by_model(self):
        self.assertEqual(self.client.read_assertions().assertions, [])
        self.client.write_assertions([ClientAssertion(user="user:anne", relation="viewer", object="document:plan", expectation=True)])
        kept = self.client.read_assertions().assertions
        self.assertEqual([(item.tuple_key.user, item.expectation) for item in kept], [("user:anne", True)])

    def test_cypher_and_the_api_see_the_same_facts(self):
        graph = "drive"
        def query(statement):
            status, answer = self.server.request("POST", f"/db/{graph}/query/v2", {"statement": statement})
            self.assertLess(status, 300, answer)
            return answer["data"]["values"]
        self.assertEqual(query("MATCH (:User {id: 'anne'})-[:MEMBER]->(g:Group) RETURN g.id"), [["eng"]])
        query("MATCH (g:Group {id: 'eng'}) CREATE (:User {id: 'gustav'})-[:MEMBER]->(g)")
        self.assertTrue(self.check("user:gustav", "viewer", "document:plan"))
        query("MATCH (:User {id: 'gustav'})-[m:MEMBER]->() SET m.valid_until = datetime('2020-01-01T00:00:00Z')")
        self.assertFalse(self.check("user:gustav", "viewer", "document:plan"))
        query("MATCH (:User {id: 'anne'})-[m:MEMBER]->() DELETE m")
        self.assertFalse(self.check("user:anne", "viewer", "document:plan"))

    def test_without_a_token_nobody_comes_in(self):
        client = OpenFgaClient(ClientConfiguration(api_url=self.server.url, store_id=self.store.id))
        self.addCleanup(client.close)
        with self.assertRaises(ApiException) as refused:
            client.check(ClientCheckRequest(user="user:anne", relation="viewer", object="document:plan"))
        self.assertEqual(refused.exception.status, 401)


def _body(kind=None):
    from openfga_sdk.client.models import ClientReadChangesRequest
    return ClientReadChangesRequest(type=kind)


if __name__ == "__main__":
    unittest.main()

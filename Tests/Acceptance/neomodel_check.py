"""neomodel 7, the object mapper, on a server of its own: define, install, save, query. It wants an older driver than
`bolt_tests.py`, so it has requirements and a virtual environment of its own (`make test`)."""
import contextlib
import datetime
import io
import pathlib
import shutil
import tempfile
import unittest

from neomodel import (
    ArrayProperty, DateProperty, DateTimeProperty, FloatProperty, IntegerProperty, JSONProperty, OneOrMore, Relationship, RelationshipFrom,
    RelationshipTo, StringProperty, StructuredNode, StructuredRel, UniqueIdProperty, ZeroOrOne, db, get_config)
from neomodel.exceptions import DoesNotExist, RequiredProperty, UniqueProperty

from plexus import Server


class Country(StructuredNode):
    code = StringProperty(unique_index=True, required=True)
    people = RelationshipFrom("Person", "IS_FROM")


class City(StructuredNode):
    name = StringProperty(required=True, index=True)
    area = FloatProperty()


class Friendship(StructuredRel):
    since = IntegerProperty(index=True)


class Origin(StructuredRel):
    pass


class Home(StructuredRel):
    pass


class Person(StructuredNode):
    uid = UniqueIdProperty()
    name = StringProperty(unique_index=True)
    age = IntegerProperty(index=True, default=0)
    born = DateProperty()
    seen = DateTimeProperty(default_now=True)
    tags = ArrayProperty(StringProperty())
    extra = JSONProperty()
    country = RelationshipTo(Country, "IS_FROM", model=Origin, cardinality=ZeroOrOne)
    cities = RelationshipTo(City, "LIVES_IN", model=Home, cardinality=OneOrMore)
    friends = Relationship("Person", "FRIEND", model=Friendship)


class Employee(Person):
    salary = IntegerProperty()


class Neomodel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="plexus-neomodel-"))
        cls.addClassCleanup(shutil.rmtree, folder, True)
        server = Server(folder / "data", "--durability", "relaxed")
        cls.addClassCleanup(lambda: server.process.poll() is None and server.stop())
        get_config().database_url = server.bolt.replace("://", f"://neo4j:{server.token}@")
        cls.addClassCleanup(db.close_connection)
        db.install_all_labels(stdout=io.StringIO())

    def setUp(self):
        db.cypher_query("MATCH (n) WHERE n:Person OR n:Country OR n:City DETACH DELETE n")
        self.germany = Country(code="DE").save()
        self.jim = Person(name="Jim", age=3, born=datetime.date(2000, 1, 2), tags=["a", "b"], extra={"x": [1]}).save()
        self.ann = Person(name="Ann", age=50).save()

    def test_the_server_is_recognised(self):
        self.assertEqual((db.database_version, db.database_edition), ("5.26.0", "community"))

    def test_constraints_and_indexes_are_installed(self):
        constraints = {(tuple(r["labelsOrTypes"]), tuple(r["properties"]), r["type"]) for r in db.list_constraints()}
        for label, key in (("Country", "code"), ("Person", "uid"), ("Person", "name")):
            self.assertIn(((label,), (key,), "UNIQUE"), constraints)
        indexes = {(tuple(r["labelsOrTypes"]), tuple(r["properties"])) for r in db.list_indexes() if r["labelsOrTypes"]}
        self.assertLessEqual({(("City",), ("name",)), (("Person",), ("age",)), (("FRIEND",), ("since",))}, indexes)
        with contextlib.redirect_stdout(io.StringIO()):
            db.install_all_labels(stdout=io.StringIO())  # again: nothing happens

    def test_what_was_saved_is_found(self):
        found = Person.nodes.get(name="Jim")
        self.assertEqual(
            (found.uid, found.age, found.born, found.tags, found.extra, found.seen),
            (self.jim.uid, 3, datetime.date(2000, 1, 2), ["a", "b"], {"x": [1]}, self.jim.seen))
        self.assertEqual(found.labels(), ["Person"])
        self.assertEqual(len(Person.nodes), 2)
        self.assertIsNone(Person.nodes.get_or_none(name="Nobody"))
        with self.assertRaises(DoesNotExist):
            Person.nodes.get(name="Nobody")
        found.age = 4
        found.save()
        self.jim.refresh()
        self.assertEqual(self.jim.age, 4)
        found.delete()
        self.assertEqual([p.name for p in Person.nodes.all()], ["Ann"])

    def test_filters(self):
        def names(nodes):
            return [person.name for person in nodes.order_by("name")]

        people = lambda: Person.nodes
        self.assertEqual(names(people().filter(age__gt=3)), ["Ann"])
        self.assertEqual(names(people().filter(age__in=[1, 2, 3], name__startswith="J")), ["Jim"])
        self.assertEqual(names(people().filter(name__icontains="IM")), ["Jim"])
        self.assertEqual(names(people().filter(name__regex="[AJ].*")), ["Ann", "Jim"])
        self.assertEqual(names(people().exclude(age=3)), ["Ann"])
        self.assertEqual(names(people().filter(born__isnull=True)), ["Ann"])
        self.assertEqual(names(people().filter(age__lte=3)), ["Jim"])
        self.assertEqual([p.name for p in people().order_by("-age")[0:1]], ["Ann"])

    def test_relationships(self):
        berlin = City(name="Berlin", area=891.7).save()
        self.jim.country.connect(self.germany)
        self.jim.cities.connect(berlin)
        self.jim.friends.connect(self.ann, {"since": 1990})
        self.assertEqual(self.jim.friends.relationship(self.ann).since, 1990)
        self.assertEqual([c.code for c in self.jim.country.all()], ["DE"])
        self.assertEqual([p.name for p in self.germany.people.all()], ["Jim"])
        self.assertTrue(self.jim.friends.is_connected(self.ann))
        self.assertEqual([row[0].name for row in Person.nodes.filter(country__code="DE")], ["Jim"])
        self.assertEqual([p.name for p in self.ann.friends.match(since__lt=2000)], ["Jim"])
        rows = Person.nodes.traverse("country", "cities").all()
        self.assertLessEqual({"Person", "Country", "City"}, {type(item).__name__ for item in rows[0]})
        self.jim.friends.disconnect(self.ann)
        self.assertEqual(self.jim.friends.all(), [])

    def test_rules_are_kept(self):
        with self.assertRaises(UniqueProperty):
            Person(name="Jim").save()
        with self.assertRaises(RequiredProperty):
            City().save()

    def test_many_at_once(self):
        created = Person.nodes.bulk_create({"name": "Bob", "age": 1}, {"name": "Eve", "age": 2})
        self.assertEqual([p.name for p in created], ["Bob", "Eve"])
        City.nodes.bulk_create({"name": "Bonn", "area": 1.0})
        City.nodes.bulk_create_or_update({"name": "Bonn", "area": 141.0}, {"name": "Kiel", "area": 118.6})
        self.assertEqual(City.nodes.get(name="Bonn").area, 141)
        again = Country.nodes.bulk_get_or_create({"code": "DE"}, {"code": "SE"})
        self.assertEqual(again[0].element_id, self.germany.element_id)
        self.assertEqual((len(Person.nodes), len(City.nodes), len(Country.nodes)), (4, 2, 2))

    def test_transactions(self):
        with db.transaction:
            Person(name="Kept").save()
        with self.assertRaises(ZeroDivisionError), db.transaction:
            Person(name="Lost").save()
            1 / 0
        with db.read_transaction:
            self.assertEqual(len(Person.nodes), 3)
        self.assertIsNone(Person.nodes.get_or_none(name="Lost"))

    def test_inheritance_and_plain_queries(self):
        Employee(name="Sue", salary=7).save()
        self.assertEqual(sorted(Person.nodes.get(name="Sue").labels()), ["Employee", "Person"])
        self.assertIsInstance(Person.nodes.get(name="Sue"), Employee)
        rows, names = db.cypher_query("MATCH (p:Person {name: $name}) RETURN p, p.age AS age", {"name": "Jim"}, resolve_objects=True)
        self.assertEqual((names, rows[0][0].uid, rows[0][1]), (["p", "age"], self.jim.uid, 3))

    def test_the_end(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            db.remove_all_labels(stdout=output)
        self.assertFalse([r for r in db.list_constraints() if "Person" in r["labelsOrTypes"]])
        db.install_all_labels(stdout=io.StringIO())

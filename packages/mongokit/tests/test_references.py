"""Lazy references: what a field takes, what it gives, how it is stored, where it leads."""

from __future__ import annotations

import copy
import json
import pickle
import uuid
from typing import Annotated

import pytest
from bson import DBRef, ObjectId

from mongokit import (
    AutoReferenceError,
    ConnectionError,
    Document,
    MissingReferenceError,
    Ref,
    RequireFieldError,
    SchemaDocument,
    SchemaTypeError,
    StructureError,
    ValidationError,
    prefetch,
)

KIM = ObjectId(b"kim" + b"\0" * 9)


class Author(Document):
    name: str
    boss: Ref[Author] | None = None
    best: Ref[Story] | None = None
    __collection__ = "authors"


class Editor(Author):
    desk: str = "news"


class Note(SchemaDocument):
    text: str = ""
    by: Ref[Author] | None = None


class Story(Document):
    title: str
    author: Ref[Author] | None = None
    editors: list[Ref[Author]] = []
    notes: list[Note] = []
    roles: dict[str, Ref[Author]] = {}
    pair: tuple[Ref[Author], Ref[Story]] | None = None
    __collection__ = "stories"


class Plain(Document):
    structure = {
        "author": Ref(Author),
        "named": Ref("Author"),
        "far": Ref("Far", dbref=True),
        "in": {"deep": [{"author": Ref(Author)}]},
        "parent": Ref("Plain"),
        "tagged": Ref("Tagged"),
    }


class Far(Document):
    structure = {"name": str}


class Tagged(Document):
    structure = {"_id": str, "n": int}
    __collection__ = "tagged"
    __database__ = None


@pytest.fixture
def db(connection, database):
    connection.register([Author, Editor, Story, Plain, Far, Tagged])
    return database


def new(proxy, **fields):
    """A document with all fields, some of them given to the constructor."""
    return proxy({**proxy(), **fields})


@pytest.fixture
def kim(db):
    return new(db.Author, _id=KIM, name="Kim").save()


@pytest.fixture
def story(db, kim):
    made = new(db.Story, title="x")
    made.author = kim
    return made.save()


class TestStoring:
    def test_the_bare_id_is_stored(self, db, story):
        assert db.stories.find_one()["author"] == KIM

    def test_what_a_field_holds(self, story):
        assert isinstance(story["author"], Ref)
        assert story["author"] is story.author
        assert (story.author.id, story.author.document_class) == (KIM, Author)
        assert repr(story.author) == f"Ref(Author, {KIM!r})"

    @pytest.mark.parametrize(
        "value",
        [
            lambda kim: kim,
            lambda kim: kim["_id"],
            lambda kim: Ref(Author, kim["_id"]),
            lambda kim: Ref("Author", kim["_id"]),
            lambda kim: Ref.to(kim),
        ],
        ids=["document", "id", "Ref", "Ref by name", "Ref.to"],
    )
    @pytest.mark.parametrize("way", ["attribute", "item", "constructor", "update"])
    def test_set_to(self, db, kim, value, way):
        value = value(kim)
        made = new(db.Story, title="x", **({"author": value} if way == "constructor" else {}))
        if way == "attribute":
            made.author = value
        elif way == "item":
            made["author"] = value
        elif way == "update":
            made.update(author=value)
        made.save()
        assert db.stories.find_one()["author"] == KIM
        assert made["author"].get() == kim
        assert made.author.get() == kim
        assert db.Story.find_one().author.get() == kim

    def test_none(self, db, story):
        story.author = None
        story.save()
        assert db.stories.find_one()["author"] is None
        assert db.Story.find_one().author is None

    @pytest.mark.parametrize("of", [lambda kim: kim, lambda kim: KIM], ids=["document", "id"])
    def test_everywhere_in_a_structure(self, db, kim, of):
        value = of(kim)
        story = new(db.Story, title="x")
        story.editors = [value]
        story.notes = [Note({"text": "y", "by": value})]
        story.roles = {"chief": value}
        story.save()
        story.pair = (value, story)
        story.save()
        stored = db.stories.find_one()
        assert stored["editors"] == [KIM]
        assert stored["notes"] == [{"text": "y", "by": KIM}]
        assert stored["roles"] == {"chief": KIM}
        assert stored["pair"] == [KIM, story["_id"]]
        found = db.Story.find_one()
        for reference in (found.editors[0], found.notes[0].by, found.roles["chief"], found.pair[0]):
            assert reference.get().name == "Kim"
        assert found.pair[1].get() == found

    def test_save_only(self, db, story):
        boss = new(db.Author, name="Boss").save()
        story.author = boss
        story.title = "not this"
        story.save(only=["author"])
        assert db.stories.find_one() == {**story._stored(), "title": "x", "author": boss["_id"]}

    def test_changed_knows_references(self, db, kim):
        class Tracking(Document):
            structure = {"author": Ref(Author)}
            track_changes = True

        made = Tracking({"author": kim}, collection=db.tracking).save()
        assert made.changed() == []
        made["author"] = ObjectId()
        assert made.changed() == ["author"]
        made["author"] = KIM
        assert made.changed() == []


class TestDBRef:
    def test_stored_with_collection_and_database(self, db, connection):
        far = db.anywhere.Far({"name": "f"}).save()
        plain = db.plains.Plain({"far": far})
        plain.save(validate=False)
        assert db.plains.find_one()["far"] == DBRef("anywhere", far["_id"], db.name)
        assert db.plains.Plain.find_one()["far"].get() == far
        assert db.plains.Plain.find_one()["far"].home.full_name == f"{db.name}.anywhere"

    def test_into_another_database(self, db, connection):
        other = connection[f"{db.name}_other"]
        try:
            far = other.anywhere.Far({"name": "f"}).save()
            db.plains.Plain({"far": far}).save(validate=False)
            found = db.plains.Plain.find_one()
            assert found["far"].get() == far
            assert found["far"].get().collection.full_name == f"{db.name}_other.anywhere"
        finally:
            connection.drop_database(other)

    def test_a_dbref_is_a_value_too(self, db):
        far = db.anywhere.Far({"name": "f"}).save()
        db.plains.Plain({"far": far.get_dbref()}).save(validate=False)
        assert db.plains.find_one()["far"] == far.get_dbref()
        assert db.plains.Plain.find_one()["far"].get() == far

    def test_stored_dbrefs_are_read_and_stay_where_ids_are_stored_now(self, db, kim):
        db.plains.insert_one({"author": DBRef("old_authors", 5)})
        db.old_authors.insert_one({"_id": 5, "name": "Old"})
        found = db.plains.Plain.find_one()
        assert found["author"].get()["name"] == "Old"
        assert found["author"].place == ("old_authors", None)
        for one in (found, db.plains.Plain.find_one()):
            one.save(validate=False)
            assert db.plains.find_one()["author"] == DBRef("old_authors", 5)

    def test_of_an_id_by_the_home_of_the_class(self, db, kim):
        class Annotating(Document):
            author: Annotated[Ref[Author], Ref(Author, dbref=True)]

        Annotating({"author": KIM}, collection=db.annotating).save()
        assert db.annotating.find_one()["author"] == DBRef("authors", KIM, db.name)
        unbound = Annotating({"author": KIM})
        assert unbound._stored()["author"] == DBRef("authors", KIM)

    def test_an_id_alone_does_not_say_where(self, db):
        with pytest.raises(StructureError, match=r"does not say where to look: set __collection__ in Far"):
            db.plains.Plain({"far": ObjectId()}).save(validate=False)


class TestHome:
    def test_a_class_of_another_database(self, connection, db):
        class Abroad(Document):
            structure = {"n": int}
            __collection__ = "abroad"
            __database__ = f"{db.name}_abroad"

        class Home(Document):
            structure = {"to": Ref(Abroad)}

        connection.register([Abroad, Home])
        try:
            abroad = connection.Abroad({"n": 1}).save()
            Home({"to": abroad}, collection=db.homes).save()
            assert db.homes.find_one()["to"] == abroad["_id"]
            assert db.homes.Home.find_one()["to"].get() == abroad
        finally:
            connection.drop_database(f"{db.name}_abroad")

    def test_a_relative_is_where_the_owner_is(self, db):
        class Comment(Document):
            structure = {"n": int, "parent": Ref("Comment")}

        class Answer(Comment):
            pass

        first = Comment({"n": 1, "parent": None}, collection=db.somewhere).save()
        Answer({"n": 2, "parent": first}, collection=db.somewhere).save()
        found = Answer(collection=db.somewhere).find_one({"n": 2})
        assert found["parent"].get() == first

    def test_a_stranger_without_collection_is_refused_with_the_class(self):
        with pytest.raises(StructureError, match=r"Owner: to: the reference to 'Far' does not say where"):

            class Owner(Document):
                structure = {"to": Ref(Far)}

    def test_a_document_that_lives_elsewhere_is_refused(self, db, kim):
        elsewhere = new(db.others.Author, name="Lee").save()
        story = new(db.Story, title="x")
        story.editors = [kim, elsewhere]
        with pytest.raises(
            SchemaTypeError, match=r"editors\.1 refers to a document in \S+\.others, and would be"
        ) as error:
            story.save()
        assert error.value.errors()[0]["path"] == "editors.1"
        assert db.stories.find_one() is None

    def test_the_registered_class_is_what_is_loaded(self, connection, db, kim):
        @connection.register
        class Author(globals()["Author"]):
            def shout(self):
                return self.name.upper()

        db.stories.insert_one({"title": "x", "author": KIM})
        assert db.Story.find_one().author.get().shout() == "KIM"

    def test_instances_of_the_stored_class(self, connection, db):
        class Animal(Document):
            structure = {"_type": str, "n": int}
            __collection__ = "animals"

        class Dog(Animal):
            pass

        class Owner(Document):
            structure = {"pet": Ref(Animal)}

        connection.register([Animal, Dog, Owner])
        Owner({"pet": db.Dog({"n": 1}).save()}, collection=db.owners).save()
        assert type(db.owners.Owner.find_one()["pet"].get()) is Dog


class TestNames:
    def test_forward_and_self(self, db, kim, story):
        kim.best, kim.boss = story, kim
        kim.save()
        found = db.Author.find_one()
        assert type(found.best.get()) is Story
        assert found.boss.get() == found

    def test_a_dotted_name(self, db, kim):
        class Dotted(Document):
            structure = {"a": Ref(f"{Author.__module__}.Author")}

        made = Dotted({"a": KIM}, collection=db.dotted).save()
        assert made["a"].get() == kim

    def test_a_registered_name(self, connection, db):
        class Local(Document):
            structure = {"to": Ref("Later"), "n": int}
            __collection__ = "local"

        class Later(Document):
            structure = {"n": int}
            __collection__ = "later"

        connection.register([Local, Later])
        later = db.Later({"n": 1}).save()
        db.Local({"to": later, "n": 1}).save()
        assert db.Local.find_one()["to"].get() == later
        with pytest.raises(SchemaTypeError, match="must be an instance of Later not Author"):
            db.Local({"to": new(db.Author, _id=1, name="x"), "n": 1}).save()
        with pytest.raises(StructureError, match="leads to no class"):
            _ = Ref("Later", 5).document_class

    @pytest.mark.parametrize("name", ["Nobody", "no.such.Module", "pytest", f"{__name__}.KIM"])
    def test_a_name_that_leads_nowhere(self, db, name):
        class Lost(Document):
            structure = {"to": Ref(name)}

        with pytest.raises(StructureError, match=r"Lost: to: the reference to .* leads to no class"):
            Lost({"to": ObjectId()}, collection=db.lost).save()

    def test_by_the_class_that_is_embedded(self):
        # Where the name stands, not where it is used.
        assert Story._structure.places["notes.by"].target.resolve() is Author

    @pytest.mark.parametrize("given", [3, SchemaDocument, dict, None])
    def test_only_documents(self, given):
        with pytest.raises(TypeError, match="accepted is a subclass of Document, or its name"):
            Ref(given)

    def test_only_documents_annotated(self):
        with pytest.raises(StructureError, match=r"a reference goes to a subclass of Document, or its name"):

            class Wrong(Document):
                a: Ref[Note]

    def test_unknown_names_elsewhere_are_errors(self):
        with pytest.raises(StructureError, match=r"Wrong: a: the annotation 'Unknown' cannot be evaluated"):

            class Wrong(Document):
                a: list[Unknown]  # noqa: F821 (that is the point)

    def test_a_value_is_no_specification(self):
        with pytest.raises(TypeError, match=r"a: Ref\(Author, 5\) refers to one document"):

            class Wrong(Document):
                structure = {"a": Ref(Author, 5)}


class TestLoading:
    def test_once(self, db, story):
        found = db.Story.find_one()
        assert found.author.loaded is None
        author = found.author.get()
        assert found.author.loaded is author
        assert found.author.get() is author
        db.authors.update_one({}, {"$set": {"name": "changed"}})
        assert found.author.get().name == "Kim"
        assert found.author.fetch().name == "changed"
        assert found.author.get().name == "changed"

    def test_missing(self, db, story, kim):
        kim.delete()
        found = db.Story.find_one()
        assert not found.author.exists()
        with pytest.raises(MissingReferenceError, match=rf"no Author with the _id .* in {db.name}\.authors"):
            found.author.get()
        with pytest.raises(AutoReferenceError) as raised:
            found.author.fetch()
        assert raised.value.silent_variable_failure, "Django's templates show nothing then"

    def test_exists(self, db, story):
        found = db.Story.find_one()
        assert found.author.exists()
        assert found.author.loaded is None

    def test_an_id_that_is_a_condition_leads_nowhere(self, db, kim):
        db.stories.insert_one({"title": "x", "author": DBRef("authors", {"$ne": 1})})
        found = db.Story.find_one()
        assert not found.author.exists()
        with pytest.raises(MissingReferenceError):
            found.author.get()

    def test_bound_by_insert_many(self, db, kim):
        stories = [new(Story, title="x", author=KIM) for _ in range(2)]
        db.Story.insert_many(stories)
        assert [story.author.get() for story in stories] == [kim, kim]

    def test_unbound(self):
        story = Story({"title": "x", "author": KIM})
        for ask in (story.author.get, story.author.fetch, story.author.exists):
            with pytest.raises(ConnectionError, match="not part of a document that is bound"):
                ask()

    def test_an_unbound_document_has_what_it_was_given(self, kim):
        assert Story({"title": "x", "author": kim}).author.get() is kim

    def test_bound_by_saving(self, db, kim):
        story = new(db.Story, title="x")
        story["author"] = KIM
        story["notes"] = [{"text": "", "by": KIM}]
        story.save()
        assert story["author"].get() == kim
        assert story["notes"][0]["by"].get() == kim

    def test_reload(self, db, story):
        db.stories.update_one({}, {"$set": {"author": None}})
        story.reload()
        assert story.author is None

    def test_of_another_id_type(self, db):
        for id in ("text", 5, uuid.uuid4(), b"bytes", 5.5):
            db.authors.insert_one({"_id": id, "name": "x"})
            new(db.Story, title="x", author=id).save()
            found = db.Story.find_one({"author": id})
            assert found.author.get()["_id"] == id


class TestValidation:
    CASES = {
        "another class": (
            lambda db: Story({"_id": 1, "title": "x"}),
            "author must be an instance of Author not Story",
        ),
        "unsaved": (
            lambda db: db.Author({"name": "x"}),
            "author refers to an Author that has no _id yet: save it first",
        ),
        "Ref to unsaved": (lambda db: Ref.to(db.Author({"name": "x"})), "has no _id yet"),
        "Ref of another class": (
            lambda db: Ref(Story, 5),
            r"author must refer to an Author; this is Ref\(Story, 5\)",
        ),
        "a specification": (lambda db: Ref(Author), r"must refer to an Author; this is Ref\(Author\)"),
        "condition": (lambda db: {"$gt": ""}, "accepted are a document, a Ref, and an _id; not dict"),
        "dict": (lambda db: {"a": 1}, "not dict"),
        "document id": (lambda db: {"_id": 5}, "not dict"),
        "list": (lambda db: [KIM], "not list"),
        "True": (lambda db: True, "not bool"),
        "object": (lambda db: object(), "not object"),
        "the proxy": (lambda db: db.Author, "not DocumentProxy"),
    }

    @pytest.mark.parametrize("name", CASES)
    @pytest.mark.parametrize("way", ["item", "attribute", "constructor"])
    def test_refused(self, db, name, way):
        make, message = self.CASES[name]
        story = new(db.Story, title="x", **({"author": make(db)} if way == "constructor" else {}))
        if way == "attribute":
            story.author = make(db)
        elif way == "item":
            story["author"] = make(db)
        with pytest.raises(SchemaTypeError, match=message) as error:
            story.save()
        assert error.value.errors()[0]["path"] == "author"
        assert db.stories.find_one() is None

    def test_paths(self, db):
        story = new(db.Story, title="x")
        story["editors"] = [KIM, 1j]
        story["notes"] = [{"text": "", "by": 1j}]
        story["roles"] = {"a": 1j}
        with pytest.raises(SchemaTypeError) as error:
            story.validate()
        assert {one["path"] for one in error.value.errors()} == {"editors.1", "notes.0.by", "roles.a"}

    def test_required(self, db):
        class Demanding(Document):
            a: Ref[Author]
            structure = {"b": Ref(Author)}
            required_fields = ["b"]

        with pytest.raises(RequireFieldError) as error:
            Demanding(collection=db.demanding).save()
        assert {one["path"] for one in error.value.errors()} == {"a", "b"}

    def test_subclasses_are_accepted(self, db):
        editor = new(db.authors.Editor, name="E").save()
        story = new(db.Story, title="x", author=editor).save()
        assert story.author.get() is editor

    def test_the_declared_type_of_ids(self, db):
        db.tagged.insert_one({"_id": "a", "n": 1})
        db.plains.Plain({"tagged": "a"}).save(validate=False)
        assert db.plains.Plain.find_one()["tagged"].get() == {"_id": "a", "n": 1}
        with pytest.raises(SchemaTypeError, match="tagged must refer to a Tagged"):
            Plain({**dict.fromkeys(Plain.structure), "in": {"deep": []}, "tagged": 5}).validate()

    def test_validation_only_reads(self, db, kim):
        story = new(db.Story, title="x")
        story["author"] = kim
        story.validate()
        assert story["author"] is kim

    def test_validators_see_the_value(self, db, kim):
        seen = []

        class Picky(Document):
            structure = {"a": Ref(Author)}
            validators = {"a": lambda value: seen.append(value) or value.id != KIM}

        with pytest.raises(ValidationError):
            Picky({"a": kim}).validate()
        assert isinstance(seen[0], Ref)


class TestDefaults:
    def test_each_document_has_its_own(self, db, kim):
        class Defaulting(Document):
            structure = {"a": Ref(Author), "b": Ref(Author), "c": [Ref(Author)]}
            default_values = {"a": kim, "b": lambda: KIM, "c": [kim]}

        one, two = Defaulting(collection=db.one), Defaulting(collection=db.two)
        assert one["a"] == two["a"]
        assert one["a"] is not two["a"]
        one.save()
        two.save()
        assert db.one.find_one() == {"_id": one["_id"], "a": KIM, "b": KIM, "c": [KIM]}
        assert one["b"].get() == two["b"].get() == kim


class TestValue:
    def test_equality_and_hash(self, kim):
        assert Ref(Author, KIM) == Ref.to(kim) == Ref("Author", KIM)
        assert len({Ref(Author, KIM), Ref.to(kim)}) == 1
        assert Ref(Author, KIM) != Ref(Story, KIM)
        assert Ref(Author, KIM) != Ref(Author, 5)
        assert Ref(Author, KIM) != KIM
        assert Ref(Author) != Ref(Author, None)

    def test_copies(self, db, story):
        for duplicate in (copy.copy(story), copy.deepcopy(story)):
            assert duplicate == story
            assert duplicate.author.get().name == "Kim"
            duplicate.author = None
        assert story.author is not None

    def test_pickle(self, db, story):
        found = pickle.loads(pickle.dumps(db.Story.find_one()))
        assert found == story
        assert found.author.id == KIM
        with pytest.raises(ConnectionError):
            found.author.get()
        far = db.anywhere.Far({"name": "f"}).save()
        db.plains.insert_one({"far": far.get_dbref()})
        found = pickle.loads(pickle.dumps(db.plains.Plain.find_one()))
        assert found["far"].place == ("anywhere", db.name)
        assert pickle.loads(pickle.dumps(Ref(Author))) == Ref(Author)

    def test_the_class_cost_nothing_without(self):
        assert Far._structure.references is None
        assert not Far._has_refs
        assert not Far._load_steps


class TestJSON:
    def test_the_id_is_written_whether_it_is_loaded_or_not(self, db, story):
        found = db.Story.find_one()
        assert found.to_json_type()["author"] == {"$oid": str(KIM)}
        found.author.get()
        assert json.loads(found.to_json())["author"] == {"$oid": str(KIM)}
        assert db.Story().to_json_type()["author"] is None

    def test_there_and_back(self, db, kim, story):
        story.update(
            editors=[kim], notes=[Note({"text": "t", "by": kim})], roles={"a": KIM}, pair=(kim, story)
        )
        story.save()
        read = db.Story.from_json(story.to_json())
        assert read == story
        assert read.notes[0].by.get() == kim
        assert read.pair[1].get() == story

    def test_dbrefs(self, db):
        far = db.anywhere.Far({"name": "f"}).save()
        plain = new(db.plains.Plain, far=far)
        written = plain.to_json_type()["far"]
        assert written == {"$ref": "anywhere", "$id": {"$oid": str(far["_id"])}, "$db": db.name}
        read = db.plains.Plain.from_json(json.dumps({"far": written}))
        assert read["far"].get() == far
        assert read._stored()["far"] == far.get_dbref()

    @pytest.mark.parametrize(
        "written",
        [
            {"$oid": str(KIM)},
            {"$ref": "authors", "$id": {"$oid": str(KIM)}},
            {"_id": {"$oid": str(KIM)}, "name": "other", "_collection": "authors"},
            {"_id": {"$oid": str(KIM)}},
        ],
        ids=["id", "DBRef", "embedded", "embedded, without place"],
    )
    def test_forms_that_are_read(self, db, kim, written):
        read = db.Story.from_json(json.dumps({"author": written, "editors": [written]}))
        assert read.author.get() == read.editors[0].get() == kim
        assert read._stored()["author"] == KIM
        assert kim.name == "Kim"

    @pytest.mark.parametrize("field", ["author", "far"])
    @pytest.mark.parametrize(
        "place",
        [{"$ref": "system.users", "$db": "admin"}, {"$ref": "secrets"}],
        ids=["database", "collection"],
    )
    def test_a_text_does_not_choose_where_is_read(self, db, field, place):
        if field == "far" and "$db" not in place:
            place = {"$ref": "any", "$db": "config"}
        text = json.dumps({field: {"$id": 1, **place}})
        with pytest.raises(ValueError, match=rf"from_json\(\): {field} refers to"):
            db.plains.Plain.from_json(text)

    def test_what_is_none_is_left_for_validation(self, db):
        read = db.Story.from_json('{"title": "x", "author": {"$gt": ""}, "editors": [{"name": "no id"}]}')
        with pytest.raises(StructureError) as error:
            read.validate()
        assert {one["path"] for one in error.value.errors() if one["error"] == "SchemaTypeError"} == {
            "author",
            "editors.0",
        }


class TestAsync:
    async def test_get_and_exists(self, adatabase, aconnection, kim):
        aconnection.register([Author, Story])
        await new(adatabase.Story, title="x", author=KIM).asave()
        found = await adatabase.Story.find_one()
        assert await found.author.aexists()
        assert found.author.loaded is None
        assert await found.author == kim
        assert found.author.loaded == kim
        assert await found.author.aget() is found.author.get()
        assert (await found.author.afetch()) == kim
        await (await found.author).adelete()
        found = await adatabase.Story.find_one()
        assert not await found.author.aexists()
        with pytest.raises(MissingReferenceError):
            await found.author

    async def test_the_blocking_form_says_what_to_do(self, adatabase, aconnection, kim):
        aconnection.register([Author, Story])
        await new(adatabase.Story, title="x", author=KIM).asave()
        found = await adatabase.Story.find_one()
        with pytest.raises(TypeError, match="has to be awaited"):
            found.author.get()
        with pytest.raises(TypeError, match="has to be awaited"):
            found.author.exists()
        with pytest.raises(TypeError, match="has to be awaited"):
            prefetch([found], "author")

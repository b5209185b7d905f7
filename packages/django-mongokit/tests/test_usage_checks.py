"""The system checks of how documents are used: names that hide fields, views that cannot find their documents."""

import types

import pytest
from books.models import Book
from django.contrib.sessions.middleware import SessionMiddleware
from django.urls import include, path
from talks.models import Talk

from django_mongokit import document, sessions, views
from django_mongokit.cache import MongoDBCache
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentForm
from django_mongokit.usage_checks import check_attributes, check_middleware, check_models, check_views


@pytest.fixture
def made(monkeypatch):
    """The document classes there are: those that the test makes."""
    found = []
    monkeypatch.setattr(document, "document_classes", found)
    return found


def of_an_app(**attributes):
    meta = type("Meta", (), {"app_label": "talks"})
    return type("Thing", (DjangoDocument,), {"Meta": meta, "__module__": __name__, **attributes})


DOTTED = {
    "items": "document.items",
    "save": "document.save",
    "_meta": "document._meta",
    "pk": "document.pk",
    "structure": "document.structure",
    "collection": "document.collection",
}


@pytest.mark.parametrize(("name", "words"), DOTTED.items(), ids=DOTTED)
def test_a_field_that_an_attribute_hides(made, name, words):
    of_an_app(structure={name: str, "title": str}, use_dot_notation=True)
    (message,) = check_attributes()
    assert message.id == "django_mongokit.W006"
    assert message.msg.startswith(
        f"talks.Thing: the field {name} has the name of an attribute, which {words}"
    )
    assert f"document[{name!r}]" in message.hint


def test_one_that_is_nested(made):
    of_an_app(structure={"place": {"city": str, "values": [int]}}, use_dot_notation=True)
    (message,) = check_attributes()
    assert "talks.Thing: the field place.values has" in message.msg
    assert "document.place.values gives" in message.msg


def test_what_is_read_as_an_item_is_not_hidden(made):
    of_an_app(structure={"items": str, "save": str, "place": {"values": int}})
    assert check_attributes() == []


def test_the_key_is_no_field_without_dot_notation_either(made):
    of_an_app(structure={"pk": str})
    (message,) = check_attributes()
    assert "the field pk has the name of an attribute" in message.msg


def test_a_property_of_the_class_is_its_own_business(made):
    of_an_app(structure={"title": str}, use_dot_notation=True, title=property(lambda self: "T"))
    assert check_attributes() == []


def test_a_class_of_no_app_is_passed_over(made):
    type("Thing", (DjangoDocument,), {"structure": {"pk": str}, "__module__": "nobodys"})
    assert [cls.__name__ for cls in made] == ["Thing"]
    assert check_attributes() == []


class Lost(DjangoDocument):
    structure = {"title": str}


class LostForm(DocumentForm):
    class Meta:
        document = Lost


class OwnDocuments(views.ListView):
    document = Lost

    def get_documents(self):
        raise NotImplementedError


class OwnQueryset(views.ListView):
    document = Lost

    def get_queryset(self):
        raise NotImplementedError


class OwnObject(views.UpdateView):
    form_class = LostForm

    def get_object(self, queryset=None):
        raise NotImplementedError


WRONG = {
    "list": (views.ListView.as_view(document=Lost), "ListView does not say where to find its documents"),
    "create": (views.CreateView.as_view(form_class=LostForm), "CreateView does not say where"),
    "detail": (views.DetailView.as_view(document=Lost), "or __collection__ in Lost"),
    "of nothing": (views.DeleteView.as_view(success_url="/"), "DeleteView does not say what it shows"),
}
FINE = {
    "class says": views.ListView.as_view(document=type("T", (Talk,), {"__collection__": "talks"})),
    "view says": views.DetailView.as_view(document=Lost, collection="lost"),
    "documents of its own": OwnDocuments.as_view(),
    "queryset of its own": OwnQueryset.as_view(),
    "object of its own": OwnObject.as_view(),
    "no class": lambda request: None,
}


@pytest.fixture
def urls(settings):
    """Have these be the URLs of the site."""

    def put(*patterns):
        settings.ROOT_URLCONF = types.ModuleType("urls_of_a_test")
        settings.ROOT_URLCONF.urlpatterns = list(patterns)

    return put


@pytest.mark.parametrize(("view", "words"), WRONG.values(), ids=WRONG)
def test_a_view_that_does_not_find_its_documents(urls, view, words):
    urls(path("in/", include([path("it/<pk>/", view)])))
    (message,) = check_views()
    assert message.id == "django_mongokit.W007"
    assert words in message.msg
    assert "'in/it/<pk>/'" in message.msg


@pytest.mark.parametrize("view", FINE.values(), ids=FINE)
def test_a_view_that_does(urls, view):
    urls(path("", view))
    assert check_views() == []


def test_a_project_without_urls(settings):
    settings.ROOT_URLCONF = None
    assert check_views() == []


def test_by_the_command(manage):
    output = manage(
        "shell", "-c", "from django.core.checks import registry as r; print(r.registry.registered_checks)"
    )
    assert "check_views" in output
    assert "check_attributes" in output


# Why there is no check of mutable defaults.


class Basket(DjangoDocument):
    structure = {"tags": [str], "place": {"halls": [int]}, "notes": dict}
    default_values = {"tags": ["a"], "place.halls": [1], "notes": {"x": {"y": []}}}


class Annotated(DjangoDocument):
    tags: list[str] = ["a"]
    notes: dict = {"x": {"y": []}}


@pytest.mark.parametrize("cls", [Basket, Annotated])
def test_a_mutable_default_is_each_documents_own(cls):
    first = cls()
    first["tags"].append("b")
    first["notes"]["x"]["y"].append(1)
    second = cls()
    assert (second["tags"], second["notes"]) == (["a"], {"x": {"y": []}})
    if cls is Basket:
        first["place"]["halls"].append(2)
        assert cls()["place"]["halls"] == [1]
        assert cls.default_values["tags"] == ["a"]


def test_nor_does_a_form_change_it(mongodb):
    form_class = type(
        "F", (DocumentForm,), {"Meta": type("Meta", (), {"document": Basket, "fields": ["tags"]})}
    )
    first = form_class({"tags": '["a"]'}, collection=mongodb.baskets).save()
    first["tags"].append("b")
    first["notes"]["x"]["y"].append(1)
    assert form_class({"tags": '["a"]'}, collection=mongodb.baskets).save()["notes"] == {"x": {"y": []}}
    assert Basket()["tags"] == ["a"]


# Documents and models.


def book(app_label, name="Book"):
    return type(DjangoDocument)(
        name,
        (DjangoDocument,),
        {"structure": {"a": int}, "Meta": type("Meta", (), {"app_label": app_label}), "__module__": __name__},
    )


@pytest.mark.parametrize("name", ["Book", "BOOK"])
def test_a_document_with_the_name_of_a_model(made, name):
    for _again in range(2):
        book(Book._meta.app_label, name)
    (message,) = check_models()
    assert message.id == "django_mongokit.W008"
    assert f"books.{name} is a document, and books.models.Book a model" in message.msg
    assert "app_label" in message.hint


@pytest.mark.parametrize(("app_label", "name"), [("talks", "Book"), ("nobodys", "Book"), ("books", "Books")])
def test_the_name_of_no_model_of_its_app(made, app_label, name):
    book(app_label, name)
    assert check_models() == []


# Middleware.

OURS = "django_mongokit.middleware.DatabaseUnavailableMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
OWN = f"{__name__}.OwnSessions"
HARMLESS = f"{__name__}.Harmless"
LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
IN_MONGODB = {"SESSION_ENGINE": "django_mongokit.sessions"}
CACHE = {"CACHES": {"default": {"BACKEND": "django_mongokit.cache.MongoDBCache"}}}
OTHER_CACHE = {
    "CACHES": {
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        "pages": {"BACKEND": f"{__name__}.OwnCache"},
    }
}


class OwnSessions(SessionMiddleware):
    """A project's own."""


class OwnCache(MongoDBCache):
    """The same."""


class Harmless:
    """Asks no session."""


def function(get_response):
    return get_response


def in_cache(engine, alias="default", **values):
    return {
        **CACHE,
        "SESSION_ENGINE": f"django.contrib.sessions.backends.{engine}",
        "SESSION_CACHE_ALIAS": alias,
        **values,
    }


# Where what it asks is, the middleware before ours, and those of them that are told of.
PLACES = {
    "sessions": (IN_MONGODB, [SESSION], [SESSION]),
    "two": (IN_MONGODB, [SESSION, LOGIN], [SESSION, LOGIN]),
    "messages": (IN_MONGODB, [MESSAGES], [MESSAGES]),
    "a session middleware of one's own": (IN_MONGODB, [OWN], [OWN]),
    "sessions of one's own": ({"SESSION_ENGINE": f"{__name__}"}, [SESSION], [SESSION]),
    "a token in a cookie": (IN_MONGODB, [CSRF], []),
    "a token in the session": ({**IN_MONGODB, "CSRF_USE_SESSIONS": True}, [CSRF], [CSRF]),
    "harmless": (IN_MONGODB, [SECURITY, HARMLESS, f"{__name__}.function"], []),
    "a page cache beside sessions": (IN_MONGODB, [UPDATE], []),
    "nothing": (IN_MONGODB, [], []),
    "in SQL": ({}, [SESSION, LOGIN], []),
    "a page cache": (CACHE, [UPDATE], [UPDATE]),
    "sessions beside a page cache": (CACHE, [SESSION, LOGIN], []),
    "sessions in the cache": (in_cache("cache"), [SESSION], [SESSION]),
    "sessions in cache and SQL": (in_cache("cached_db"), [SESSION], [SESSION]),
    "sessions in another cache": ({**in_cache("cache", "default"), **OTHER_CACHE}, [SESSION], []),
    "pages in another cache": (OTHER_CACHE, [UPDATE], []),
    "pages in a cache of one's own": ({**OTHER_CACHE, "CACHE_MIDDLEWARE_ALIAS": "pages"}, [UPDATE], [UPDATE]),
    "a cache that is not there": ({**CACHE, "CACHE_MIDDLEWARE_ALIAS": "nowhere"}, [UPDATE], []),
    "not to be had": (
        {**IN_MONGODB, "CACHES": {"default": {"BACKEND": "nowhere.Cache"}}},
        ["nowhere.M", UPDATE],
        [],
    ),
}
SessionStore = sessions.SessionStore


@pytest.mark.parametrize(("values", "before", "told"), PLACES.values(), ids=PLACES)
def test_where_the_middleware_stands(settings, values, before, told):
    settings.MIDDLEWARE = [*before, OURS, SESSION, UPDATE]
    for name, value in values.items():
        setattr(settings, name, value)
    found = check_middleware()
    assert [message.id for message in found] == (["django_mongokit.W009"] if told else [])
    assert all(f"{OURS} stands after {', '.join(told)} in MIDDLEWARE" in message.msg for message in found)


@pytest.mark.parametrize("names", [[SESSION], [SESSION, "nowhere.Middleware"], []])
def test_who_does_without_it_is_told_nothing(settings, names):
    settings.MIDDLEWARE, settings.SESSION_ENGINE = names, "django_mongokit.sessions"
    assert check_middleware() == []

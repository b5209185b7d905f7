"""Content types and permissions for documents, made by `migrate`."""

import io

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from shows.models import Show

from django_mongokit.permissions import create_permissions


def names(**query):
    return sorted(
        Permission.objects.filter(content_type__app_label="shows", **query).values_list("name", flat=True)
    )


@pytest.mark.django_db
def test_made_with_the_database():
    assert names(content_type__model="Show") == [
        "Can add show",
        "Can change show",
        "Can delete show",
        "Can view show",
    ]
    assert ContentType.objects.get_for_model(Show) == ContentType.objects.get(app_label="shows", model="Show")
    permission = Permission.objects.get(codename="change_show")
    assert str(permission) == "Shows | show | Can change show"


@pytest.mark.django_db
def test_made_once_and_what_is_missing_again():
    before = Permission.objects.count()
    Permission.objects.get(codename="view_show").delete()
    kept = Permission.objects.get(codename="add_show").pk
    out = io.StringIO()
    create_permissions(apps.get_app_config("auth"), verbosity=2, stdout=out)
    assert out.getvalue() == "Adding permission 'shows.view_show'\n"
    create_permissions(apps.get_app_config("auth"), verbosity=0)
    assert Permission.objects.count() == before
    assert Permission.objects.get(codename="add_show").pk == kept


@pytest.mark.django_db
def test_other_apps_signals_and_other_databases_make_nothing():
    Permission.objects.get(codename="view_show").delete()
    create_permissions(apps.get_app_config("shows"), verbosity=0)
    create_permissions(apps.get_app_config("auth"), verbosity=0, using="mongodb")
    assert len(names(codename="view_show")) == 0


@pytest.mark.django_db
def test_a_group_may_be_given_them(person):
    somebody = person("view_note")
    group = Group.objects.create(name="editors")
    group.permissions.set(Permission.objects.filter(codename="change_show"))
    somebody.user.groups.add(group)
    user = type(somebody.user).objects.get(pk=somebody.user.pk)
    assert user.has_perm("shows.change_show")
    assert not user.has_perm("shows.delete_show")


def test_migrate_makes_them(manage):
    assert "Adding permission 'shows.add_show'" in manage("migrate", "-v", "2", SITE_ADMIN="1")
    assert "Adding permission" not in manage("migrate", "-v", "2", SITE_ADMIN="1")


def test_without_auth_nothing_is_made():
    class Empty:
        def get_model(self, *names):
            raise LookupError

    create_permissions(apps.get_app_config("auth"), verbosity=0, apps=Empty())


@pytest.mark.django_db
def test_a_table_that_a_router_keeps_elsewhere(settings, monkeypatch):
    class Elsewhere:
        def allow_migrate(self, db, app_label, **hints):
            return app_label != "auth"

    settings.DATABASE_ROUTERS = [Elsewhere()]
    Permission.objects.get(codename="view_show").delete()
    create_permissions(apps.get_app_config("auth"), verbosity=0)
    assert not Permission.objects.filter(codename="view_show").exists()


@pytest.mark.django_db
def test_the_check_of_the_whole_site():
    out = io.StringIO()
    call_command("check", stdout=out)
    assert "no issues" in out.getvalue()

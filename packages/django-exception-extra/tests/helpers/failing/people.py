"""Make the tables and the people of a served project; prints the session keys as JSON."""

import json

import django

if __name__ == "__main__":
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    call_command("migrate", verbosity=0, run_syncdb=True)
    keys = {}
    for name in ("anita", "gone"):
        user = get_user_model().objects.create_user(name, first_name=name.title(), last_name="Test")
        client = Client()
        client.force_login(user)
        keys[name] = client.cookies["sessionid"].value
    keys["gone id"] = user.pk
    user.delete()
    connection.close()
    print(json.dumps(keys))

"""`"ENGINE": "django_mongokit.mongodb"`: the database backend that Django loads. It speaks no SQL and says so."""

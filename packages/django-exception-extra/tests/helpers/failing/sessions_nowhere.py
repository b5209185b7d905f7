from django.contrib.sessions.backends.db import SessionStore as Database

from failing.models import Nowhere


class SessionStore(Database):
    @classmethod
    def get_model_class(cls):
        return Nowhere

from django.contrib.sessions.backends.base import SessionBase


class SessionStore(SessionBase):
    def load(self):
        raise ConnectionRefusedError("the session server is gone")

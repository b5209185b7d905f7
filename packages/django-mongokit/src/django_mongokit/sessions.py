"""Django's sessions in MongoDB: `SESSION_ENGINE = "django_mongokit.sessions"`.

A session is one document: its key as `_id`, the data signed and serialized as Django's database engine does it
(`SESSION_SERIALIZER` holds), and the time at which it expires, when MongoDB deletes it by a TTL index.
`SESSION_MONGODB_ALIAS` names another alias than "mongodb", `SESSION_MONGODB_COLLECTION` another collection than
"django_session".

Every method of Django's asynchronous API is there; it runs the same code in a thread.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, SessionBase, UpdateError
from django.utils.crypto import get_random_string
from pymongo.errors import DuplicateKeyError

from django_mongokit.conf import session_alias, session_collection
from django_mongokit.expiring import EXPIRES, ExpiringCollection, utc_now
from django_mongokit.mongodb.reaching import reaching

__all__ = ["SessionStore"]

DATA = "data"


class SessionStore(SessionBase):
    """One visitor's session; the methods and their errors are those of Django's `SessionBase`."""

    if TYPE_CHECKING:

        def _get_session(self, no_load: bool = False) -> dict[str, Any]: ...

    def load(self) -> dict[str, Any]:
        """Return the data; of a session that is not there, or has expired, none, and the key is forgotten."""
        found = _sessions().for_reading().find_one({"_id": self.session_key, EXPIRES: {"$gt": utc_now()}})
        if found is None:
            # A key that somebody made up must not become that of a session.
            self._session_key = None
            return {}
        return self.decode(found[DATA])

    def exists(self, session_key: str) -> bool:
        """Return whether a session has this key, even one that has expired and is not deleted yet."""
        return _sessions().for_reading().find_one({"_id": session_key}, {"_id": True}) is not None

    def create(self) -> None:
        """Store a new session under a key that nobody has: it is inserted, so no other question is asked."""
        while True:
            self._session_key = get_random_string(32, VALID_KEY_CHARS)
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Store the session.

        Raises `CreateError` where it has to be new and the key is taken, and `UpdateError` where it does not and the
        session is gone: somebody has logged out meanwhile, and must not be logged in again by this.
        """
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)
        key = self.session_key  # which load() has forgotten where the session is gone
        end = utc_now() + datetime.timedelta(seconds=self.get_expiry_age())
        values = {DATA: self.encode(data), EXPIRES: end}
        sessions = _sessions().for_writing()
        if must_create:
            try:
                sessions.insert_one({"_id": key, **values})
            except DuplicateKeyError:
                raise CreateError from None
        elif not sessions.update_one({"_id": key}, {"$set": values}).matched_count:
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session, or the one with this key; where there is none, do nothing."""
        key = self.session_key if session_key is None else session_key
        if key is not None:
            _sessions().for_reading().delete_one({"_id": key})

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the sessions that have expired, as `manage.py clearsessions` asks for; MongoDB does so by itself.

        Makes the TTL index where it is missing, e.g. after the collection was dropped. Raises `DatabaseUnavailable`, which
        that command says in one line, while the server is away.
        """
        with reaching(session_alias()):
            _sessions().ensure_index()
            _sessions().delete_expired()


def _sessions() -> ExpiringCollection:
    return ExpiringCollection(session_alias(), session_collection())

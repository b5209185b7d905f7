"""Load the documents of a collection one by one, once told to: ``load_old.py URI DATABASE``. Prints those still old."""

from __future__ import annotations

import sys

from mongokit import Connection, Document, DocumentMigration


class AddTags(DocumentMigration):
    def migration01(self):
        self.target = {"tags": {"$exists": False}}
        self.update = {"$set": {"tags": []}}


class Loaded(Document):
    structure = {"tags": list}
    migration_handler = AddTags


if __name__ == "__main__":
    uri, name = sys.argv[1:]
    with Connection(uri) as connection:
        posts = connection[name].things.proxy(Loaded)
        ids = connection[name].things.distinct("_id")
        print("ready", flush=True)
        sys.stdin.readline()
        print([one for one in ids if "tags" not in posts.get_from_id(one)], flush=True)

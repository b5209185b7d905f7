"""A bulk migration in a process of its own, which a test kills: uri, database, and after how many batches to say so."""

from __future__ import annotations

import sys
import time

from mongokit import Connection, Document, DocumentMigration


class Post(Document):
    structure = {"n": int, "tags": [str], "runs": int}


class PostMigration(DocumentMigration):
    def allmigration01_add_tags(self):
        self.target = {"tags": {"$exists": False}}
        self.update = lambda doc: {"$set": {"tags": [str(doc["n"])]}, "$inc": {"runs": 1}}


def main(uri: str, database: str, batches: int) -> None:
    done = 0

    def progress(rule):
        nonlocal done
        done += 1
        if done == batches:
            print("here", flush=True)
            time.sleep(60)

    with Connection(uri) as connection:
        PostMigration(Post).migrate_all(connection[database].things, batch_size=10, progress=progress)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

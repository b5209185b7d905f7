class EverythingEverywhere:
    """A router of a project that knows nothing of MongoDB: it excludes no alias from anything."""

    def db_for_read(self, model, **hints):
        return "default"

    db_for_write = db_for_read

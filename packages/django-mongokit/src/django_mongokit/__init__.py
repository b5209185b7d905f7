"""MongoDB in a Django project: settings, connection, documents with _meta, signals and test databases."""

__version__ = "0.1.0"

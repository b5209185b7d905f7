"""MongoDB documents that are dicts, with a declared structure, validated, at PyMongo speed."""

__version__ = "0.1.0"

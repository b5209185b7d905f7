"""The best possible static serving from Django template tags: forever-cacheable names, safe minifying, combining; no Node, no build step."""

__version__ = "0.1.0"

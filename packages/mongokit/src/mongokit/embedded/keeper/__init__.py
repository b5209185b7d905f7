"""The keeper: one small process per data folder that starts the server, restarts it, and stops it after the last user.

It imports nothing but the standard library and what is in this folder, so that it stays at some ten megabytes: it is
not started as a module of mongokit, which would bring PyMongo, but with :data:`COMMAND` as its program. It is in a
session of its own, where Ctrl-C in a user's terminal does not reach it.
"""

COMMAND = "import sys; sys.path.insert(0, sys.argv[1]); from keeper.process import main; main(sys.argv[2])"
"""Program for ``python -c``; its arguments are the folder that holds this package and the orders as JSON."""

__all__ = ["COMMAND"]

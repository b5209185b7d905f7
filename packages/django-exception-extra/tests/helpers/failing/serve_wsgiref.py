"""Serve the project by the standard library's WSGI server on the port given."""

import sys
from wsgiref.simple_server import make_server

from django.core.wsgi import get_wsgi_application

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application()).serve_forever()

"""What an application server imports: ``plog.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plog.settings")

application = get_wsgi_application()

"""A panel for django-debug-toolbar: `pip install 'slimstack-django-mongokit[toolbar]'`.

DEBUG_TOOLBAR_PANELS = [..., "django_mongokit.toolbar.MongoPanel"]
"""

from django_mongokit.toolbar.panel import MongoPanel

__all__ = ["MongoPanel"]

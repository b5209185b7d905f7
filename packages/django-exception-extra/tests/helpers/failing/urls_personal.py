from failing.urls import urlpatterns
from failing.views import crash_500_page

__all__ = ["handler500", "urlpatterns"]

handler500 = crash_500_page

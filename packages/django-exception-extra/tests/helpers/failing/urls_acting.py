from django.urls import include, path

from failing.urls import urlpatterns as _urlpatterns

urlpatterns = [path("hijack/", include("hijack.urls")), *_urlpatterns]

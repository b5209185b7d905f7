from django.apps import apps
from django.contrib import admin
from django.urls import include, path
from talks import views

urlpatterns = [
    path("", views.home),
    path("async/", views.home_async),
    path("template/", views.in_template),
    path("answer/", views.answer),
    path("broken/", views.broken),
    path("talks/<pk>/", views.one),
    path("lectures/", include("lectures.urls")),
    path("papers/", include("papers.urls")),
]
if apps.is_installed("django.contrib.admin"):
    urlpatterns.append(path("admin/", admin.site.urls))
    urlpatterns.append(path("", include("shows.search")))

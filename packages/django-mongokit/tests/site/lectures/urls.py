from django.urls import path

from lectures import views

urlpatterns = [
    path("", views.home),
    path("add/", views.add),
    path("<pk>/", views.edit),
    path("<pk>/delete/", views.delete),
]

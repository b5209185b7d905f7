import inspect

from django.urls import path

from failing import views

handler403 = views.crash_403_page
handler404 = views.crash_404_page
NUMBERED = {"answer", "returned"}

urlpatterns = [
    path(f"{name}/<int:code>/" if name in NUMBERED else f"{name}/", view, name=name)
    for name, view in vars(views).items()
    if inspect.isfunction(view) and view.__module__ == views.__name__
]

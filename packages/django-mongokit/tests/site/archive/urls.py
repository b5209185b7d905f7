from django.contrib import admin
from django.urls import path

from archive.models import Report
from django_mongokit.views import CreateView, UpdateView

urlpatterns = [
    path(
        "new/", CreateView.as_view(document=Report, success_url="/done/", template_name="archive/form.html")
    ),
    path(
        "<pk>/edit/",
        UpdateView.as_view(document=Report, success_url="/done/", template_name="archive/form.html"),
    ),
    path("admin/", admin.site.urls),
]

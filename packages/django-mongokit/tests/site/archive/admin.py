from django.contrib import admin

from archive.models import Leaf, Report
from django_mongokit.admin import DocumentAdmin


@admin.register(Report)
class ReportAdmin(DocumentAdmin):
    list_display = ["title"]


@admin.register(Leaf)
class LeafAdmin(DocumentAdmin):
    fieldsets = [(None, {"fields": ["title"]}), ("Files", {"fields": ["source"]})]

from django.contrib import admin

from archive.models import Leaf, Report, Stamp
from django_mongokit.admin import DocumentAdmin


@admin.register(Report)
class ReportAdmin(DocumentAdmin):
    list_display = ["title"]


@admin.register(Leaf)
class LeafAdmin(DocumentAdmin):
    fieldsets = [(None, {"fields": ["title"]}), ("Files", {"fields": ["source"]})]


@admin.register(Stamp)
class StampAdmin(DocumentAdmin):
    list_display = ["title", "day", "code", "days", "inner.day"]

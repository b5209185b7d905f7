from django.contrib import admin

from django_mongokit.admin import DocumentAdmin
from shows.models import Note, Score, Show, Theatre, Troupe


class LengthFilter(admin.SimpleListFilter):
    title = "length"
    parameter_name = "length"

    def lookups(self, request, model_admin):
        return [("short", "One act"), ("long", "More")]

    def queryset(self, request, queryset):
        if self.value() == "short":
            return queryset.filter({"acts": {"$size": 1}})
        return queryset


@admin.register(Show)
class ShowAdmin(DocumentAdmin):
    list_display = ["title", "kind", "mood", "place.city", "start", "is_free", "seats", "how_long", "shout"]
    list_display_links = ["title", "kind"]
    list_editable = ["seats", "is_free"]
    list_filter = ["kind", "mood", "is_free", "start", "place.city", "tags", "theatre", LengthFilter]
    search_fields = ["title", "^place.city", "=slug", "seats", "_id"]
    date_hierarchy = "start"
    ordering = ["title"]
    readonly_fields = ["how_long"]
    autocomplete_fields = ["theatre"]
    prepopulated_fields = {"slug": ["title"]}
    save_as = True
    list_per_page = 10
    list_max_show_all = 25
    actions = ["make_free"]

    @admin.display(description="How long", empty_value="nothing", ordering="acts")
    def how_long(self, show):
        return sum(act["minutes"] for act in show.get("acts") or ()) or None

    @admin.action(description="Give away the selected %(verbose_name_plural)s", permissions=["change"])
    def make_free(self, request, queryset):
        for show in queryset:
            show["is_free"] = True
            show.save()
        self.message_user(request, f"{queryset.count()} given away")


@admin.register(Theatre)
class TheatreAdmin(DocumentAdmin):
    list_display = ["name", "city"]
    search_fields = ["name"]


@admin.register(Troupe)
class TroupeAdmin(DocumentAdmin):
    list_display = ["name", "home", "theatres", "main.theatre", "stages.theatre"]


@admin.register(Score)
class ScoreAdmin(DocumentAdmin):
    list_display = ["title", "text", "weight"]
    list_editable = ["text", "weight"]


class NoteAdmin(DocumentAdmin):
    collection = "notes"
    fields = ["_id", "text"]


admin.site.register(Note, NoteAdmin)

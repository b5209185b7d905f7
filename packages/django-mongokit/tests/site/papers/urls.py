from django.contrib.messages.views import SuccessMessageMixin
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.contrib.syndication.views import Feed
from django.urls import path, register_converter

from django_mongokit import get_database
from django_mongokit.converters import ObjectIdConverter
from django_mongokit.forms import DocumentForm
from django_mongokit.paginator import DocumentList
from django_mongokit.views import CreateView, DeleteView, DetailView, ListView, UpdateView
from papers.models import Draft, Paper

register_converter(ObjectIdConverter, "objectid")


class PaperList(ListView):
    document = Paper


class PaperDetail(DetailView):
    document = Paper


class PaperCreate(CreateView):
    document = Paper


class PaperUpdate(UpdateView):
    document = Paper


class PaperDelete(DeleteView):
    document = Paper
    success_url = "/papers/"


class Newest(ListView):
    document = Paper
    ordering = ["-year", "title"]
    paginate_by = 3
    paginate_orphans = 1


class Modern(ListView):
    document = Paper
    query = {"year": {"$gte": 2000}}
    allow_empty = False
    paginate_by = 2


class ModernDetail(DetailView):
    document = Paper
    query = {"year": {"$gte": 2000}}
    query_pk_and_slug = True


class ByCursor(ListView):
    document = Paper
    paginate_by = 2

    def get_queryset(self):
        return self.get_documents().find().sort("title")


class PaperForm(DocumentForm):
    class Meta:
        document = Paper
        fields = ["title", "slug"]


class Announced(SuccessMessageMixin, CreateView):
    form_class = PaperForm
    success_url = "/in/{place[city]}/{title}/?pk={pk}"
    success_message = "%(title)s is there"


class DraftUpdate(UpdateView):
    document = Draft
    collection = "drafts"
    fields = ["title"]
    success_url = "/papers/"
    template_name = "papers/paper_form.html"


class Homeless(ListView):
    document = Draft


class Nothing(ListView):
    pass


class Papers(Sitemap):
    limit = 2

    def items(self):
        return DocumentList(get_database().papers.Paper.find().sort("title"))


class Latest(Feed):
    title, link, description = "Papers", "/papers/", "The latest"

    def items(self):
        return get_database().papers.Paper.find().sort("title").limit(2)

    def item_description(self, item):
        return f"of {item['year']}"


urlpatterns = [
    path("", PaperList.as_view()),
    path("newest/", Newest.as_view()),
    path("newest/<page>/", Newest.as_view()),
    path("modern/", Modern.as_view()),
    path("modern/<pk>/<slug>/", ModernDetail.as_view()),
    path("cursor/", ByCursor.as_view()),
    path("new/", PaperCreate.as_view()),
    path("announced/", Announced.as_view()),
    path("homeless/", Homeless.as_view()),
    path("nothing/", Nothing.as_view()),
    path("anything/", PaperDetail.as_view()),
    path("drafts/<pk>/", DraftUpdate.as_view()),
    path("slug/<slug>/", PaperDetail.as_view()),
    path("id/<objectid:pk>/", PaperDetail.as_view(), name="paper"),
    path("pk/<pk>/", PaperDetail.as_view()),
    path("pk/<pk>/edit/", PaperUpdate.as_view()),
    path("pk/<pk>/delete/", PaperDelete.as_view()),
    path("sitemap.xml", sitemap, {"sitemaps": {"papers": Papers}}),
    path("feed/", Latest()),
]

from django.urls import include, path
from rest_framework import generics, mixins, serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.routers import DefaultRouter
from rest_framework.schemas import get_schema_view

from api.models import Author, Essay, Letter, Speech
from django_mongokit.rest import (
    DjangoDocumentPermissions,
    DocumentCursorPagination,
    DocumentOrderingFilter,
    DocumentSearchFilter,
    DocumentSerializer,
    DocumentViewSet,
    GenericDocumentView,
    HyperlinkedDocumentSerializer,
    ReadOnlyDocumentViewSet,
    ValueFilter,
)


class SpeechSerializer(DocumentSerializer):
    class Meta:
        document = Speech
        fields = "__all__"
        read_only_fields = ["votes", "room.door"]
        extra_kwargs = {"secret": {"write_only": True}, "room.city": {"max_length": 20}}

    def validate_topic(self, value):
        if value == "field":
            raise serializers.ValidationError("Not this.")
        return value

    def validate(self, attrs):
        if attrs.get("topic") == "all":
            raise serializers.ValidationError("Not that.")
        return attrs


class Pages(DocumentCursorPagination):
    page_size = 3
    page_size_query_param = "size"
    max_page_size = 5


class Newest(Pages):
    ordering = "-_id"


class Offsets(LimitOffsetPagination):
    default_limit = 3


class SpeechViewSet(DocumentViewSet):
    serializer_class = SpeechSerializer
    pagination_class = Pages
    filter_backends = [DocumentSearchFilter, ValueFilter]
    search_fields = ["topic", "=slug", "votes"]
    filter_fields = ["kind", "level", "votes", "is_open", "when", "room.city", "tags", "author", "number"]


class OrderedTalks(ReadOnlyDocumentViewSet):
    serializer_class = SpeechSerializer
    pagination_class = Offsets
    filter_backends = [DocumentOrderingFilter]
    ordering_fields = ["topic", ("room.city", "City")]
    ordering = ["-topic"]


class NewestTalks(ReadOnlyDocumentViewSet):
    serializer_class = SpeechSerializer
    pagination_class = Newest


class OpenTalks(DocumentViewSet):
    serializer_class = SpeechSerializer
    query = {"is_open": True}


class BySlug(ReadOnlyDocumentViewSet):
    serializer_class = SpeechSerializer
    lookup_field = "slug"


class ByVotes(ReadOnlyDocumentViewSet):
    serializer_class = SpeechSerializer
    lookup_field = "votes"


class AuthorSerializer(HyperlinkedDocumentSerializer):
    class Meta:
        document = Author
        fields = "__all__"


class AuthorViewSet(DocumentViewSet):
    serializer_class = AuthorSerializer


class LinkedSerializer(HyperlinkedDocumentSerializer):
    class Meta:
        document = Speech
        fields = ["url", "topic", "author", "guests", "shout", "letters", "pk"]


class LinkedViewSet(DocumentViewSet):
    serializer_class = LinkedSerializer


class EssaySerializer(DocumentSerializer):
    class Meta:
        document = Essay
        exclude = ["lines.number"]


class EssayViewSet(DocumentViewSet):
    serializer_class = EssaySerializer
    permission_classes = [DjangoDocumentPermissions]


class LetterSerializer(DocumentSerializer):
    class Meta:
        document = Letter
        fields = ["_id", "text", "writer"]


class LetterViewSet(DocumentViewSet):
    serializer_class = LetterSerializer


class OneTalk(mixins.RetrieveModelMixin, GenericDocumentView):
    """A generic view, put together by hand."""

    serializer_class = SpeechSerializer

    def get(self, request, *args, **kwargs):
        return self.retrieve(request, *args, **kwargs)


class Drafts(generics.ListCreateAPIView, GenericDocumentView):
    """The framework's own generic view, with ours in the place of its base; in another collection."""

    serializer_class = SpeechSerializer
    collection = "api_drafts"


router = DefaultRouter()
router.register("talks", SpeechViewSet)
router.register("ordered", OrderedTalks, basename="ordered")
router.register("newest", NewestTalks, basename="newest")
router.register("open", OpenTalks, basename="open")
router.register("slug", BySlug, basename="slug")
router.register("votes", ByVotes, basename="votes")
router.register("authors", AuthorViewSet)
router.register("linked", LinkedViewSet, basename="linked")
router.register("papers", EssayViewSet)
router.register("letters", LetterViewSet)
described = DefaultRouter()
described.register("talks", SpeechViewSet)
described.register("authors", AuthorViewSet)
urlpatterns = [
    path("schema/", get_schema_view(title="Talks", patterns=described.urls, public=True)),
    path("one/<pk>/", OneTalk.as_view()),
    path("drafts/", Drafts.as_view()),
    path("", include(router.urls)),
]

"""The documents that a reference may lead to, to choose from and to search in."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import get_select2_language
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse

from django_mongokit.admin.fields import label_of, value_at
from django_mongokit.admin.homes import admin_of, documents_on, require_home
from django_mongokit.forms.fields import JsonValueField
from django_mongokit.forms.nested import NestedField
from django_mongokit.forms.options import DocumentFormOptions
from django_mongokit.forms.references import (
    DocumentChoiceField,
    DocumentMultipleChoiceField,
    DocumentSelect,
    DocumentSelectMultiple,
)
from django_mongokit.forms.referred import (
    OFFERED,
    ReferenceField,
    ReferenceListField,
    reference_in,
    referred_class,
)
from django_mongokit.key_texts import text_of
from django_mongokit.places import node_at
from django_mongokit.searching import page_of, words_of
from django_mongokit.selection import Documents
from mongokit import Ref
from mongokit.structure.nodes import ListNode, Node, RecordNode, ReferenceNode

__all__ = [
    "AutocompleteSelect",
    "autocomplete_answer",
    "dressed_references",
    "load_references",
    "may_be_offered",
    "reference_fields",
    "referred_documents",
    "require_referred",
]


def referred_documents(model_admin: Any, node: Node | None) -> Documents:
    """Return the documents that a reference may lead to, in the order that their own admin has.

    Raises what `require_referred` raises.
    """
    target = require_referred(model_admin, node)
    return documents_on(model_admin.admin_site, target, model_admin.using)


def require_referred(model_admin: Any, node: Node | None) -> Any:
    """Return the class that a reference leads to; asks for no database.

    Raises `LookupError` where it is no `DjangoDocument`, or where nothing says where its documents are.
    """
    target = referred_class(node)
    if target is None:
        raise LookupError(f"{getattr(node, 'path', None)!r} is no reference to a DjangoDocument")
    require_home(model_admin.admin_site, target)
    return target


def may_be_offered(model_admin: Any, node: Node | None) -> bool:
    """Return whether it is known which documents a reference may lead to."""
    try:
        require_referred(model_admin, node)
    except LookupError:
        return False
    return True


class AutocompleteSelect(DocumentSelect):
    """Django's searching `<select>`, with the script that Django's admin has for it.

    :param url: what answers a search.
    """

    def __init__(self, url: str, field: str, attrs: dict[str, Any] | None = None) -> None:
        self.url, self.field = url, field
        super().__init__(attrs)

    @property
    def media(self) -> forms.Media:
        """Select2, as Django's admin has it."""
        # By the names that Django's own media have, so that they become one list in one order.
        extra = "" if settings.DEBUG else ".min"
        language = get_select2_language()
        translation = [f"admin/js/vendor/select2/i18n/{language}.js"] if language else []
        return forms.Media(
            js=[
                f"admin/js/vendor/jquery/jquery{extra}.js",
                f"admin/js/vendor/select2/select2.full{extra}.js",
                *translation,
                "admin/js/jquery.init.js",
                "admin/js/autocomplete.js",
            ],
            css={"screen": [f"admin/css/vendor/select2/select2{extra}.css", "admin/css/autocomplete.css"]},
        )

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """Return the attributes that the script reads."""
        attrs = super().build_attrs(base_attrs, extra_attrs)
        known = attrs.get("class", "")
        return {
            **attrs,
            "data-ajax--cache": "true",
            "data-ajax--delay": 250,
            "data-ajax--type": "GET",
            "data-ajax--url": self.url,
            "data-field-name": self.field,
            "data-theme": "admin-autocomplete",
            "data-allow-clear": "false" if self.is_required else "true",
            "data-placeholder": "",
            "lang": get_select2_language(),
            "class": f"{known} admin-autocomplete".strip(),
        }

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        """Return the option that is chosen already, and an empty one: the others are searched for."""
        keys = [key for key in value if key]
        empty = [] if self.is_required or self.allow_multiple_selected else [("", "")]
        options = [*empty, *((key, self.label(key)) for key in keys)]
        made = [
            self.create_option(name, key, text, key in keys, index)
            for index, (key, text) in enumerate(options)
        ]
        return [(None, made, 0)]


class AutocompleteSelectMultiple(AutocompleteSelect):
    """The same, for several documents."""

    allow_multiple_selected = True
    value_from_datadict = DocumentSelectMultiple.value_from_datadict
    value_omitted_from_data = DocumentSelectMultiple.value_omitted_from_data


def dressed_references(
    model_admin: Any, request: HttpRequest, field: Any, node: Node | None, path: str
) -> None:
    """Put choices in the place of JSON for the references in a nested structure, or a list of them.

    Only in forms that were made for this one; who has written one has said how.
    """
    record = node.item if isinstance(node, ListNode) else node
    inner = field.form_class
    if getattr(inner, "Meta", None) is not None or not isinstance(record, RecordNode):
        return
    for name, one in list(inner.base_fields.items()):
        below, place = record.fields.get(name), f"{path}.{name}"
        if isinstance(one, NestedField):
            dressed_references(model_admin, request, one, below, place)
        elif may_be_offered(model_admin, reference_in(below)) and isinstance(
            one, (JsonValueField, ReferenceField, ReferenceListField)
        ):
            given = inner._meta.of_field(name)
            inner.base_fields[name] = _field(
                model_admin, request, place, below, {"label": one.label, **given}
            )


def load_references(model_admin: Any, documents: Iterable[Any], paths: Iterable[str]) -> None:
    """Load what documents refer to, with one query for each path, so that it can be shown by name.

    :param paths: names of fields; those that are no references are passed over.
    """
    documents = list(documents)
    for path in paths:
        node = reference_in(node_at(model_admin.model, path))
        if not may_be_offered(model_admin, node):
            continue
        found = [ref for one in documents for ref in _references(value_at(one, path)) if ref.loaded is None]
        if not found:
            continue
        there = referred_documents(model_admin, node)
        keys = list({text_of(there.model, ref.id): ref.id for ref in found}.values())
        by_key = {text_of(there.model, one["_id"]): one for one in there.filter({"_id": {"$in": keys}})}
        for ref in found:
            document = by_key.get(text_of(there.model, ref.id))
            if document is not None and document["_id"] == ref.id:
                ref.hold(document)


def _references(value: Any) -> Iterator[Ref[Any]]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _references(one)


def reference_fields(
    model_admin: Any, request: HttpRequest, options: DocumentFormOptions, declared: Container[str]
) -> dict[str, forms.Field]:
    """Return the form fields for the references of a document class, by name.

    One that leads to nobody knows where has none: it is edited as JSON.

    :param options: what the form's `Meta` says.
    :param declared: those that somebody has written.
    """
    found: dict[str, forms.Field] = {}
    for name, node in model_admin.model._structure.fields.items():
        given = options.of_field(name)
        wanted = options.takes(name) and name not in declared and "form_class" not in given
        if wanted and may_be_offered(model_admin, reference_in(node)):
            found[name] = _field(model_admin, request, name, node, given)
    return found


def _field(
    model_admin: Any, request: HttpRequest, path: str, node: Any, given: dict[str, Any]
) -> forms.Field:
    reference = reference_in(node)
    searches = path in model_admin.get_autocomplete_fields(request)
    opts = model_admin.opts
    url = reverse(
        f"admin:{opts.app_label}_{opts.model_name}_references", current_app=model_admin.admin_site.name
    )

    def offered() -> Documents:
        return referred_documents(model_admin, reference)[:OFFERED]

    def find(key: str) -> Any:
        return next(iter(referred_documents(model_admin, reference).filter(pk=key)[:1]), None)

    if isinstance(node, ListNode):
        widget: Any = AutocompleteSelectMultiple(url, path) if searches else DocumentSelectMultiple
        fitting = {"required": node.required or node.filled, "label": label_of(path), "widget": widget}
        eager = isinstance(reference, ReferenceNode) and reference.eager
        return DocumentMultipleChoiceField(
            offered, find, eager=eager, kind=node.container, **{**fitting, **given}
        )
    fitting = {
        "required": node.required or node.present,
        "label": label_of(path),
        "widget": AutocompleteSelect(url, path) if searches else DocumentSelect,
    }
    return DocumentChoiceField(offered, find, eager=node.eager, **{**fitting, **given})


def autocomplete_answer(model_admin: Any, request: HttpRequest) -> JsonResponse:
    """Answer a search for documents that a reference may lead to: those whose admin's `search_fields` have the words.

    Raises `Http404` for a field that is not in `autocomplete_fields`, or whose documents' admin has nothing to search in;
    `PermissionDenied` for who may not see them, or not change what refers to them.
    """
    name = request.GET.get("field_name", "")
    node = reference_in(node_at(model_admin.model, name))
    if name not in model_admin.get_autocomplete_fields(request) or not isinstance(node, ReferenceNode):
        raise Http404(f"{name!r:.80} is not in autocomplete_fields.")
    admin = admin_of(model_admin.admin_site, node.target.find())
    if admin is None or not admin.get_search_fields(request):
        raise Http404("There is nothing to search in.")
    may_enter = model_admin.has_add_permission(request) or model_admin.has_change_permission(request)
    if not (may_enter and admin.has_view_permission(request)):
        raise PermissionDenied
    documents, _twice = admin.get_search_results(
        request, admin.get_queryset(request), words_of(request.GET.get("term", ""))
    )
    return page_of(documents, request)

"""`DjangoDocument`: a mongokit document with `_meta`, `pk` and Django's signals."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from inspect import isawaitable, isfunction
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models.signals import ModelSignal, post_delete, post_save, pre_delete, pre_save

from django_mongokit.key_texts import text_of
from django_mongokit.mongodb.pool import alias_of
from django_mongokit.options import DocumentMeta, own_options
from mongokit import Document
from mongokit.document import DocumentProperties
from mongokit.identifying import has_id

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

__all__ = ["DjangoDocument", "document_classes", "model_names"]

model_names: list[tuple[str, _StrOrPromise]] = []
"""Every document class there is, as (model name, verbose name), in the order of their definition."""
document_classes: list[type[DjangoDocument]] = []
"""The classes themselves."""


class DjangoDocumentProperties(DocumentProperties):
    """The metaclass of Django's documents: gives each concrete class its `_meta` and registers it."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        # Here, and not in __init_subclass__, since only now is it sure that the class's structure makes sense.
        super().__init__(name, bases, namespace, **kwargs)
        _mark_alike(cls)
        options = own_options(cls)
        if not options.pop("abstract", False):
            cls._meta = DocumentMeta(name, cls.__module__, options)
            cls._meta.concrete_model = cls
            model_names.append((cls._meta.model_name, cls._meta.verbose_name))
            document_classes.append(cls)  # type: ignore[arg-type]  # only those classes have this metaclass

    _meta: DocumentMeta

    def __iter__(cls) -> Iterator[type[Any]]:
        """Yield the class: Django's `site.register(…)` takes models, and else whatever it can go through."""
        yield cls


def _mark_alike(cls: type) -> None:
    """Have a method that overrides one which alters data say so too, as Django does for models; that of a plain mixin, too.

    A mixin's is marked itself, when it is first put before a document's: nothing has to be looked up for an instance.
    """
    altering: set[str] = set()
    for owner in reversed(cls.__mro__):
        for name, method in vars(owner).items():
            if not isfunction(method):
                continue
            if name in altering:
                vars(method).setdefault("alters_data", True)
            if getattr(method, "alters_data", False):
                altering.add(name)
            else:
                altering.discard(name)


class NoKeyError(KeyError):
    """A document was asked for its key before it has one."""

    silent_variable_failure = True
    """As Django's `ObjectDoesNotExist` has it: templates show nothing."""


class DjangoDocument(Document, metaclass=DjangoDocumentProperties):
    """A document class that Django knows how to name.

    The inner class `Meta` takes `verbose_name`, `verbose_name_plural`, `app_label` and `abstract`, as a model's does.
    `save()` and `delete()` send Django's own signals (`pre_save`, `post_save` with `created`, `pre_delete`,
    `post_delete`) with the class as sender; without a receiver they cost nothing.
    """

    keep_unreadable = True
    """What a `CustomType` cannot read makes no page fail: it is shown as it is stored, and is an error of its field."""

    if TYPE_CHECKING:  # an annotation would be taken for a field
        _meta: ClassVar[DocumentMeta]

    class Meta:
        abstract = True

    @property
    def pk(self) -> str:
        """The key as text, as URLs and forms need it. Raises `KeyError` before the document has one; templates show nothing.

        An `_id` of None is none. A text that looks like a number, an ObjectId, a UUID or a bool is in quotes, unless the
        class declares that its keys are texts: else one text would stand for two keys.
        """
        if not has_id(self):
            raise NoKeyError("_id")
        return text_of(type(self), self["_id"])

    @pk.setter
    def pk(self, value: object) -> None:
        raise ValueError(
            f"pk is read from _id and cannot be set (to {value!r}); set document['_id'] instead."
        )

    def __str__(self) -> str:
        """Return "Talk object (4b96…)", as models do: what pages show where a class has no `__str__` of its own."""
        return f"{type(self).__name__} object ({self.get('_id')})"

    def serializable_value(self, field_name: str) -> Any:
        """Return a field's value, the key as text: what Django's serializers and admin call."""
        return self.pk if field_name in {"pk", "_id"} else self.get(field_name)

    def _get_pk_val(self) -> str:
        """Return `pk`: what Django's serializers and admin call."""
        return self.pk

    def save(self, *args: Any, **kwargs: Any) -> Any:
        """Save as mongokit does, with `pre_save` before validation and `post_save` after the write.

        `created` is True when the document had no `_id` before; `update_fields` is what `only` names. Takes and returns
        what mongokit's `save` does. In a unit of work `post_save` is sent when the unit has taken the document, and not
        when it writes it at its end.
        """
        sender = type(self)
        if not (pre_save.has_listeners(sender) or post_save.has_listeners(sender)):
            return super().save(*args, **kwargs)
        created = not has_id(self)
        only = kwargs.get("only")
        if only is not None:
            only = kwargs["only"] = list(only)
        common = {
            "instance": self,
            "raw": False,
            "using": alias_of(self),
            "update_fields": None if only is None else frozenset(only),
        }
        pre_save.send(sender=sender, **common)
        result = super().save(*args, **kwargs)
        if isawaitable(result):
            return _then(result, post_save, sender=sender, created=created, **common)
        post_save.send(sender=sender, created=created, **common)
        return result

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Delete as mongokit does, with `pre_delete` before and `post_delete` after."""
        sender = type(self)
        if not (pre_delete.has_listeners(sender) or post_delete.has_listeners(sender)):
            return super().delete(*args, **kwargs)
        common = {"instance": self, "using": alias_of(self), "origin": self}
        pre_delete.send(sender=sender, **common)
        delete: Any = super().delete
        result = delete(*args, **kwargs)
        if isawaitable(result):
            return _then(result, post_delete, sender=sender, **common)
        post_delete.send(sender=sender, **common)
        return result


async def _then(work: Awaitable[Any], signal: ModelSignal, **sent: Any) -> Any:
    """Await what is done with a document of an asynchronous connection, and send the signal when it is done."""
    result = await work
    await signal.asend(**sent)
    return result

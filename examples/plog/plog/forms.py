"""The comment form, and the seal that shows that a comment was previewed just as it is."""

from __future__ import annotations

import hashlib
from typing import Any

from bson import ObjectId
from django import forms
from django.core import signing

from plog.comment_text import tidy, tidy_line
from plog.documents import AUTHOR_LENGTH, TEXT_LENGTH

__all__ = ["CommentForm", "opened_seal", "seal"]

SEAL_SALT = "plog.comment"
SEAL_SECONDS = 24 * 60 * 60


class CommentForm(forms.Form):
    """Who and what. ``website`` is a trap: people don't see it, programs that fill in everything do."""

    author = forms.CharField(
        label="Your name",
        required=False,
        max_length=AUTHOR_LENGTH,
        help_text="May stay empty.",
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    text = forms.CharField(
        label="Your comment",
        max_length=TEXT_LENGTH,
        strip=False,
        help_text="Plain text. An empty line begins a new paragraph, addresses become links.",
        error_messages={"required": "Please write something first."},
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    website = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "comment-%s", **kwargs})

    def clean_author(self) -> str:
        return tidy_line(self.cleaned_data["author"])

    def clean_text(self) -> str:
        text = tidy(self.cleaned_data["text"])
        if not text.strip():
            raise forms.ValidationError("Please write something first.", code="required")
        if len(text) > TEXT_LENGTH:
            # Tabulators have become blanks.
            raise forms.ValidationError(f"At most {TEXT_LENGTH} characters, please.", code="max_length")
        return text

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError("This field has to stay empty.", code="trap")
        return ""


def seal(slug: str, author: str, text: str) -> str:
    """A signed note saying that this comment was shown to its author, with the key it will be stored under."""
    note = {"key": str(ObjectId()), "digest": _digest(slug, author, text)}
    return signing.dumps(note, salt=SEAL_SALT, compress=True)


def opened_seal(value: str, slug: str, author: str, text: str) -> ObjectId | None:
    """The key in a seal that belongs to just this comment, or None: no seal, another text, forged or too old."""
    try:
        note = signing.loads(value, salt=SEAL_SALT, max_age=SEAL_SECONDS)
    except signing.BadSignature:
        return None
    return ObjectId(note["key"]) if note["digest"] == _digest(slug, author, text) else None


def _digest(slug: str, author: str, text: str) -> str:
    return hashlib.sha256(f"{slug}\0{author}\0{text}".encode()).hexdigest()

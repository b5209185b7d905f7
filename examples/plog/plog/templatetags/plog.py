"""Filters of the templates: a post's stored HTML and a comment's text as they go into a page."""

from __future__ import annotations

from urllib.parse import quote

from django import template
from django.utils.safestring import SafeString, mark_safe

from django_static import staticfile
from plog.comment_text import to_html
from plog.documents import Post
from plog.markdown import map_assets, shift_headings

register = template.Library()


@register.filter
def body(post: Post, heading: str = "h2") -> SafeString:
    """A post's HTML with its pictures under their published names; its headings begin with ``heading``."""
    html = map_assets(post.html, staticfile)
    if heading == "h3":
        html = shift_headings(html)
    return mark_safe(html)  # noqa: S308 (sanitised before it was stored)


@register.filter
def comment_html(text: str) -> SafeString:
    """A comment's text, escaped, with paragraphs and links."""
    return to_html(text)


@register.filter
def counted(number: int, noun: str) -> str:
    """``0 comments``, ``1 comment``, ``30 comments``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@register.filter
def filter_address(category: str) -> str:
    """Where the posts of a category are listed."""
    return f"/oc-{quote(category, safe='')}"

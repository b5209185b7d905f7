"""The pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import redirect, render
from django.urls import is_valid_path, reverse
from django.utils.encoding import iri_to_uri
from django.views.decorators.http import require_POST, require_safe

from plog import blog
from plog.documents import TEXT_LENGTH, Post
from plog.forms import CommentForm, opened_seal, seal

__all__ = ["comment", "csrf_failure", "home", "post", "slides", "without_slash"]

MAX_FILTERS = 10


@require_safe
def home(request: HttpRequest, filters: str = "", page: str = "") -> HttpResponse:
    """The newest posts, whole; or those of some categories: ``/oc-Django/oc-Python/p2``, the same as ``?page=2``."""
    known = blog.categories()
    chosen = _chosen(filters, {category.name for category in known})
    found = blog.posts_page(_page_number(page or request.GET.get("page", "1")), chosen)
    if not found.items and found.number > 1:
        raise Http404("There is no such page.")
    base = "".join(f"/oc-{quote(name)}" for name in chosen)
    return render(
        request,
        "home.html",
        {
            "categories": known,
            "chosen": chosen,
            "page": found,
            "posts": _with_counts(found.items),
            "newer": _page_address(base, found.previous),
            "older": _page_address(base, found.next),
        },
    )


@require_safe
def post(request: HttpRequest, slug: str) -> HttpResponse:
    """One post, its comments, and the form to write one."""
    found = _post_or_404(slug)
    comments = blog.comments_page(slug, _page_number(request.GET.get("comments", "1")))
    if not comments.items and comments.number > 1:
        raise Http404("There is no such page of comments.")
    before, after = blog.neighbours(found)
    return render(
        request,
        "post.html",
        {
            "categories": blog.categories(),
            "post": found,
            "count": blog.comment_counts([slug])[slug],
            "comments": comments,
            "before": before,
            "after": after,
            "form": CommentForm(),
            "text_length": TEXT_LENGTH,
        },
    )


def comment(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a comment as it will look; store it when it comes back just as it was shown."""
    if request.method != "POST":
        return redirect(reverse("post", args=[slug]) + "#write")
    return _comment(request, slug)


@require_POST
def _comment(request: HttpRequest, slug: str) -> HttpResponse:
    found = _post_or_404(slug)
    form = CommentForm(request.POST)
    shown: dict[str, Any] | None = None
    if form.is_valid():
        shown = form.cleaned_data
        key = opened_seal(request.POST.get("seal", ""), slug, shown["author"], shown["text"])
        if key is not None and "publish" in request.POST:
            stored = blog.add_comment(slug, shown["author"], shown["text"], key)
            return _to_comment(slug, str(stored._id))
    context = {
        "categories": blog.categories(),
        "post": found,
        "form": form,
        "preview": shown,
        "changed": shown is not None and "publish" in request.POST,
        "seal": seal(slug, shown["author"], shown["text"]) if shown else "",
        "text_length": TEXT_LENGTH,
    }
    return render(request, "preview.html", context)


@require_safe
def slides(request: HttpRequest) -> HttpResponse:
    """The talk as a page: all slides below each other, one at a time for those who have the script."""
    return render(request, "slides.html")


@require_safe
def without_slash(request: HttpRequest, address: str) -> HttpResponse:
    """Addresses end without a slash; who types one is shown the way."""
    # Begun with another slash it would lead to another server.
    if address.startswith("/") or not is_valid_path(f"/{address}"):
        raise Http404("There is no such page.")
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(iri_to_uri(f"/{quote(address)}" + (f"?{query}" if query else "")))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form came without the cookie it was made with."""
    return render(request, "403_csrf.html", status=403)


def _chosen(filters: str, known: set[str]) -> list[str]:
    """The categories in an address, each once; raises `Http404` for one that no post has."""
    names = list(dict.fromkeys(part.removeprefix("oc-") for part in filters.split("/") if part))
    unknown = [name for name in names if name not in known]
    if unknown or len(names) > MAX_FILTERS:
        raise Http404(f"There is no category {unknown[0]!r}." if unknown else "Too many categories.")
    return names


def _page_number(text: str) -> int:
    """The page an address names; raises `Http404` for what is no number of a page."""
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0):
        raise Http404(f"{text!r} is not the number of a page.")
    return int(text)


def _page_address(base: str, number: int | None) -> str:
    if number is None:
        return ""
    return f"{base}/p{number}" if number > 1 else base or "/"


def _with_counts(posts: list[Post]) -> list[tuple[Post, int]]:
    counts = blog.comment_counts(found.slug for found in posts) if posts else {}
    return [(found, counts[found.slug]) for found in posts]


def _post_or_404(slug: str) -> Post:
    found = blog.find_post(slug)
    if found is None:
        raise Http404(f"There is no post {slug!r}.")
    return found


def _to_comment(slug: str, key: str) -> HttpResponseRedirect:
    last = blog.last_comments_page(slug)
    query = f"?comments={last}" if last > 1 else ""
    # 303: whatever the request was, what comes next is to be fetched with GET.
    response = HttpResponseRedirect(f"{reverse('post', args=[slug])}{query}#comment-{key}")
    response.status_code = 303
    return response

"""A post, its comments, and what stands around them."""

from __future__ import annotations

import datetime
import re

import pytest
from bson import ObjectId

from plog import blog

pytestmark = pytest.mark.usefixtures("site")

POST = "/plog/fcgi-gunicorn-uwsgi"


def page(client, address=POST):
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_post_page(client):
    html = page(client)
    assert "<h1>fcgi, gunicorn or uWSGI behind nginx</h1>" in html
    assert '<time datetime="2010-04-09">09 April 2010</time>' in html
    assert "<title>fcgi, gunicorn or uWSGI behind nginx: plog</title>" in html
    assert len(re.findall(r'<article class="comment"', html)) == 30
    assert '<h2 id="comments-title">30 comments</h2>' in html


@pytest.mark.parametrize(
    ("slug", "count"),
    [("django-1-1-testing-and-debugging", "0 comments"), ("mongodb-test-teardown", "1 comment"),
     ("introducing-django-static", "19 comments")],
)  # fmt: skip
def test_counts(client, slug, count):
    html = page(client, f"/plog/{slug}")
    assert f'<h2 id="comments-title">{count}</h2>' in html
    assert f'<a class="count" href="/plog/{slug}#comments">{count}</a>' in html


def test_comments_in_the_order_they_were_written(client):
    dates = re.findall(r'<time datetime="([^"]+)T', page(client))
    assert len(dates) == 30
    assert dates == sorted(dates)


def test_unknown_post(client):
    assert client.get("/plog/no-such-post").status_code == 404
    assert client.get("/plog/..%2f").status_code == 404


@pytest.mark.parametrize(
    ("slug", "newer", "older"),
    [
        ("django-static-file-proxy-cdn", None, "mongodb-test-teardown"),
        ("mongodb-slides", "mongodb-test-teardown", "mongoengine-vs-django-mongokit"),
        ("posts-are-plain-files", "nothing-waits-for-a-script", None),
    ],
)
def test_neighbours(client, slug, newer, older):
    html = page(client, f"/plog/{slug}")
    for kind, wanted in (("newer", newer), ("older", older)):
        found = re.search(rf'<a class="{kind}" rel="\w+" href="/plog/([\w-]+)"', html)
        assert (found and found[1]) == wanted


def test_post_asks_a_fixed_number_of_questions(client, queries):
    page(client)
    queries()
    page(client)
    many = queries()
    page(client, "/plog/django-1-1-testing-and-debugging")
    assert len(many) == len(queries()) == 6


def test_many_comments_come_in_pages(client):
    moment = datetime.datetime(2011, 1, 1, tzinfo=datetime.UTC)
    for number in range(75):
        comment = blog.add_comment("fcgi-gunicorn-uwsgi", "", f"Number {number}", ObjectId())
        comment.added = moment + datetime.timedelta(minutes=number)
        comment.save()
    first, second = page(client), page(client, f"{POST}?comments=2")
    assert [len(re.findall(r'<article class="comment"', html)) for html in (first, second)] == [100, 5]
    assert "105 comments" in first
    assert 'href="?comments=2#comments"' in first
    assert 'href="?comments=1#comments"' in second
    assert "Number 74" in second


@pytest.mark.parametrize("number", ["0", "2", "x", "-1", ""])
def test_no_such_page_of_comments(client, number):
    assert client.get(f"{POST}?comments={number}").status_code == 404


def test_footnotes_of_several_posts_do_not_clash(client):
    ids = re.findall(r' id="([^"]+)"', page(client, "/"))
    assert len([name for name in ids if name.startswith("fn-")]) >= 5
    assert len(ids) == len(set(ids))


def test_pictures_have_captions_and_dark_twins(client):
    html = page(client)
    figures = re.findall(r"<figure>.*?</figure>", html)
    assert len(figures) == 2
    for figure in figures:
        alt = re.search(r'alt="([^"]+)"', figure)[1]
        assert f"<figcaption>{alt}</figcaption>" in figure
        assert re.search(
            r'<source srcset="/cache-forever/img/[\w-]+-dark\.\d+\.svg" media="\(prefers-color-scheme: dark\)">',
            figure,
        )
        assert re.search(r'width="480" height="\d+"', figure)


def test_headings_follow_the_title(client):
    assert "<h2>The verdict</h2>" in page(client)
    assert "<h3>The verdict</h3>" in page(client, "/")


def test_slides(client):
    html = page(client, "/slides/mongodb-in-django")
    assert len(re.findall(r'<section class="slide', html)) == 14
    assert "Implication 5" in html

"""The home page and its filters, as section K of the acceptance list has them."""

from __future__ import annotations

import datetime
import re
from html import unescape

import pytest

from plog import blog
from plog.documents import Post

pytestmark = pytest.mark.usefixtures("site")

SAMPLE = [
    ("09 July 2010", "4 comments", "Django", "django-static-file-proxy-cdn"),
    ("30 May 2010", "1 comment", "Django, MongoDB", "mongodb-test-teardown"),
    ("25 May 2010", "7 comments", "Django", "mongodb-slides"),
    ("24 May 2010", "3 comments", "Python, Django", "mongoengine-vs-django-mongokit"),
    ("20 May 2010", "0 comments", "Django", "django-1-1-testing-and-debugging"),
    ("15 April 2010", "5 comments", "Django", "who-was-logged-in"),
    ("09 April 2010", "30 comments", "Python, Django, Linux", "fcgi-gunicorn-uwsgi"),
    ("24 March 2010", "19 comments", "Django", "introducing-django-static"),
    ("09 March 2010", "15 comments", "Python, Django", "django-mongokit-vs-postgresql"),
    ("08 March 2010", "9 comments", "Python, Django", "introducing-django-mongokit"),
]
OLDER = ["nothing-waits-for-a-script", "posts-are-plain-files"]


def text(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def heads(html):
    """(date, count, categories, slug) of every post on a page, in its order."""
    found = []
    for article in re.findall(r'<article class="post">.*?</article>', html, re.DOTALL):
        meta = re.search(r'<p class="meta">(.*?)</p>', article, re.DOTALL)[1]
        slug = re.search(r'href="/plog/([\w-]+)"', article)[1]
        date, count = (
            text(re.search(r"<time.*?</time>", meta)[0]),
            text(re.search(r"<a class=\"count.*?</a>", meta)[0]),
        )
        categories = text(re.search(r'<span class="in">(.*)</span>', meta, re.DOTALL)[1])
        found.append((date, count, categories.removeprefix("Categories: "), slug))
    return found


def page(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_ten_newest_posts(client):
    assert heads(page(client, "/")) == SAMPLE


def test_tagline_and_landmarks(client):
    html = page(client, "/")
    assert "A blog and website by the Slimstack authors" in html
    for landmark in ('<header class="site">', "<main ", '<footer class="site">', 'aria-label="Categories"'):
        assert landmark in html
    assert html.index('class="skip" href="#content"') < html.index("<header")
    assert 'id="content"' in html


def test_posts_are_whole(client):
    html = page(client, "/")
    for post in blog.posts_page(1).items:
        last_words = re.findall(r"[\w']+", text(post.html))[-6:]
        article = html.split(f'<h2><a href="/plog/{post.slug}"')[1].split("</article>")[0]
        assert re.findall(r"[\w']+", text(article))[-6:] == last_words


def test_filtered(client):
    html = page(client, "/oc-Django")
    assert "<h1>Filtered home page!</h1>" in html
    assert "Currently only showing blog entries under the category: Django." in text(html)
    assert re.search(r'<a href="/">Clear filter</a>', html)
    assert heads(html) == SAMPLE


@pytest.mark.parametrize(
    ("address", "slugs", "named"),
    [
        pytest.param("/oc-MongoDB", ["mongodb-test-teardown"], "category: MongoDB.", id="one"),
        pytest.param("/oc-Linux/oc-MongoDB", ["mongodb-test-teardown", "fcgi-gunicorn-uwsgi"],
                     "categories: Linux, MongoDB.", id="two"),
        pytest.param("/oc-MongoDB/oc-Linux", ["mongodb-test-teardown", "fcgi-gunicorn-uwsgi"],
                     "categories: MongoDB, Linux.", id="other-order"),
        pytest.param("/oc-Linux/oc-Linux", ["fcgi-gunicorn-uwsgi"], "category: Linux.", id="twice"),
        pytest.param("/oc-JavaScript/oc-MongoDB", ["mongodb-test-teardown", OLDER[0]],
                     "categories: JavaScript, MongoDB.", id="no-django"),
        pytest.param("/oc-Python/p1", [slug for *_, names, slug in SAMPLE if "Python" in names] + OLDER[1:],
                     "category: Python.", id="first-page-by-number"),
    ],
)  # fmt: skip
def test_filters(client, address, slugs, named):
    html = page(client, address)
    assert [slug for *_, slug in heads(html)] == slugs
    assert f"under the {named}" in text(html)


def test_filtered_posts_show_their_other_categories(client):
    assert heads(page(client, "/oc-Linux")) == [SAMPLE[6]]


@pytest.mark.parametrize("address", ["/p2", "/?page=2"])
def test_second_page(client, address):
    html = page(client, address)
    assert [slug for *_, slug in heads(html)] == OLDER
    assert re.search(r'<a class="newer" rel="prev" href="/">', html)
    assert 'class="older"' not in html


def test_first_page_leads_to_older(client):
    html = page(client, "/")
    assert re.search(r'<a class="older" rel="next" href="/p2">', html)
    assert 'class="newer"' not in html


def test_filtered_pages(client):
    for number in range(23):
        add_post(
            f"numbered-{number}", ["Web & more"], datetime.datetime(2009, 1, 1 + number, tzinfo=datetime.UTC)
        )
    first, second, third = (page(client, f"/oc-Web%20%26%20more{end}") for end in ("", "/p2", "?page=3"))
    assert [len(heads(html)) for html in (first, second, third)] == [10, 10, 3]
    assert 'rel="next" href="/oc-Web%20%26%20more/p2"' in first
    assert 'rel="prev" href="/oc-Web%20%26%20more"' in second
    assert 'rel="next" href="/oc-Web%20%26%20more/p3"' in second
    assert 'rel="next"' not in third
    assert "under the category: Web & more." in text(first)
    assert heads(first)[0][3] == "numbered-22"


@pytest.mark.parametrize(
    "address",
    [
        "/oc-Cobol", "/oc-django", "/oc-Django/oc-Cobol", "/oc-", "/p3", "/p0", "/?page=0", "/?page=-1", "/?page=x",
        "/?page=", "/?page=٢", "/p99999999", "/oc-Django/p2", "/oc-Django?page=9", "/oc-Django/x",
        "/" + "/".join(f"oc-{n}" for n in range(50)), "/oc-%00", "/nothing",
    ],
)  # fmt: skip
def test_not_found(client, address):
    response = client.get(address)
    assert response.status_code == 404
    html = response.content.decode()
    assert "<h1>There is no such page</h1>" in html
    assert "A blog and website by the Slimstack authors" in html


def test_post_of_the_same_moment_appear_once(client):
    moment = datetime.datetime(2009, 1, 1, tzinfo=datetime.UTC)
    slugs = {add_post(f"same-{number}", ["Same"], moment).slug for number in range(15)}
    shown = [slug for end in ("", "/p2") for *_, slug in heads(page(client, f"/oc-Same{end}"))]
    assert len(shown) == 15
    assert set(shown) == slugs


@pytest.mark.parametrize("extra", [0, 200])
def test_home_asks_three_questions(client, queries, extra):
    for number in range(extra):
        add_post(f"extra-{number}", ["Extra"], datetime.datetime(2011, 1, 1, tzinfo=datetime.UTC))
    page(client, "/")  # prepares the static files
    queries()
    page(client, "/")
    assert sorted(queries()) == ["aggregate comments", "aggregate posts", "find posts"]


def test_empty_site(client, empty):
    html = page(client, "/")
    assert "Nothing has been written yet." in html
    assert heads(html) == []


def test_the_queries_use_indexes(client):
    from django_mongokit import get_database

    posts = get_database().posts
    for query in ({}, {"categories": {"$in": ["Django"]}}):
        plan = posts.find(query).sort([("published", -1), ("_id", -1)]).explain()
        stages = re.findall(r"'stage': '(\w+)'", str(plan["queryPlanner"]))
        assert "IXSCAN" in stages, plan
        assert "COLLSCAN" not in stages, plan
    assert {index["name"] for index in posts.list_indexes()} >= {"slug_1", "published_-1__id_-1"}


def test_head_request(client):
    response = client.head("/")
    assert response.status_code == 200
    assert response.content == b""


def test_writing_is_not_for_the_home_page(client):
    assert client.post("/").status_code == 405


def add_post(slug, categories, published):
    from django_mongokit import get_database

    post: Post = get_database().posts.Post()
    post.update(
        slug=slug, title=slug, published=published, categories=categories, html="<p>Hello</p>", digest=""
    )
    post.save()
    return post


SLASHED = {
    "/oc-Django/": "/oc-Django",
    "/oc-Django//": "/oc-Django",
    "/oc-Python/oc-Linux/": "/oc-Python/oc-Linux",
    "/oc-Django/?page=2&x=%C3%A9": "/oc-Django?page=2&x=%C3%A9",
    "/oc-C%2B%2B%20%26%20%C3%A9/": "/oc-C%2B%2B%20%26%20%C3%A9",
    "/p2/": "/p2",
    "/plog/mongodb-slides/": "/plog/mongodb-slides",
    "/slides/mongodb-in-django/": "/slides/mongodb-in-django",
}


@pytest.mark.parametrize(("typed", "canonical"), SLASHED.items(), ids=SLASHED)
def test_a_slash_at_the_end_is_shown_the_way(client, typed, canonical):
    response = client.get(typed)
    assert (response.status_code, response["Location"]) == (301, canonical)


@pytest.mark.parametrize(
    "address", ["/nothing/", "/%2Fexample.org/oc-Django/", "/%2F%2F", "/cache-forever/css/x.css/"]
)
def test_a_slash_at_the_end_of_nothing(client, address):
    assert client.get(address).status_code == 404


def test_what_is_posted_is_not_sent_elsewhere(client):
    assert client.post("/plog/mongodb-slides/").status_code == 405

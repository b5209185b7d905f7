"""Writing a comment: preview first, stored once, counted right, shown as text."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from django.test import Client

from django_mongokit import get_database
from plog import blog, forms
from plog.documents import AUTHOR_LENGTH, TEXT_LENGTH

pytestmark = pytest.mark.usefixtures("site")

SLUG = "django-1-1-testing-and-debugging"
POST = f"/plog/{SLUG}"
FORM = f"{POST}/comment"


def count(slug=SLUG):
    return get_database().comments.count_documents({"post": slug})


def preview(client, **data):
    response = client.post(FORM, {"author": "", "preview": "1", **data})
    assert response.status_code == 200
    html = response.content.decode()
    seal = re.search(r'name="seal" value="([^"]+)"', html)
    return html, unescape(seal[1]) if seal else None


def publish(client, **data):
    return client.post(FORM, {"author": "", "publish": "1", **data})


def test_preview_then_publish(client):
    html, seal = preview(client, author="A reader", text="Very useful.\n\nThank you!")
    assert "Preview of your comment" in html
    assert "<p>Very useful.</p>\n\n<p>Thank you!</p>" in html
    assert count() == 0

    response = publish(client, author="A reader", text="Very useful.\r\n\r\nThank you!", seal=seal)
    assert response.status_code == 303
    address, _, anchor = response["Location"].partition("#")
    shown = client.get(address).content.decode()
    assert f'id="{anchor}"' in shown
    assert '<h2 id="comments-title">1 comment</h2>' in shown
    assert "<bdi>A reader</bdi>" in shown
    assert count() == 1


def test_the_home_page_counts_it(client):
    _, seal = preview(client, text="Counted")
    publish(client, text="Counted", seal=seal)
    assert f'<a class="count" href="{POST}#comments">1 comment</a>' in client.get("/").content.decode()


def test_nobody_publishes_without_a_preview(client):
    response = publish(client, text="In a hurry")
    assert response.status_code == 200
    assert "not the one you have seen in a preview" in response.content.decode()
    assert count() == 0


@pytest.mark.parametrize(
    ("author", "text"),
    [("", "Hello you"), ("Somebody", "Hello"), ("Hello", "")],
    ids=["text", "author", "swapped"],
)
def test_what_was_not_previewed_is_shown_first(client, author, text):
    _, seal = preview(client, text="Hello")
    assert publish(client, author=author, text=text or "x", seal=seal).status_code == 200
    assert count() == 0


def test_a_seal_is_for_one_post(client):
    _, seal = preview(client, text="Hello")
    other = client.post(
        "/plog/mongodb-slides/comment", {"text": "Hello", "author": "", "publish": "1", "seal": seal}
    )
    assert other.status_code == 200
    assert count("mongodb-slides") == 7


@pytest.mark.parametrize(
    "damage", [lambda s: s[:-1], lambda s: "x" + s, lambda s: "", lambda s: "a:b:c", lambda s: s.swapcase()]
)
def test_forged_seal(client, damage):
    _, seal = preview(client, text="Hello")
    assert publish(client, text="Hello", seal=damage(seal)).status_code == 200
    assert count() == 0


def test_old_seal(client, monkeypatch):
    _, seal = preview(client, text="Hello")
    monkeypatch.setattr(forms, "SEAL_SECONDS", -1)
    assert publish(client, text="Hello", seal=seal).status_code == 200
    assert count() == 0


def test_sent_twice_is_stored_once(client):
    _, seal = preview(client, text="Click, click")
    first = publish(client, text="Click, click", seal=seal)
    stored = get_database().comments.find_one({"post": SLUG})
    second = publish(client, text="Click, click", seal=seal)
    assert first["Location"] == second["Location"]
    assert get_database().comments.find_one({"post": SLUG}) == stored
    assert count() == 1


def test_sent_twice_at_once_is_stored_once():
    _, seal = preview(Client(), text="Twins")
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: publish(Client(), text="Twins", seal=seal).status_code, range(8)))
    assert codes == [303] * 8
    assert count() == 1


def test_counts_are_right_under_concurrency(client):
    def write(number):
        own = Client()
        text = f"Comment {number}"
        _, seal = preview(own, text=text)
        return publish(own, text=text, seal=seal).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(40))) == {303}
    assert blog.comment_counts([SLUG]) == {SLUG: 40}
    html = client.get(POST).content.decode()
    assert '<h2 id="comments-title">40 comments</h2>' in html
    assert sorted(re.findall(r"Comment (\d+)", html), key=int) == [str(number) for number in range(40)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param({"text": ""}, "Please write something first.", id="empty"),
        pytest.param({"text": " \n\t\n "}, "Please write something first.", id="blank"),
        pytest.param({"text": "\x07\u200b\x07"[:1]}, "Please write something first.", id="invisible"),
        pytest.param({}, "Please write something first.", id="missing"),
        pytest.param({"text": "x" * (TEXT_LENGTH + 1)}, "at most 5000 characters", id="too-long"),
        pytest.param({"text": "\t" * TEXT_LENGTH + "x"}, "at most 5000 characters", id="tabs"),
        pytest.param({"text": "a\tb" * 1250 + "c"}, "At most 5000 characters", id="tabs-grow"),
        pytest.param(
            {"text": "Hi", "author": "n" * (AUTHOR_LENGTH + 1)}, "at most 60 characters", id="name-too-long"
        ),
        pytest.param({"text": "a\0b"}, "Null characters are not allowed", id="null"),
        pytest.param({"text": "Hi", "website": "x.example"}, "This field has to stay empty.", id="trap"),
    ],
)
def test_refused(client, data, message):
    html, seal = preview(client, **data)
    assert message in html
    assert 'class="errorlist"' in html
    assert seal is None
    assert count() == 0


def test_the_longest_comment_fits(client):
    text, author = "x" * TEXT_LENGTH, "n" * AUTHOR_LENGTH
    _, seal = preview(client, text=text, author=author)
    assert publish(client, text=text, author=author, seal=seal).status_code == 303


def test_what_was_typed_stays_in_the_form(client):
    html, _ = preview(client, text='</textarea><script>alert("x")</script>', author='"><b>')
    assert "&lt;/textarea&gt;&lt;script&gt;" in html
    assert 'value="&quot;&gt;&lt;b&gt;"' in html
    assert "<script>alert" not in html


def test_hostile_comment_is_shown_as_text(client):
    text = '<img src=x onerror=alert(1)> <a href="javascript:alert(1)">x</a> javascript:alert(1)'
    _, seal = preview(client, text=text, author="<script>alert(1)</script>")
    publish(client, text=text, author="<script>alert(1)</script>", seal=seal)
    html = client.get(POST).content.decode()
    comment = re.search(r'<article class="comment".*?</article>', html, re.DOTALL)[0]
    assert re.findall(r"<(\w+)", comment.replace("<time", "<x-time")) == [
        "article",
        "header",
        "span",
        "bdi",
        "a",
        "x",
        "div",
        "p",
    ]
    assert text in unescape(comment)


def test_links_give_no_rank(client):
    html, _ = preview(client, text="See https://example.com/a?b=1&c=2.")
    link = '<a href="https://example.com/a?b=1&amp;c=2" rel="nofollow ugc noopener">https://example.com/a?b=1&amp;c=2</a>.'
    assert link in html


def test_without_token():
    response = Client(enforce_csrf_checks=True).post(FORM, {"text": "Hello", "preview": "1"})
    assert response.status_code == 403
    assert "The form has lost its cookie" in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_with_token():
    client = Client(enforce_csrf_checks=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(POST).content.decode())[1]
    response = client.post(
        FORM, {"text": "Hello", "author": "", "preview": "1", "csrfmiddlewaretoken": token}
    )
    assert response.status_code == 200
    assert client.cookies["csrftoken"]["httponly"]


def test_form_address_leads_back(client):
    response = client.get(FORM)
    assert (response.status_code, response["Location"]) == (302, f"{POST}#write")


def test_unknown_post(client):
    assert client.post("/plog/nothing/comment", {"text": "Hello", "preview": "1"}).status_code == 404
    assert count("nothing") == 0


def test_too_much_at_once(client):
    response = client.post(FORM, {"text": "x" * 100_000, "preview": "1"})
    assert response.status_code == 400
    assert "That request made no sense" in response.content.decode()


def test_on_the_last_page(client):
    for number in range(100):
        blog.add_comment(SLUG, "", str(number), forms.ObjectId())
    _, seal = preview(client, text="Number 101")
    response = publish(client, text="Number 101", seal=seal)
    assert response["Location"].startswith(f"{POST}?comments=2#comment-")
    assert "Number 101" in client.get(response["Location"].partition("#")[0]).content.decode()

"""The site in a real Chromium: walked through, looked at, listened to."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright
from running import Demo
from test_demo import needs_server

from plog.content import read

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SLUGS = [post.slug for post in read(Path(__file__).parent.parent / "content")]
# Where to put pictures of the pages, for people to look at.
SHOTS = os.environ.get("PLOG_SHOTS")

pytestmark = [
    needs_server,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH (Debian: apt install chromium)"),
    pytest.mark.timeout(300),
]

CONTRAST = r"""
() => {
  const channel = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const paper = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length && (colour.length < 4 || colour[3] === 1)) return colour;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor);
  };
  const bad = new Set();
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [luminance(parse(style.color)), luminance(paper(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    seen += 1;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < needed) bad.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return { seen, bad: [...bad] };
}
"""


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def base():
    folder = tempfile.mkdtemp(prefix="plog-browser-")
    with Demo(folder).await_url() as demo:
        yield demo.url.rstrip("/")
    shutil.rmtree(folder, ignore_errors=True)


class Tab:
    """One page of a browser, and everything it complained of."""

    def __init__(self, context, base):
        self.base = base
        self.complaints = []
        self.allowed = set()
        self.page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._response)

    def _console(self, message):
        if message.type in ("error", "warning") and message.location.get("url") not in self.allowed:
            self.complaints.append(f"console: {message.text}")

    def _failed(self, request):
        # Whoever leaves a page leaves behind the pictures that were just being fetched.
        if (request.resource_type, request.failure) != ("image", "net::ERR_ABORTED"):
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _response(self, response):
        if response.status >= 400 and response.url not in self.allowed:
            self.complaints.append(f"{response.status}: {response.url}")

    def go(self, path):
        self.page.goto(self.base + path)
        self.look()

    def look(self, name=None):
        """What must be true of every page as it is shown."""
        # Between two pages there is a moment without any, of which it is true that nothing is on it.
        self.page.wait_for_load_state()
        width = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert width[0] <= width[1], f"{self.page.url} is {width[0]} wide in a window of {width[1]}"
        assert self.complaints == []
        if SHOTS and name:
            Path(SHOTS).mkdir(exist_ok=True)
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png")

    @property
    def path(self):
        return urlsplit(self.page.url).path


@pytest.fixture
def tab(browser, base, request):
    options = getattr(request, "param", {})
    context = browser.new_context(**options)
    tab = Tab(context, base)
    yield tab
    context.close()
    assert tab.complaints == []


SIZES = {"360": {"width": 360, "height": 780}, "1280": {"width": 1280, "height": 900}}
WAYS = [
    pytest.param({"viewport": size, "color_scheme": scheme, "java_script_enabled": script},
                 id=f"{width}-{scheme}-{'script' if script else 'no script'}")
    for width, size in SIZES.items() for scheme in ("light", "dark") for script in (True, False)
]  # fmt: skip


@pytest.mark.parametrize("tab", WAYS, indirect=True)
def test_walk(tab, request):
    """home → filter → clear → post → preview → comment."""
    way = request.node.callspec.id.replace(" ", "-")
    page = tab.page
    tab.go("/")
    tab.look(f"home-{way}")
    expect(page.locator("article.post")).to_have_count(10)

    page.get_by_role("navigation", name="Categories").get_by_role("link", name="Linux").click()
    expect(page.get_by_role("heading", name="Filtered home page!")).to_be_visible()
    assert tab.path == "/oc-Linux"
    tab.look(f"filtered-{way}")

    page.get_by_role("link", name="Clear filter").click()
    expect(page.get_by_role("heading", name="Filtered home page!")).to_have_count(0)
    assert tab.path == "/"
    tab.look()

    page.get_by_role("link", name="Older").click()
    page.get_by_role("link", name="Newer").click()
    page.get_by_role("link", name="Book review: Django 1.1 Testing and Debugging").click()
    expect(page.locator("h1")).to_have_text("Book review: Django 1.1 Testing and Debugging")
    tab.look(f"post-{way}")
    before = int(page.locator("#comments-title").inner_text().split()[0])

    text = f"I came here by {way}.\n\nSee https://example.com/ <b>too</b>."
    page.get_by_label("Your name").fill("A reader")
    page.get_by_label("Your comment").fill(text)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview of your comment")).to_be_visible()
    expect(page.locator(".comment.preview p")).to_have_text(
        [f"I came here by {way}.", "See https://example.com/ <b>too</b>."]
    )
    tab.look(f"preview-{way}")

    page.get_by_role("button", name="Post the comment").click()
    page.wait_for_url("**#*")
    anchor = urlsplit(page.url).fragment
    comment = page.locator(f"#{anchor}")
    expect(comment).to_contain_text(f"I came here by {way}.")
    expect(comment.locator("a[rel='nofollow ugc noopener']")).to_have_text("https://example.com/")
    count = before + 1
    expect(page.locator("#comments-title")).to_have_text(
        f"{count} comment" if count == 1 else f"{count} comments"
    )
    tab.look(f"comment-{way}")


@pytest.mark.parametrize("width", SIZES)
def test_every_page_fits(browser, base, width):
    context = browser.new_context(viewport=SIZES[width])
    tab = Tab(context, base)
    for path in (
        "/",
        "/p2",
        "/oc-Django/oc-Linux",
        "/slides/mongodb-in-django",
        *(f"/plog/{slug}" for slug in SLUGS),
    ):
        tab.go(path)
        for picture in tab.page.locator("img").all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", value=True)
            assert picture.evaluate("image => image.naturalWidth") > 0
    tab.look()
    context.close()


@pytest.mark.parametrize("width", SIZES)
def test_not_found(browser, base, width):
    context = browser.new_context(viewport=SIZES[width])
    tab = Tab(context, base)
    tab.allowed.add(f"{base}/nothing")
    tab.go("/nothing")
    tab.look(f"404-{width}")
    expect(tab.page.get_by_role("heading")).to_have_text("There is no such page")
    tab.page.get_by_role("link", name="To the home page").click()
    tab.page.wait_for_url(f"{base}/")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/oc-Python",
        "/plog/fcgi-gunicorn-uwsgi",
        "/plog/introducing-django-static",
        "/slides/mongodb-in-django",
    ],
)
def test_contrast(browser, base, scheme, path):
    context = browser.new_context(color_scheme=scheme)
    tab = Tab(context, base)
    tab.go(path)
    found = tab.page.evaluate(CONTRAST)
    assert found["bad"] == []
    assert found["seen"] >= 5
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_suit_the_page(browser, base, scheme):
    context = browser.new_context(color_scheme=scheme)
    tab = Tab(context, base)
    tab.go("/plog/fcgi-gunicorn-uwsgi")
    shown = tab.page.locator("figure img").first
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("complete", value=True)
    name = shown.evaluate("image => image.currentSrc")
    assert ("-dark." in name) == (scheme == "dark")
    context.close()


def test_policy_is_in_force(tab):
    tab.go("/")
    tab.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.intruder = true";
            document.body.append(script);
            document.body.setAttribute("style", "color: rgb(1, 2, 3)");
        }"""
    )
    assert tab.page.evaluate("window.intruder") is None
    assert tab.page.evaluate("getComputedStyle(document.body).color") != "rgb(1, 2, 3)"
    refused = [text for text in tab.complaints if "Content Security Policy" in text]
    assert len(refused) >= 2
    tab.complaints.clear()


def test_keyboard(tab):
    tab.go("/")
    page = tab.page
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    focused = page.evaluate(
        "[document.activeElement.closest('main') !== null, getComputedStyle(document.activeElement).outlineStyle]"
    )
    assert focused == [True, "solid"]


@pytest.mark.parametrize("tab", [{"permissions": ["clipboard-read", "clipboard-write"]}], indirect=True)
def test_copy(tab):
    tab.go("/plog/who-was-logged-in")
    block = tab.page.locator(".code").last
    block.get_by_role("button", name="Copy").click()
    expect(block.get_by_role("button")).to_have_text("Copied")
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert copied == block.locator("pre").inner_text()
    assert "ERROR-X-LOGGED-IN" in copied


def test_characters_left(tab):
    tab.go("/plog/who-was-logged-in")
    area = tab.page.get_by_label("Your comment")
    area.fill("x" * 4000)
    expect(tab.page.locator(".left")).to_have_text("")
    area.fill("x" * 4990)
    expect(tab.page.locator(".left")).to_have_text("10 characters left")


@pytest.mark.parametrize(
    "tab", [{"reduced_motion": "reduce"}, {"reduced_motion": "no-preference"}], indirect=True
)
def test_motion(tab, request):
    tab.go("/")
    takes = tab.page.evaluate("getComputedStyle(document.querySelector('main a')).transitionDuration")
    reduced = request.node.callspec.params["tab"]["reduced_motion"] == "reduce"
    assert set(takes.split(", ")) == {"0s" if reduced else "0.12s"}


@pytest.mark.parametrize("tab", [{"color_scheme": "dark"}], indirect=True)
def test_paper(tab):
    tab.go("/plog/fcgi-gunicorn-uwsgi")
    tab.page.emulate_media(media="print", color_scheme="light")
    for hidden in (".categories", ".respond", ".paging", "footer.site", ".copy >> nth=0"):
        expect(tab.page.locator(hidden).first).to_be_hidden()
    expect(tab.page.locator(".body")).to_be_visible()
    assert (
        tab.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert tab.page.pdf()[:5] == b"%PDF-"


def test_slides_turn(tab):
    tab.go("/slides/mongodb-in-django")
    page = tab.page
    shown = page.locator(".slide:visible")
    expect(shown).to_have_count(1)
    expect(page.locator("h1")).to_be_visible()
    for key, slide in (("ArrowRight", "slide-2"), (" ", "slide-3"), ("ArrowLeft", "slide-2"), ("ArrowLeft", "slide-1"),
                       ("ArrowLeft", "slide-1"), ("End", "slide-14"), ("PageDown", "slide-14"), ("Home", "slide-1")):  # fmt: skip
        page.keyboard.press(key)
        expect(shown).to_have_attribute("id", slide)
        tab.look(f"slides-{slide}")
    page.keyboard.press("p")
    expect(shown).to_have_count(14)
    page.keyboard.press("P")
    page.go_back()
    expect(shown).to_have_attribute("id", "slide-14")


def test_slides_on_paper_are_all_there(tab):
    tab.go("/slides/mongodb-in-django")
    tab.page.emulate_media(media="print")
    expect(tab.page.locator(".slide:visible")).to_have_count(14)


@pytest.mark.parametrize(
    "tab",
    [
        pytest.param({"java_script_enabled": False, "viewport": SIZES["360"]}, id="no script"),
        pytest.param({"is_mobile": True, "has_touch": True, "viewport": SIZES["360"]}, id="touch"),
    ],
    indirect=True,
)
def test_slides_without_keys(tab):
    tab.go("/slides/mongodb-in-django")
    expect(tab.page.locator(".slide:visible")).to_have_count(14)
    expect(tab.page.locator(".keys")).to_be_hidden()


def test_only_own_files_are_fetched(browser, base):
    context = browser.new_context()
    tab = Tab(context, base)
    fetched = []
    tab.page.on("request", lambda request: fetched.append(request.url))
    tab.go("/")
    assert all(url.startswith(base + "/") for url in fetched)
    assert not [url for url in fetched if not re.search(r"/$|/cache-forever/", url)]
    context.close()

"""Which names templates mention: what ``staticreport`` holds for used."""

from __future__ import annotations

import jinja2
import pytest
from django.template import Engine
from django.template.backends.jinja2 import Jinja2

from django_static.mentions import words_of_templates

LOCMEM = "django.template.loaders.locmem.Loader"


def django(**templates: str) -> Engine:
    return Engine(loaders=[(LOCMEM, {f"{name}.html": text for name, text in templates.items()})])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('<img src="/a/b.png">', "/a/b.png"),
        ("<img src=/a/b.png>", "/a/b.png"),
        ("{% static 'a b.png' %}", "a b.png"),
        ("{{ 'a.png'|add:x }}", "a.png"),
        ('<img src="/a%20b.png?v=1#x">', "/a b.png"),
        ('<img srcset="a.png 1x, b.png 2x">', "b.png"),
        ("<script>load('x.js');</script>", "x.js"),
        ("<style>a{b:url(c.png)}</style>", "c.png"),
        ("{% never closed 'a.png'", "a.png"),
        ("{% no_such_tag 'a.png' %}", "a.png"),
        ("{# a.png #}", "a.png"),
    ],
)
def test_a_word(text, word):
    assert word in words_of_templates([django(page=text)])


@pytest.mark.parametrize("text", ["", "a b c", "<p class='x'>", "{{ block }}"])
def test_no_word(text):
    assert words_of_templates([django(page=text)]) == set()


@pytest.mark.parametrize("cached", [False, True])
def test_files_in_folders(tmp_path, cached):
    """All that lie there count, also those no loader would be asked for; not what an editor or a camera left."""
    for name, data in {
        "page.html": b"a.png",
        "deep/down/x.txt": b"b.png",
        "latin.html": "é c.png".encode("latin-1"),
        "binary.html": b"\0 d.png",
        "page.html~": b"e.png",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "lost.html").symlink_to(tmp_path / "nowhere")
    loader: object = ("django.template.loaders.filesystem.Loader", [str(tmp_path)])
    if cached:
        loader = ("django.template.loaders.cached.Loader", [loader])
    assert words_of_templates([Engine(loaders=[loader])]) == {"a.png", "b.png", "c.png"}


class TestJinja2:
    def backend(self, loader: jinja2.BaseLoader) -> Jinja2:
        made = Jinja2({"NAME": "j", "DIRS": [], "APP_DIRS": False, "OPTIONS": {"loader": loader}})
        assert made.env.loader is loader
        return made

    def test_templates(self):
        loader = jinja2.DictLoader({"a.html": "{{ staticfile('/a.png') }}", "b.html": "{% broken 'b.png'"})
        assert words_of_templates([self.backend(loader)]) == {"/a.png", "b.png"}

    def test_a_loader_that_cannot_list(self):
        loader = jinja2.FunctionLoader(lambda name: "a.png")
        assert words_of_templates([self.backend(loader), django(page="b.png")]) == {"b.png"}

    def test_one_that_is_listed_and_gone(self):
        class Forgetful(jinja2.DictLoader):
            def list_templates(self) -> list[str]:
                return ["gone.html", *super().list_templates()]

        assert words_of_templates([self.backend(Forgetful({"x": "a.png"}))]) == {"a.png"}


def test_an_engine_of_another_kind():
    assert words_of_templates([object(), django(page="a.png")]) == {"a.png"}


def test_the_engines_of_the_project_unless_given(settings):
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [(LOCMEM, {"x": "mine.png"})]},
        }
    ]
    assert words_of_templates() == {"mine.png"}

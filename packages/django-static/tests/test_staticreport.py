"""``staticreport``: what it counts, what it says, and a page that needs nothing but itself."""

from __future__ import annotations

import os
import re
import time
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from django_static import report_page, resolver
from django_static.report import Known, Load, Published, Report, Template
from django_static.sizes import printable, shown

LOCMEM = "django.template.loaders.locmem.Loader"
SHEETS = "{% slimall %}<link rel=stylesheet href=/a.css><link rel=stylesheet href=/b.css>{% endslimall %}"
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """The text of each section by its heading, the elements, and whether they are closed as they were opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.sections: dict[str, str] = {"": ""}
        self._open: list[str] = []
        self._at = ""
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "h2":
            self._at = ""
        if tag == "li":
            self.sections[self._at] += "\n"

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] == ["h2"]:
            self._at = data
            self.sections[data] = ""
        elif "style" not in self._open:
            self.sections[self._at] += data


class Reported:
    def __init__(self, site, settings, tmp_path):
        self.site = site
        self.settings = settings
        self.templates: dict[str, str] = {}
        self.target = tmp_path / "report.html"
        self.app = tmp_path / "app"
        self.app.mkdir()
        settings.STATIC_ROOT = str(tmp_path / "static")
        settings.STATICFILES_DIRS = [str(self.app)]
        settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
        settings.DJANGO_STATIC_FINGERPRINT = "hash"

    def page(self, name: str, text: str) -> None:
        self.templates[name] = "{% load django_static %}" + text
        self.settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [(LOCMEM, self.templates)],
                    "builtins": ["django.templatetags.static"],
                },
            }
        ]

    def build(self) -> None:
        call_command("staticbuild", stdout=StringIO(), stderr=StringIO(), skip_checks=True)
        resolver.reset()

    def report(self) -> Page:
        out = StringIO()
        call_command("staticreport", output=str(self.target), stdout=out, skip_checks=True)
        assert str(self.target) in out.getvalue()
        return Page(self.target.read_text("utf-8"))


@pytest.fixture
def reported(site, settings, tmp_path):
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()
    yield Reported(site, settings, tmp_path)
    finders.get_finder.cache_clear()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_a_setting_is_shown_and_is_no_template(reported):
    reported.site.write("a.css", "a { b : c }")
    reported.page("p.html", '{% staticfile "/a.css" %}')
    reported.settings.DJANGO_STATIC_PRELOAD = ["/a.css"]
    out = StringIO()
    call_command("staticreport", output=str(reported.target), stdout=out, skip_checks=True)
    assert ": 1 template, 1 file" in out.getvalue()
    page = Page(reported.target.read_text("utf-8"))
    assert "Templates with tags 1 " in squeezed(page.sections[""].replace("tags", "tags "))
    assert "DJANGO_STATIC_PRELOAD" in page.sections["What each template loads"]


class TestTemplates:
    @pytest.fixture
    def loads(self, reported):
        """What a template loads as the page says it: before, and after."""
        reported.site.write("a.css", "a {\n  b : c ;\n}\n")
        reported.site.write("b.css", "b {\n  b : c ;\n}\n")
        reported.site.write("outer.css", "@import 'a.css';\n")
        reported.site.write("i.png", b"x" * 2000)
        reported.site.write("x.js", "x ( 1 ) ;\n")

        def run(text: str, *, build: bool = True) -> list[str]:
            reported.page("p.html", text)
            if build:
                reported.build()
            section = squeezed(reported.report().sections["What each template loads"])
            return re.findall(r"[\d.]+ (?:bytes?|KB)(?:, [\d.]+ (?:bytes|KB) sent)? · \d+ requests?", section)

        return run

    @pytest.mark.parametrize(
        ("text", "before", "after"),
        [
            pytest.param(SHEETS, "32 bytes · 2 requests", "13 bytes · 1 request", id="block"),
            pytest.param("{% slimfile '/a.css' %}", "16 bytes · 1 request", "6 bytes · 1 request", id="slim"),
            pytest.param(
                "{% staticfile '/a.css' %}", "16 bytes · 1 request", "16 bytes · 1 request", id="plain"
            ),
            pytest.param(
                "{% staticfile '/i.png' %}", "2.0 KB · 1 request", "2.0 KB · 1 request", id="picture"
            ),
            pytest.param(
                "{% slimfile '/a.css' %}{% slimfile '/a.css' %}",
                "16 bytes · 1 request",
                "6 bytes · 1 request",
                id="twice",
            ),
            pytest.param(
                "{% slimfile '/a.css;/b.css' %}",
                "32 bytes · 2 requests",
                "13 bytes · 1 request",
                id="together",
            ),
            pytest.param(
                "{% slimall %}<link rel=stylesheet href=/outer.css><link rel=stylesheet href=/b.css>{% endslimall %}",
                "49 bytes · 3 requests",
                "13 bytes · 1 request",
                id="import-inlined",
            ),
            pytest.param(
                "{% staticfile '/outer.css' %}",
                "33 bytes · 2 requests",
                None,
                id="import-kept",
            ),
            pytest.param(
                "{% slimfile '/x.js' %}{% staticfile 'https://example.com/y.js' %}{% staticfile '/no.js' %}",
                "10 bytes · 1 request",
                "4 bytes · 1 request",
                id="others-do-not-count",
            ),
        ],
    )
    def test_before_and_after(self, loads, text, before, after):
        found = loads(text)
        assert found[0] == before
        if after is None:
            assert found[1].endswith("2 requests")
        else:
            assert found[1:] == [after]

    def test_compressed(self, reported, loads):
        reported.settings.DJANGO_STATIC_COMPRESS = ["gz"]
        reported.site.write("big.css", "".join(f".c{number}{{b:c}}" for number in range(500)))
        found = loads("{% slimfile '/big.css' %}")
        assert found[0] == "4.9 KB · 1 request"
        assert re.fullmatch(r"4\.9 KB, 1\.\d KB sent · 1 request", found[1])
        page = reported.target.read_text("utf-8")
        assert "of that sent, where compressed" in page
        assert re.search(r"; where compressed, \d\d% fewer bytes", page)

    def test_without_a_build(self, reported, loads):
        assert loads(SHEETS, build=False) == ["32 bytes · 2 requests"]
        page = reported.report()
        assert "There is no build to compare with: there is no manifest" in page.sections[""]
        assert "The biggest published files" not in page.sections

    def test_what_the_build_does_not_have(self, reported, loads):
        loads("{% slimfile '/a.css' %}")
        found = loads("{% slimfile '/a.css' %}{% slimfile '/b.css' %}", build=False)
        assert found == ["32 bytes · 2 requests", "22 bytes · 2 requests"]
        assert "1 of the names are not in the manifest" in reported.target.read_text("utf-8")

    def test_those_without_a_tag_are_left_out(self, reported, loads):
        reported.page("none.html", "nothing")
        reported.page("inline.html", "{% slimcontent 'js' %}a( 1 ){% endslimcontent %}")
        loads("{% staticfile '/a.css' %}")
        section = reported.report().sections["What each template loads"]
        assert "p.html" in section
        assert "none.html" not in section
        assert "inline.html" not in section

    def test_the_heaviest_come_first(self, reported, loads):
        reported.page("z.html", "{% staticfile '/i.png' %}")
        loads("{% staticfile '/a.css' %}")
        section = reported.report().sections["What each template loads"]
        assert section.index("z.html") < section.index("p.html")


class TestFiles:
    @pytest.mark.parametrize(
        ("template", "files", "unreferenced"),
        [
            pytest.param("{% staticfile '/a.png' %}", {"a.png": "a", "b.png": "b"}, ["/b.png"], id="tag"),
            pytest.param(
                "{% slimfile '/a.css' %}", {"a.css": "a{b:url(i.png)}", "i.png": "i"}, [], id="sheet"
            ),
            pytest.param(
                "{% slimfile '/a.js' %}", {"a.js": "import './b.js'", "b.js": "b()"}, [], id="script"
            ),
            pytest.param(
                "", {"a.css": "a{b:url(i.png)}", "i.png": "i"}, ["/a.css", "/i.png"], id="unused-sheet"
            ),
            pytest.param("<img src='/img/a b.png'>", {"img/a b.png": "a"}, [], id="plain-attribute"),
            pytest.param("<img src=/img/a%20b.png?v=1>", {"img/a b.png": "a"}, [], id="quoted"),
            pytest.param("<img src=/media/a.png>", {"a.png": "a"}, [], id="media-url"),
            pytest.param("<script>load('a.js')</script>", {"a.js": "a()"}, [], id="in-a-script"),
            pytest.param("<a href=/xa.png>", {"a.png": "a"}, ["/a.png"], id="longer-name"),
        ],
    )
    def test_what_nothing_refers_to(self, reported, template, files, unreferenced):
        for name, text in files.items():
            reported.site.write(name, text)
        reported.page("p.html", template)
        for _ in range(2):
            section = reported.report().sections["Unreferenced files"]
            assert re.findall(r"^(/\S*\w) ", section, re.MULTILINE) == unreferenced
            reported.build()

    def test_files_of_the_finders(self, reported):
        for name in ("used.css", "by-static.css", "unused.css"):
            (reported.app / name).write_text("a{b:c}" + name)
        reported.page("p.html", "{% slimfile '/static/used.css' %}{% static 'by-static.css' %}")
        section = reported.report().sections["Unreferenced files"]
        assert re.findall(r"/static/[\w.-]+", section) == ["/static/unused.css"]

    def test_what_we_published_is_no_original(self, reported):
        reported.site.write("a.png", "a")
        reported.page("p.html", "{% staticfile '/a.png' %}")
        reported.settings.DJANGO_STATIC_FINGERPRINT = "mtime"
        reported.site.render("{% staticfile '/a.png' %}")
        reported.build()
        page = reported.report()
        assert "None." in page.sections["Unreferenced files"]
        assert "None." in page.sections["Duplicates"]

    def test_duplicates(self, reported):
        for name, text in {"a.png": "x" * 50, "b.png": "x" * 50, "c.png": "y" * 50, "d": "", "e": ""}.items():
            reported.site.write(name, text)
        (reported.app / "f.png").write_text("x" * 50)
        (reported.site.media / "link.png").symlink_to(reported.site.media / "c.png")
        reported.page("p.html", "")
        section = reported.report().sections["Duplicates"]
        assert re.findall(r"/\S+", section) == ["/a.png", "/b.png", "/static/f.png"]
        assert "50 bytes each" in section

    def test_what_leads_nowhere_and_what_only_a_request_knows(self, reported):
        reported.site.write("a.css", "\na{b:url(no.png)}")
        reported.page(
            "p.html", "{% slimfile '/a.css' %}\n{% staticfile '/gone.png' %}\n{% staticfile name %}"
        )
        page = reported.report()
        nowhere = page.sections["References that lead nowhere"]
        assert "p.html, line 2, {% staticfile %}: '/gone.png'" in nowhere
        assert "a.css:2: '/no.png'" in nowhere
        assert (
            "p.html, line 3, {% staticfile %}: name" in page.sections["Names that are known at run time only"]
        )

    def test_the_biggest(self, reported):
        for number in range(25):
            reported.site.write(f"{number}.bin", b"x" * (number + 1) * 10)
        reported.page("p.html", "".join(f"{{% staticfile '/{number}.bin' %}}" for number in range(25)))
        reported.build()
        found = re.findall(r"/(\d+)\.\w{12}\.bin", reported.report().sections["The biggest published files"])
        assert found == [str(number) for number in range(24, 4, -1)]

    def test_damaged_records_are_said(self, reported):
        reported.site.write(f".django-static/{'a' * 32}.json", "{")
        reported.page("p.html", "")
        assert "cannot be read" in reported.report().sections["What could not be looked at"]


class TestPage:
    def test_it_needs_nothing_but_itself(self, reported):
        reported.site.write("a.css", "a{b:c}")
        reported.page("p.html", "{% slimfile '/a.css' %}")
        reported.build()
        page = reported.report()
        names = {tag for tag, _ in page.elements}
        assert not names & {"script", "link", "img", "iframe", "object", "embed", "image", "use"}
        for _, attributes in page.elements:
            assert not {"src", "style", "onclick", "onload", "xlink:href"} & set(attributes)
            assert (attributes.get("href") or "#").startswith("#")
        html = reported.target.read_text("utf-8")
        assert not re.search(r"@import|url\(|https?://", html)
        identifiers = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
        assert {
            attributes["href"][1:] for _, attributes in page.elements if "href" in attributes
        } <= identifiers

    @pytest.mark.parametrize(
        "name",
        ["<script>alert(1)<x", "\"'><img src=x onerror=alert(1)>", "&amp;", "{{ title }}{% now 'Y' %}"],
    )
    def test_names_are_escaped(self, name):
        report = Report(
            templates=[Template(name, Load(1, 10, 10), Load(1, 9, 5), 1)],
            published=[Published(name, 9, 5, 10)],
            unreferenced=[Known(f"/{name}", "", 1)],
            duplicates=[[Known(name, "", 1), Known(name, "", 1)]],
            problems=[name],
            notes=[name],
            lack=name,
        )
        page = Page(report_page.render(report, title=name))
        assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "x"})
        text = "".join(page.sections.values())
        assert text.count(name) >= 7

    @pytest.mark.parametrize(
        ("text", "printed"),
        [
            ("a b/ü.css", "a b/ü.css"),
            ("a\x1b[2J\0", r"a\x1b[2J\x00"),
            ("a\u202egnp.exe", r"a\u202egnp.exe"),
            ("\udc80.css", r"\udc80.css"),
            ("a\nb", r"a\nb"),
        ],
    )
    def test_what_cannot_be_seen_is_written_out(self, text, printed):
        assert printable(text) == printed

    def test_a_hostile_file_name(self, reported):
        reported.site.write("<script>alert(1)<b>.png", "x")
        (Path(os.fsdecode(os.fsencode(reported.site.media) + b"/\xff\xfe.png"))).write_bytes(b"y")
        reported.page("<script>p.html", "{% staticfile '/<script>alert(1)<b>.png' %}")
        page = reported.report()
        assert "script" not in {tag for tag, _ in page.elements}
        assert "<script>p.html" in page.sections["What each template loads"]
        assert r"/\udcff\udcfe.png" in page.sections["Unreferenced files"]

    @pytest.mark.parametrize(
        ("count", "drawn", "listed", "cut"),
        [(0, 0, 0, 0), (40, 40, 0, 0), (41, 40, 1, 0), (1000, 40, 400, 560)],
    )
    def test_many_templates(self, count, drawn, listed, cut):
        load = Load(1, 1000, 1000)
        html = report_page.render(
            Report(templates=[Template(f"t{number}", load, load) for number in range(count)])
        )
        Page(html)
        assert len(re.findall(r'<div class="name">', html)) == drawn
        assert len(re.findall(r"<li>t\d+: 1.0 KB, 1 request; after", html)) == listed
        assert (f"{cut} more, which load still less, are not shown" in html) == bool(cut)

    @pytest.mark.parametrize(
        ("before", "after", "widths"),
        [
            ((100, 100), (50, 25), ["100.00", "50.00", "25.00"]),
            ((50, 50), (100, 100), ["50.00", "100.00", "0"]),
            ((0, 0), (0, 0), ["0", "0", "0"]),
            ((1_000_000, 1_000_000), (1, 1), ["100.00", "0.40", "0"]),
        ],
    )
    def test_bars(self, before, after, widths):
        html = report_page.render(Report(templates=[Template("t", Load(1, *before), Load(1, *after))]))
        found = re.findall(r'<rect class="[abs]" width="([\d.]+)%"', html.split('<ol class="rows">')[1])
        assert found == widths

    @pytest.mark.parametrize(
        ("before", "after", "sent", "said"),
        [
            (100, 40, 40, "60% fewer bytes"),
            (100, 100, 100, "as many bytes as before"),
            (0, 0, 0, "as many bytes as before"),
            (0, 5, 5, "more bytes"),
            (100, 150, 150, "50% more bytes"),
            (1000, 999, 999, "less than 1% fewer bytes"),
            (100, 80, 20, "20% fewer bytes; where compressed, 80% fewer bytes"),
        ],
    )
    def test_the_difference_in_words(self, before, after, sent, said):
        html = report_page.render(
            Report(templates=[Template("t", Load(1, before, before), Load(1, after, sent))])
        )
        assert f'<span class="quiet">{said}</span>' in html

    def test_colours_can_be_told_apart(self):
        """WCAG 2.2: 4.5 to 1 for text (1.4.3), 3 to 1 for bars (1.4.11), light, dark and on paper."""
        html = report_page.render(Report())
        schemes = [
            dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", block))
            for block in re.findall(r":root \{(.*?)\}", html, re.DOTALL)
        ]
        assert len(schemes) == 3
        for scheme in schemes:
            for text in ("text", "quiet", "warn"):
                for ground in ("page", "panel"):
                    assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground, scheme)
            for bar in ("before", "after"):
                assert contrast(scheme[bar], scheme["page"]) >= 3, (bar, scheme)
            assert contrast(scheme["sent"], scheme["after"]) >= 3, scheme


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class TestCommand:
    def test_it_prints_without_an_output(self, reported):
        reported.page("p.html", "")
        out = StringIO()
        call_command("staticreport", stdout=out, skip_checks=True)
        assert out.getvalue().startswith("<!DOCTYPE html>")

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("no/x.html", "No such file or directory"),
            ("folder", "Is a directory"),
            (".", "Is a directory"),
            ("/", "Is a directory"),
            ("..", "Is a directory"),
            ("file/x.html", "Not a directory"),
            ("n" * 300, "File name too long"),
            ("a\0b", "embedded null byte"),
        ],
    )
    def test_a_place_that_cannot_be_written_to(self, reported, tmp_path, monkeypatch, name, reason):
        """Said is what was asked for, and nothing of how it is done."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").write_text("")
        before = sorted(tmp_path.rglob("*"))
        reported.page("p.html", "")
        with pytest.raises(CommandError) as raised:
            call_command("staticreport", output=name, skip_checks=True)
        assert str(raised.value) == f"{Path(name)} could not be written: {reason}".replace("\0", "\\x00")
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_name_as_long_as_one_can_be(self, reported, tmp_path):
        reported.page("p.html", "")
        target = tmp_path / f"{'n' * 250}.html"
        call_command("staticreport", output=str(target), stdout=StringIO(), skip_checks=True)
        assert target.read_text().startswith("<!DOCTYPE html>")

    def test_a_failure_leaves_the_last_report(self, reported, monkeypatch):
        reported.page("p.html", "")
        reported.target.write_text("last")

        def full(self, other):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(CommandError, match="No space"):
            reported.report()
        assert reported.target.read_text() == "last"
        assert [path.name for path in reported.target.parent.glob(".*")] == []

    def test_it_changes_nothing(self, reported):
        reported.site.write("a.css", "a{b:c}")
        reported.page("p.html", "{% slimfile '/a.css' %}")
        reported.build()
        reported.report()
        before = sorted(reported.site.root.rglob("*"))
        reported.report()
        assert sorted(reported.site.root.rglob("*")) == before

    def test_bundles_that_are_wrong(self, reported):
        reported.page("p.html", "")
        reported.settings.DJANGO_STATIC_BUNDLES = {"no": []}
        with pytest.raises(CommandError, match="DJANGO_STATIC_BUNDLES"):
            reported.report()


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (999_949, "999.9 KB"),
        (999_950, "1.0 MB"),
        (999_950_000, "1.0 GB"),
    ],
)
def test_sizes(count, text):
    assert shown(count) == text


def test_jinja_and_template_folders(reported, tmp_path):
    """Names in templates without any tag, and in those of Jinja2, count as used."""
    pytest.importorskip("jinja2")
    for name in ("django", "jinja"):
        (tmp_path / name).mkdir()
    (tmp_path / "django" / "plain.html").write_text("<img src=/a.png>")
    (tmp_path / "django" / "broken.html").write_text("{% if %}<img src=/b.png>")
    (tmp_path / "django" / "binary.html").write_bytes(b"\0 /d.png ")
    (tmp_path / "jinja" / "page.html").write_text("<img src='/c.png'>")
    for name in "abcd":
        reported.site.write(f"{name}.png", name)
    reported.settings.TEMPLATES = [
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [str(tmp_path / "django")]},
        {"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [str(tmp_path / "jinja")]},
    ]
    section = reported.report().sections["Unreferenced files"]
    assert re.findall(r"/\w\.png", section) == ["/d.png"]


class TestStatic:
    """What ``{% static %}`` prints is loaded as well, where our storage gives it its names."""

    @pytest.fixture
    def stored(self, reported, settings):
        settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
        settings.DJANGO_STATIC_COMPRESS = []
        reported.app.joinpath("a.css").write_text("a {\n  b : c ;\n}\n")
        reported.app.joinpath("x.js").write_text("x" * 800)
        reported.app.joinpath("w?b.png").write_bytes(b"p" * 50)
        reported.app.joinpath("vendor.css").write_text("@import 'a.css';\n")
        return reported

    @pytest.mark.parametrize(
        ("text", "before", "after"),
        [
            (
                "{% slimfile '/static/a.css' %}{% static 'x.js' %}",
                "816 bytes · 2 requests",
                "806 bytes · 2 req",
            ),
            ("{% static 'x.js' %}", "800 bytes · 1 request", "800 bytes · 1 request"),
            ("{% static 'x.js' %}{% static 'x.js?v=1' %}", "800 bytes · 1 request", "800 bytes · 1 request"),
            ("{% static 'w?b.png' %}", "50 bytes · 1 request", "50 bytes · 1 request"),
            ("{% static 'vendor.css' %}", "33 bytes · 2 requests", " · 2 requests"),
            (
                "{% slimall %}<link rel=stylesheet href=\"{% static 'a.css' %}\">{% endslimall %}",
                "16 bytes · 1 request",
                "6 bytes · 1 request",
            ),
            (
                "{% slimall %}<link rel=stylesheet href={% static 'a.css' %}><img src={% static 'w?b.png' %}>{% endslimall %}",
                "66 bytes · 2 requests",
                "56 bytes · 2 requests",
            ),
            (
                "{% slimall %}<link rel=stylesheet href=\"{% static 'a.css' %}\">{% endslimall %}{% static 'a.css' %}",
                "16 bytes · 1 request",
                "22 bytes · 2 requests",
            ),
        ],
        ids=[
            "beside a tag",
            "alone",
            "twice",
            "odd name",
            "imports",
            "in a block",
            "picture in it",
            "in and out",
        ],
    )
    def test_counted(self, stored, text, before, after):
        stored.page("p.html", "\n" + text)
        stored.build()
        told = squeezed(stored.report().sections["What each template loads"])
        assert f"p.html before{before}" in told
        assert after in told.partition("after")[2]
        assert "not in the manifest" not in told

    def test_that_of_jinja2_too(self, stored, settings, tmp_path):
        pytest.importorskip("jinja2", reason="Jinja2 is not installed")
        (tmp_path / "j").mkdir()
        (tmp_path / "j" / "p.html").write_text("{{ static('x.js') }}")
        settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [str(tmp_path / "j")],
                "OPTIONS": {"environment": "static_test_jinja.with_static"},
            }
        ]
        stored.build()
        told = squeezed(stored.report().sections["What each template loads"])
        assert "p.html before800 bytes · 1 request after800 bytes · 1 request" in told

    def test_what_is_newer_than_the_build(self, stored):
        stored.page("p.html", "{% static 'x.js' %}")
        stored.build()
        stored.app.joinpath("new.js").write_text("n" * 30)
        stored.page(
            "p.html", "{% static 'x.js' %}{% static 'new.js' %}{% static 'none.js' %}{% static 'js/' %}"
        )
        told = squeezed(stored.report().sections["What each template loads"])
        assert "before830 bytes · 2 requests after830 bytes · 2 requests" in told
        assert "1 not in the manifest" in told

    @pytest.mark.parametrize("first", ["a.html", "z.html"])
    def test_a_template_that_is_included_in_a_block_and_out_of_it(self, stored, first):
        stored.page("link.html", "<link rel=stylesheet href=\"{% static 'a.css' %}\">")
        stored.page(first, "{% slimall %}{% include 'link.html' %}{% endslimall %}")
        told = squeezed(stored.report().sections["What each template loads"])
        assert "link.html before16 bytes · 1 request" in told  # a view may render it by itself
        assert f"{first} before16 bytes · 1 request" in told

    def test_of_another_storage_it_is_none_of_ours(self, reported):
        reported.app.joinpath("x.js").write_text("x" * 800)
        reported.page("p.html", "{% static 'x.js' %}")
        reported.build()
        assert "p.html" not in reported.report().sections["What each template loads"]


class TestNowhere:
    """The report and ``staticbuild --check`` say the same."""

    @pytest.fixture(params=["StaticStorage", "StaticFilesStorage"])
    def both(self, request, reported, settings):
        ours = request.param == "StaticStorage"
        module = "django_static.storage" if ours else "django.contrib.staticfiles.storage"
        settings.STORAGES = {"staticfiles": {"BACKEND": f"{module}.{request.param}"}}

        def run(*ignore: str) -> tuple[list[str], list[str]]:
            out = StringIO()
            try:
                call_command(
                    "staticbuild", check=True, ignore=ignore, stdout=out, stderr=StringIO(), skip_checks=True
                )
                checked = []
            except CommandError:
                checked = out.getvalue().splitlines()
            out = StringIO()
            call_command(
                "staticreport", output=str(reported.target), ignore=ignore, stdout=out, skip_checks=True
            )
            page = Page(reported.target.read_text("utf-8"))
            lines = map(squeezed, page.sections["References that lead nowhere"].splitlines())
            told = [
                line.strip()
                for line in lines
                if line.strip() and not line.startswith(("None:", "What manage.py"))
            ]
            assert re.search(rf"Lead nowhere\s*{len(told)}\b", page.sections[""])
            return checked, told

        reported.ours = ours
        reported.both = run
        return reported

    def test_a_file_that_no_template_names(self, both):
        both.app.joinpath("lone.css").write_text("a { b: url(no.png) }")
        both.page("p.html", "")
        checked, told = both.both()
        assert told == checked
        assert len(told) == both.ours

    def test_a_file_that_a_template_has_in_its_text_only(self, both):
        both.app.joinpath("lone.css").write_text("a { b: url(no.png) }")
        both.page("p.html", "<link rel=stylesheet href='/static/lone.css'>")
        checked, told = both.both()
        assert told == checked
        assert len(told) == both.ours

    def test_a_file_that_a_template_names(self, both):
        both.app.joinpath("a.css").write_text("a { b: url(no.png) }")
        both.page("p.html", "{% slimfile '/static/a.css' %}{% static 'none.js' %}{% slimfile '/lost.js' %}")
        checked, told = both.both()
        assert told == checked
        assert len(told) == 3
        checked, told = both.both("*.css")
        assert told == checked
        assert len(told) == 2

    def test_a_link_that_leads_out(self, both, tmp_path):
        (tmp_path / "secret.txt").write_text("secret")
        both.app.joinpath("out.txt").symlink_to(tmp_path / "secret.txt")
        both.page("p.html", "")
        checked, told = both.both()
        assert told == checked
        assert len(told) == both.ours

    def test_what_is_used_is_told_apart_all_the_same(self, both):
        both.app.joinpath("used.css").write_text("@import 'inner.css';")
        both.app.joinpath("inner.css").write_text("a{}")
        both.app.joinpath("lone.css").write_text("a {}")
        both.page("p.html", "<link rel=stylesheet href='/static/used.css'>")
        both.both()
        unused = Page(both.target.read_text("utf-8")).sections["Unreferenced files"]
        assert "lone.css" in unused
        assert "used.css" not in unused
        assert "inner.css" not in unused


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "2027-01-15 08:00 UTC"),
        ("EST5", "2027-01-15 03:00 UTC-05:00"),
        ("IST-5:30", "2027-01-15 13:30 UTC+05:30"),
    ],
)
def test_times_have_a_zone(reported, monkeypatch, zone, said):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        monkeypatch.setattr(report_page.time, "time", lambda: 1_800_000_000)
        page = report_page.render(Report(built=1_800_000_000 - 86_400))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert f"Made {said}." in page
    assert f"The last build is of {said.replace('-15', '-14')}." in page

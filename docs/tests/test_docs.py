"""The documentation: it can be built, and what it shows is what happens."""

import importlib.metadata
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import page
import pytest

DOCS = Path(__file__).parent.parent
PAGES = sorted(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)


def do(path, folder, timeout=290):
    command = [sys.executable, page.__file__, path]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False)


def is_installed(distribution):
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_what_a_page_says_is_so(path, tmp_path):
    if re.search(r'EmbeddedServer\(|"embedded"', path.read_text()) and not is_installed("SecantusDB"):
        pytest.skip("SecantusDB, the embedded server, has no wheel for this Python")
    done = do(path, tmp_path)
    assert done.returncode == 0, done.stderr


COMES_WITH = {"bson", "django", "django_mongokit", "django_static", "mongokit", "pymongo"}
"""What is there with our packages, beside what a page makes itself."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_a_page_says_how_what_it_imports_is_installed(path):
    text = path.read_text()
    made = set(re.findall(r"^(?:% file |\$ .*start(?:app|project) )(\w+)", text, re.MULTILINE))
    imported = set(
        re.findall(r"^(?:>>> |\.\.\. )?(?:from|import) ([a-z]\w*)[\w.]*(?: import .*)?$", text, re.MULTILINE)
    )
    installed = importlib.metadata.packages_distributions()
    for name in imported - made - COMES_WITH - sys.stdlib_module_names:
        names = {one.lower() for one in installed.get(name, ())}
        if names:
            said = re.search(
                rf"(pip install|uv add)[^\n]*({'|'.join(map(re.escape, names))}|slimstack\S*\[)", text
            )
            assert said, f"{path.name} imports {name}: say how it is installed"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder that Sphinx has left the pages in."""
    folder = tmp_path_factory.mktemp("docs") / "html"
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        DOCS,
        folder,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=290, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_sphinx_builds_without_a_warning(built):
    assert (built / "index.html").exists()


SEEN = {"file": "", "append": "at the end of ", "get": ""}
"""What a reader of the HTML sees above a block, before the name that is in the comment above it."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_a_reader_of_the_html_sees_what_files_are_called(path, built):
    html = (built / path.relative_to(DOCS)).with_suffix(".html").read_text()
    shown = [
        re.sub(r"<[^>]+>", "", caption)
        for caption in re.findall(r'<div class="code-block-caption">.*?caption-text">(.*?)</div>', html)
    ]
    said = [block.marker.split() for block in page.blocks(path.read_text()) if block.marker]
    wanted = [SEEN[verb] + rest[0] for verb, *rest in said if verb in SEEN]
    assert [caption.removesuffix("#").removesuffix("¶") for caption in shown] == wanted


def test_the_design_page_names_modules_that_are_there():
    sections = re.split(r"^## ", (DOCS / "explanation/design.md").read_text(), flags=re.MULTILINE)
    named = {
        section.splitlines()[0]: set(
            re.findall(r"`([a-z_0-9]+)`", " ".join(re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)))
        )
        for section in sections
        if "| module |" in section
    }
    assert sorted(named) == ["django-exception-extra", "django-mongokit", "django-static", "mongokit"]
    for package, modules in named.items():
        (source,) = (DOCS.parent / "packages" / package / "src").glob("[a-z]*[a-z]")
        there = {path.stem for path in source.iterdir()}
        assert len(modules) > 3
        assert modules - there == set(), package


def test_pages_are_done_at_all():
    """A pattern that matches nothing would let every page pass."""
    found = [block for path in PAGES for block in page.blocks(path.read_text())]
    assert {"pycon", "console"} <= {block.language for block in found}
    assert {"file", "append", "background", "get"} <= {block.marker.partition(" ")[0] for block in found}


#: Answers "saved" once the file it looked at when it was first asked has been saved again.
LATE = """
import http.server, os, sys
seen = []
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(os.stat("page.html").st_mtime_ns)
        body = b"saved" if len(set(seen)) > 1 else b"not yet"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_what_a_server_did_not_notice_is_saved_again(tmp_path):
    (tmp_path / "page.md").write_text(
        f"% file late.py 1000000000\n```python{LATE}```\n\n% file page.html\n```html\n<p>\n```\n\n"
        "% background 8000\n```console\n$ python late.py 8000\n```\n\n"
        "% get http://127.0.0.1:8000/\n```text\nsaved\n```\n"
    )
    done = do(tmp_path / "page.md", tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```pycon\n>>> 1 + 1\n2\n```\n", ""),
        ("```pycon\n>>> 1 + 1\n3\n```\n", "line 1: "),
        ("```pycon\n>>> a = 1\n```\n\n```pycon\n>>> a\n1\n```\n", ""),
        ("```pycon\n>>> a\n```\n", "NameError"),
        ("```console\n$ echo one two\none ...\n$ echo b\nb\n```\n", ""),
        ("```console\n$ echo a\nb\n```\n", "$ echo a\nexpected:\nb\n\ngot:\na"),
        ("```console\n$ exit 3\n```\n", "ended with 3"),
        (
            "% file a/b.py 1000000000\n```python\nb = 7\n```\n\n```pycon\n>>> import a.b\n>>> a.b.b\n7\n```\n",
            "",
        ),
        ("% file b.py 1000000000\n```python\n```\n\n```console\n$ date -u -r b.py +%Y\n2001\n```\n", ""),
        ("% file b\n```text\nx\n```\n% append b\n```text\ny\n```\n```console\n$ cat b\nx\ny\n```\n", ""),
        ("% not run: it would take a year\n```console\n$ false\n```\n", ""),
        ("```text\nanything\n```\n", ""),
        ("\n\n```python\nanything\n```\n", "line 3: nothing says what this python block is for"),
        ("```\nanything\n```\n", "nothing says what this plain block is for"),
        ("% flie b.py\n```python\n```\n", "unknown marker 'flie b.py'"),
        ("% background 8000\n```console\n$ exit 4\n```\n", "nothing answers on its port (exit code 4)"),
        (
            (
                "% file x.html\n```html\n<p>\n```\n% background 8000\n```console\n$ python -m http.server 8000\n```\n"
                "% get http://127.0.0.1:8000/x.html\n```html\n<p>\n```\n"
            ),
            "",
        ),
    ],
)
def test_the_way_pages_are_done(text, says, tmp_path):
    (tmp_path / "page.md").write_text(textwrap.dedent(text))
    done = do(tmp_path / "page.md", tmp_path)
    assert (done.returncode == 0) == (says == ""), done.stderr
    assert says in done.stderr

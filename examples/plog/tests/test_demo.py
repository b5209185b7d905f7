"""``make demo``: starts, serves, stops, and loses nothing, whatever is done to it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import psutil
import pytest
from running import DEMO, Demo, Visitor, free_port, processes_of, wait_until

from plog.sitecheck import check_demo

pytestmark = pytest.mark.timeout(300)
SLUG = "django-1-1-testing-and-debugging"


def has_embedded_server():
    try:
        importlib.metadata.distribution("SecantusDB")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


needs_server = pytest.mark.skipif(
    not has_embedded_server(),
    reason=f"SecantusDB has no wheel for Python {sys.version_info.major}.{sys.version_info.minor}",
)


@pytest.fixture
def var():
    """A folder with a short, unmistakable name."""
    folder = Path(tempfile.mkdtemp(prefix="plog-demo-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def assert_clean_end(demo, code):
    assert code == 0, demo.output
    assert "Traceback" not in demo.output
    assert "error" not in demo.output.lower()
    assert [process.cmdline() for process in processes_of(demo.var)] == []


def answer_of_the_database(demo, path):
    """A page when the database has answered: on a busy machine a worker's first look at it may be given up."""

    def answer():
        found = Visitor(demo.url).get(path)
        return found if found[0] != 503 else None

    return wait_until(answer, f"an answer to {path}")


def keeper_of(var):
    return next(p for p in processes_of(var) if any("keeper" in word for word in p.cmdline()))


def server_of(var):
    return next(p for p in processes_of(var) if any("secantusd" in word for word in p.cmdline()[:2]))


def workers_connected(demo):
    """Wait until each worker is a user of the database itself, beside the lock it has from its parent."""

    def locks(process):
        return [file for file in process.open_files() if file.path.endswith("users.lock")]

    workers = psutil.Process(demo.process.pid).children
    wait_until(
        lambda: len(workers()) == 2 and all(len(locks(p)) == 2 for p in workers()), "the workers' connections"
    )


@needs_server
def test_check(var):
    with Demo(var, arguments=["--check"]) as demo:
        assert demo.wait() == 0, demo.output
        assert "0 wrong; the demo ended with 0" in demo.lines[-1]
        for path in ("/", "/p2", "/oc-Django", f"/plog/{SLUG}", "/slides/mongodb-in-django"):
            assert re.search(rf"^200 +[\d,]+ B +[\d.]+ ms  {re.escape(path)}$", demo.output, re.MULTILINE), (
                path
            )
        assert re.search(r"^200 .* /cache-forever/css/screen_typo\.\d+\.css$", demo.output, re.MULTILINE)
        assert re.search(r"^200 .* /cache-forever/img/ornament\.\d+\.svg$", demo.output, re.MULTILINE)
        assert re.search(r"^404 .* /nothing-here$", demo.output, re.MULTILINE)
        assert processes_of(var) == []


@pytest.mark.parametrize("code", [1, 3])
def test_check_of_a_demo_that_does_not_start(capfd, code):
    assert check_demo([sys.executable, "-c", f"print('no'); exit({code})"], 1) == code


@needs_server
def test_ctrl_c_and_again(var):
    with Demo(var).await_url() as demo:
        status, headers, _ = Visitor(demo.url).get("/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert Visitor(demo.url).comment(SLUG, "Written before Ctrl-C")
        assert_clean_end(demo, demo.interrupt())
        assert len(re.findall(r"http://", demo.output)) == 1
        assert "12 new" in demo.output
    with Demo(var).await_url() as demo:
        assert "Written before Ctrl-C" in Visitor(demo.url).get(f"/plog/{SLUG}")[2]
        assert "0 new, 0 changed, 12 as they were; 0 comments added" in demo.output
        # A signal to the one process, as a supervisor sends it.
        demo.process.send_signal(signal.SIGTERM)
        assert_clean_end(demo, demo.wait())
    for name in ("secret_key", "accounts.sqlite3", "mongodb", "cache-forever", "access.log"):
        assert (var / name).exists()
    assert (var / "secret_key").stat().st_mode & 0o777 == 0o600
    assert "GET / HTTP/1.1" in (var / "access.log").read_text()


@needs_server
@pytest.mark.parametrize("line", ["data in", "database:", "accounts:", "static files:"])
def test_ctrl_c_while_it_prepares(var, line):
    with Demo(var) as demo:
        demo.await_line(line)
        assert_clean_end(demo, demo.interrupt())


@needs_server
@pytest.mark.parametrize("victims", ["the one process", "everything"])
def test_kill_loses_nothing_that_was_acknowledged(var, victims):
    acknowledged = []

    def write(number, url):
        visitor = Visitor(url)
        try:
            for attempt in range(1000):
                text = f"Written by {number} as {attempt}."
                if visitor.comment(SLUG, text):
                    acknowledged.append(text)
        except (OSError, HTTPException):
            return  # killed

    with Demo(var).await_url() as demo:
        writers = [threading.Thread(target=write, args=(number, demo.url)) for number in range(3)]
        for writer in writers:
            writer.start()
        wait_until(lambda: len(acknowledged) >= 20, "twenty comments")
        if victims == "everything":
            for process in processes_of(var):
                process.kill()
        demo.process.kill()
        for writer in writers:
            writer.join(60)
        # The workers miss their parent, the database its users: nobody has to clean up.
        wait_until(lambda: not processes_of(var), "no orphan left")
    with Demo(var).await_url() as demo:
        visitor = Visitor(demo.url)
        pages = [visitor.get(f"/plog/{SLUG}{query}") for query in ("", "?comments=2", "?comments=3")]
        text = "".join(page for status, _, page in pages if status == 200)
        assert [comment for comment in acknowledged if comment not in text] == []
        assert_clean_end(demo, demo.interrupt())


@needs_server
def test_database_killed(var):
    with Demo(var, patient=False).await_url() as demo:
        visitor = Visitor(demo.url)
        answer_of_the_database(demo, "/")
        # Held, the keeper cannot bring the server back before anybody has noticed.
        keeper, server = keeper_of(var), server_of(var)
        workers_connected(demo)
        keeper.suspend()
        server.kill()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: Visitor(demo.url).get("/"), range(16)))
        for status, headers, page in answers:
            assert status == 503
            assert int(headers["Retry-After"]) > 0
            assert "Back in a moment" in page
            assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert visitor.get("/slides/mongodb-in-django")[0] == 200
        keeper.resume()
        wait_until(lambda: visitor.get("/")[0] == 200, "the database is back")
        wait_until(lambda: visitor.comment(SLUG, "After the storm"), "a comment")
        assert_clean_end(demo, demo.interrupt())


@needs_server
@pytest.mark.parametrize("connected", [True, False], ids=["known-to-the-workers", "new-to-the-workers"])
def test_database_frozen(var, connected):
    """It takes connections and never answers: PyMongo would wait 20 s and more for each."""
    with Demo(var, patient=False).await_url() as demo:
        wait_until(lambda: Visitor(demo.url).comment(SLUG, "Before the frost"), "a comment")
        workers_connected(demo)
        server = server_of(var)
        server.suspend()
        if not connected:
            workers = psutil.Process(demo.process.pid).children()
            for worker in workers:
                worker.kill()
            psutil.wait_procs(workers, timeout=60)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: Visitor(demo.url, seconds=15).get("/"), range(16)))
        for status, headers, page in answers:
            assert status == 503
            assert int(headers["Retry-After"]) > 0
            assert "Back in a moment" in page
        assert Visitor(demo.url).get("/slides/mongodb-in-django")[0] == 200
        server.resume()
        visitor = Visitor(demo.url)
        wait_until(lambda: visitor.get("/")[0] == 200, "the database has thawed")
        assert server.is_running(), "it was waited for, not replaced"
        wait_until(lambda: visitor.comment(SLUG, "After the frost"), "a comment")
        assert "Before the frost" in answer_of_the_database(demo, f"/plog/{SLUG}")[2]
        assert demo.interrupt() == 0
        assert "Traceback" not in demo.output


@needs_server
def test_a_stall_is_no_outage_to_a_test(var):
    """It takes longer than the site has patience for, and the tests that are about something else do not notice."""
    with Demo(var).await_url() as demo:
        workers_connected(demo)
        server = server_of(var)
        server.suspend()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(Visitor(demo.url).get, "/")
            time.sleep(2.5)
            server.resume()
            assert answer.result(60)[0] == 200
        assert_clean_end(demo, demo.interrupt())


@needs_server
def test_keeper_killed(var):
    with Demo(var, patient=False).await_url() as demo:
        visitor = Visitor(demo.url)
        wait_until(lambda: visitor.comment(SLUG, "Before the keeper went"), "a comment")
        # One that connects only now would start a keeper anyhow, and hide that the others can.
        workers_connected(demo)
        keeper_of(var).kill()
        # A worker that notices starts another one.
        wait_until(lambda: visitor.comment(SLUG, "After the keeper went"), "the database is back")
        page = answer_of_the_database(demo, f"/plog/{SLUG}")[2]
        assert "Before the keeper went" in page
        assert "After the keeper went" in page
        assert_clean_end(demo, demo.interrupt())


@needs_server
def test_ctrl_c_while_the_server_is_imported(var, tmp_path):
    (tmp_path / "gunicorn").mkdir()
    (tmp_path / "gunicorn" / "__init__.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    with Demo(var, PYTHONPATH=path) as demo:
        assert_clean_end(demo, demo.wait())


@needs_server
def test_workers_replaced_while_the_database_is_away(var):
    """Those who take over meet the outage with their first connection."""
    with Demo(var, patient=False).await_url() as demo:
        workers_connected(demo)
        keeper = keeper_of(var)
        keeper.suspend()
        try:
            for server in keeper.children():
                server.kill()
            before = psutil.Process(demo.process.pid).children()
            for worker in before:
                worker.kill()
            psutil.wait_procs(before, timeout=60)
            assert [Visitor(demo.url, seconds=15).get("/")[0] for _ in range(4)] == [503] * 4
        finally:
            keeper.resume()
        wait_until(lambda: Visitor(demo.url).get("/")[0] == 200, "the database is back")
        assert demo.interrupt() == 0
        assert "Traceback" not in demo.output
        assert processes_of(var) == []


@needs_server
def test_closed_terminal(var):
    with Demo(var).await_url() as demo:
        demo.process.send_signal(signal.SIGHUP)
        assert_clean_end(demo, demo.wait())


@needs_server
def test_closed_terminal_of_which_nobody_tells(var):
    """As in a window that was opened for `make demo` and nothing else: only make gets a signal, and it just waits."""
    window, terminal = os.openpty()
    with Demo(var, stdin=terminal) as demo:
        os.close(terminal)
        demo.await_url()
        assert Visitor(demo.url).get("/")[0] == 200
        os.close(window)
        assert_clean_end(demo, demo.wait())


# Python handles no signal any more when it deletes what its modules hold.
LATE = """
import sys, time
class Late:
    def __del__(self, sleep=time.sleep):
        sleep(1.5)
sys.late = Late()
"""


@needs_server
def test_ctrl_c_in_a_terminal(var, tmp_path):
    """The looks at the terminal are over before the interpreter is, however long that takes to end."""
    (tmp_path / "sitecustomize.py").write_text(LATE)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    window, terminal = os.openpty()
    with Demo(var, stdin=terminal, PYTHONPATH=path) as demo:
        demo.await_url()
        assert_clean_end(demo, demo.interrupt())
    os.close(terminal)
    os.close(window)


@needs_server
def test_styles_that_cannot_be_prepared(var):
    var.mkdir(exist_ok=True)
    (var / "cache-forever").touch()
    with Demo(var) as demo:
        assert demo.wait() == 1
        assert "the style sheets of / could not be prepared" in demo.output
        assert "Traceback" not in demo.output


@needs_server
def test_ctrl_c_is_for_the_parent(var):
    """Workers that act on a terminal's Ctrl-C, and again on their parent's word, sometimes lock themselves up."""
    with Demo(var).await_url() as demo:
        workers_connected(demo)
        workers = psutil.Process(demo.process.pid).children()
        for worker in workers:
            worker.send_signal(signal.SIGINT)
        assert psutil.wait_procs(workers, timeout=3)[0] == []
        assert Visitor(demo.url).get("/")[0] == 200
        assert_clean_end(demo, demo.interrupt())
        assert not any(worker.is_running() for worker in workers)


@needs_server
def test_a_worker_killed(var):
    with Demo(var).await_url() as demo:
        worker = psutil.Process(demo.process.pid).children()[0]
        worker.kill()
        wait_until(lambda: len(psutil.Process(demo.process.pid).children()) >= 2, "a new worker")
        wait_until(lambda: Visitor(demo.url).get("/")[0] == 200, "served again")
        assert len(re.findall("http://", demo.output)) == 1


def test_port_given_up_meanwhile(var):
    """As by the workers of a demo that has just been killed."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with Demo(var, port=port) as demo:
            time.sleep(0.5)
            other.close()
            demo.await_url()
            assert Visitor(demo.url).get("/")[0] == 200


def test_port_taken(var):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with Demo(var, port=port) as demo:
            assert demo.wait() == 1
            assert f"error: port {port} cannot be had" in demo.output
            assert f"PORT={port + 1} make demo" in demo.output or f"PORT={port - 1} make demo" in demo.output
            assert "Traceback" not in demo.output
        with Demo(var, port=port, arguments=["--check"]) as demo:
            assert demo.wait() == 1
            assert "Traceback" not in demo.output


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8000 ", ""])
def test_no_port(var, port):
    command = [sys.executable, str(DEMO), f"--port={port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "is no port: it takes a number from 1 to 65535" in done.stderr


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with Demo(tmp_path / "file" / "var") as demo:
        assert demo.wait() == 1
        assert f"error: cannot write to {tmp_path / 'file' / 'var'}: Not a directory" in demo.output
        assert "PLOG_VAR=" in demo.output
        assert "Traceback" not in demo.output


def by_link(path):
    path.symlink_to("nowhere")
    return "No such file or directory"


def by_mode(path):
    path.touch(mode=0o400)
    return "Permission denied"


# An administrator may write anyway.
@pytest.mark.parametrize("block", [by_link, *([by_mode] if os.geteuid() else [])])
@pytest.mark.parametrize("name", ["accounts.sqlite3", "secret_key", "access.log"])
def test_a_file_that_cannot_be_written(var, name, block):
    why = block(var / name)
    with Demo(var) as demo:
        assert demo.wait() == 1
        assert f"error: cannot write to {var / name}: {why}" in demo.output
        assert "Traceback" not in demo.output


def test_no_embedded_server(var, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as m\n"
        "real = m.distribution\n"
        "def distribution(name):\n"
        "    if name == 'SecantusDB': raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.distribution = distribution\n"
    )
    with Demo(var, PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])) as demo:
        assert demo.wait() == 1
        assert "MONGODB_URI" in demo.output
        assert "Traceback" not in demo.output


@needs_server
def test_a_server_of_ones_own(var, tmp_path):
    from mongokit.embedded import EmbeddedServer

    with EmbeddedServer(tmp_path / "own") as server, Demo(var, MONGODB_URI=server.uri).await_url() as demo:
        assert Visitor(demo.url).comment(SLUG, "In a database of my own")
        assert not (var / "mongodb").exists()
        assert_clean_end(demo, demo.interrupt())


def test_a_server_that_is_not_there(var):
    with Demo(var, patient=False, MONGODB_URI=f"mongodb://127.0.0.1:{free_port()}/") as demo:
        assert demo.wait() == 1
        assert "MongoDB cannot be used" in demo.output
        assert "Traceback" not in demo.output
        assert processes_of(var) == []

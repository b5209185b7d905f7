"""`OPTIONS["embedded"]`: the server comes with the first look at the database and goes with the last process."""

import json
import os
import re
import signal
import time
from importlib import metadata
from pathlib import Path

import pytest

from mongokit.embedded import EmbeddedServer

pytestmark = pytest.mark.skipif(
    "SecantusDB" not in {found.metadata["Name"] for found in metadata.distributions()},
    reason="needs the embedded server: SecantusDB has no wheel for this Python",
)

WRITE = (
    "from django_mongokit import get_database; get_database().talks.insert_one({'_id': 1}); print('written')"
)
READ = "from django_mongokit import get_database; print('found', list(get_database().talks.find()))"


@pytest.fixture
def folder(tmp_path):
    yield tmp_path / "data"
    gone(tmp_path / "data")


@pytest.fixture
def embedded(manage, folder):
    """Run the site's manage.py with the embedded server as its MongoDB."""
    values = json.dumps({"HOST": "", "OPTIONS": {"embedded": str(folder)}})
    return lambda *arguments, **options: manage(*arguments, **{"SITE_MONGODB": values, **options})


def gone(folder):
    """Wait until no server serves the folder."""
    deadline = time.monotonic() + 90
    while (folder / "server.json").exists():
        assert time.monotonic() < deadline, (folder / "server.log").read_text()
        time.sleep(0.05)


def test_what_one_process_writes_the_next_one_reads(embedded, folder):
    assert "written" in embedded("shell", "-c", WRITE)
    gone(folder)
    assert "found [{'_id': 1}]" in embedded("shell", "-c", READ)


@pytest.mark.parametrize(
    "command",
    [("check",), ("migrate",), ("makemigrations", "--check"), ("test", "books")],
    ids=lambda command: command[0],
)
def test_commands_that_need_no_document_start_no_server(embedded, folder, command):
    embedded(*command)
    assert not folder.exists()


def test_the_runner(embedded, folder):
    assert "OK" in embedded("test", "talks.check_plain", "talks.check_cases.NoSql")
    assert "found []" in embedded("shell", "-c", READ)


def test_parallel_workers_share_the_server(embedded, tmp_path):
    output = embedded("test", "talks.check_parallel", "--parallel", "2", SITE_NOTES=str(tmp_path / "notes"))
    assert "Ran 8 tests" in output
    assert "OK" in output


def test_with_debug_it_outlives_a_reload(embedded, folder):
    embedded("shell", "-c", WRITE, SITE_DEBUG="1")
    assert (folder / "server.json").exists()
    assert "found [{'_id': 1}]" in embedded("shell", "-c", READ, SITE_DEBUG="1")


def test_a_forked_child_uses_it(embedded):
    code = f"""
import os
import re
{WRITE}
pid = os.fork()
if pid == 0:
    get_database().talks.insert_one({{"_id": 2}})
    os._exit(0)
os.waitpid(pid, 0)
print(get_database().talks.count_documents({{}}), "documents")
"""
    assert "2 documents" in embedded("shell", "-c", code)


def test_a_killed_keeper_is_replaced_when_somebody_asks(embedded, folder):
    """The keeper would restart its server; this is for the day on which both are killed. The first who asks may be told to
    come again, unless the client has found out before."""
    code = f"""
import json, os, pathlib, signal, time
from django.test import Client
from django_mongokit import get_database
client = Client(raise_request_exception=False)
def answered():
    deadline = time.monotonic() + 60
    while (response := client.get("/")).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    return response
assert answered().status_code == 200
get_database().talks.insert_one({{"_id": 1}})
state = json.loads(pathlib.Path({str(folder / "server.json")!r}).read_text())
for pid in (state["keeper"], state["pid"]):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
first = client.get("/").status_code
response = answered()
print("first", first, "then", response.status_code, response.content)
"""
    output = embedded("shell", "-c", code, SITE_DEBUG="1")
    assert re.search(r"first (503|200) then 200 b'1 talks'", output)


def test_what_cannot_be_started_again_is_tried_after_pauses(embedded, folder):
    """However many visitors come meanwhile."""
    code = f"""
import itertools, json, os, pathlib, signal, time
from django.test import Client
from mongokit.embedded import EmbeddedServerError, server
from django_mongokit import get_database
client = Client(raise_request_exception=False)
get_database().talks.insert_one({{"_id": 1}})
tried = []
def fails(*arguments):
    tried.append(time.monotonic())
    raise EmbeddedServerError("it is broken")
works, server.start_keeper = server.start_keeper, fails
state = json.loads(pathlib.Path({str(folder / "server.json")!r}).read_text())
for pid in (state["keeper"], state["pid"]):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
answers = []
while len(tried) < 3 and len(answers) < 2000:
    answers.append(client.get("/").status_code)
pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
server.start_keeper = works
deadline = time.monotonic() + 60
while client.get("/").status_code != 200 and time.monotonic() < deadline:
    pass
print("tried", len(tried), "in time", all(pause >= least for pause, least in zip(pauses, (1, 2, 4))), set(answers) <= {{200, 503}})
"""
    assert "tried 3 in time True True" in embedded("shell", "-c", code, SITE_DEBUG="1")


def test_dbshell(embedded, tmp_path, name):
    shell = tmp_path / "mongosh"
    shell.write_text('#!/bin/sh\necho "mongosh got: $*"\n')
    shell.chmod(0o755)
    output = embedded("dbshell", "--database", "mongodb", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert "mongosh got: mongodb://127.0.0.1:" in output
    assert f"/{name}?" in output
    password = tell_of_the_password(output)
    assert len(password) > 10
    assert password not in output


def test_dbshell_without_mongosh_says_where_the_password_is(embedded, tmp_path):
    """For a shell that is somewhere else."""
    output = embedded("dbshell", "--database", "mongodb", code=1, PATH=str(tmp_path))
    assert "You appear not to have the 'mongosh' program installed" in output
    assert tell_of_the_password(output)


def tell_of_the_password(output):
    """Return the password, from the file that is named."""
    (path,) = re.findall(r"^The password of the embedded server is in (.*)$", output, re.MULTILINE)
    return Path(path).read_text().strip()


def test_a_folder_that_cannot_be(manage, tmp_path):
    (tmp_path / "file").write_text("in the way")
    values = json.dumps({"HOST": "", "OPTIONS": {"embedded": str(tmp_path / "file")}})
    output = manage("shell", "-c", READ, code=1, SITE_MONGODB=values)
    assert "EmbeddedServerError" in output
    assert str(tmp_path / "file") in output


AWAY = """
import json, os, signal, time
from concurrent.futures import ThreadPoolExecutor
import django; django.setup()
from django.test import Client
state = json.load(open({state!r}))
os.kill(state["keeper"], signal.SIGSTOP)  # or it would start the server again at once
os.kill(state["pid"], signal.SIGKILL)

def ask(path):
    with ThreadPoolExecutor(1) as one:
        return one.submit(Client(raise_request_exception=False).get, path).result(timeout={seconds})

with ThreadPoolExecutor(6) as visitors:
    print("away", [response.status_code for response in visitors.map(ask, ["/", "/async/", "/template/"] * 2)])
print("retry after", ask("/")["Retry-After"], "and without the database:", ask("/answer/").content)
os.kill(state["keeper"], signal.SIGCONT)
deadline = time.monotonic() + 60
while (response := ask("/")).status_code == 503 and time.monotonic() < deadline:
    time.sleep(0.1)
print("then", response.status_code, response.content)
"""


def test_a_first_connection_while_the_server_is_away(run, folder):
    """A worker that takes over in the middle of an outage: its visitors wait no longer than those of the others."""
    with EmbeddedServer(folder) as server:
        state = json.loads((folder / "server.json").read_text())
        values = json.dumps(
            {"HOST": "", "OPTIONS": {"embedded": str(folder), "serverSelectionTimeoutMS": 500}}
        )
        code = AWAY.format(state=str(folder / "server.json"), seconds=25)
        try:
            output = run("-c", code, SITE_MONGODB=values)
        finally:
            os.kill(state["keeper"], signal.SIGCONT)
        assert "away [503, 503, 503, 503, 503, 503]" in output
        assert r"retry after 5 and without the database: b'no database\n\n'" in output
        assert "then 200 b'0 talks'" in output
        assert server.running


def test_a_first_request_starts_the_server(run, folder):
    """However short an operation may wait: the server is not away, it is being started."""
    values = json.dumps({"HOST": "", "OPTIONS": {"embedded": str(folder), "serverSelectionTimeoutMS": 300}})
    code = """
import django; django.setup()
from django.test import Client
print([Client().get(path).status_code for path in ("/", "/async/")])
"""
    assert "[200, 200]" in run("-c", code, SITE_MONGODB=values)


def test_a_fork_in_the_middle_of_a_start(run, folder):
    """The thread that starts the server for the parent is not in the child, which must not wait for it."""
    values = json.dumps({"HOST": "", "OPTIONS": {"embedded": str(folder)}})
    code = f"""
import os, threading, time, warnings
import django; django.setup()
from django.test import Client
from mongokit.embedded import EmbeddedServer
warnings.simplefilter("ignore", DeprecationWarning)
Client().get("/answer/")  # all is imported that a request needs: a fork in the middle of an import is another matter
thread = threading.Thread(target=Client().get, args=["/"])
thread.start()
while not EmbeddedServer({str(folder)!r}).running:
    time.sleep(0.001)
pid = os.fork()
if pid == 0:
    os._exit(Client(raise_request_exception=False).get("/").status_code == 200)
print("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
thread.join()
"""
    assert "child 1" in run("-c", code, SITE_MONGODB=values)


def test_a_server_that_cannot_be_started_is_503(run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    values = json.dumps({"HOST": "", "OPTIONS": {"embedded": str(tmp_path / "file")}})
    code = """
import django; django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
print([client.get("/").status_code for _ in range(2)])
"""
    output = run("-c", code, SITE_MONGODB=values)
    assert "[503, 503]" in output
    assert f"cannot use {tmp_path / 'file'} as data folder" in output


def test_what_cannot_be_started_is_not_tried_for_each_request(run, folder):
    """However many visitors come: each is told what the last attempt was, and the next is made after a pause that doubles."""
    values = json.dumps({"HOST": "", "OPTIONS": {"embedded": str(folder)}})
    code = """
import itertools, time
import django; django.setup()
from django.test import Client
from mongokit.embedded import EmbeddedServerError, server
client = Client(raise_request_exception=False)
tried = []
def fails(*arguments):
    tried.append(time.monotonic())
    raise EmbeddedServerError("it is broken.")
works, server.start_keeper = server.start_keeper, fails
answers = []
while len(tried) < 3:
    answers.append(client.get("/").status_code)
pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
server.start_keeper = works
while (response := client.get("/")).status_code == 503:
    answers.append(503)
assert set(answers) == {503} and len(answers) > 6, answers
assert pauses[0] >= 1 and pauses[1] >= 2, pauses
print("then", response.status_code, response.content)
"""
    output = run("-c", code, SITE_MONGODB=values)
    assert "then 200 b'0 talks'" in output
    assert re.search(r"EmbeddedServerError: it is broken\. It is tried again after \S+ s\n", output)


def test_what_cannot_be_started_is_tried_at_once_where_somebody_else_has_started_it(run, folder):
    values = json.dumps({"HOST": "", "OPTIONS": {"embedded": str(folder)}})
    code = f"""
import django; django.setup()
from django.test import Client
from mongokit.embedded import EmbeddedServer, EmbeddedServerError, server
client = Client(raise_request_exception=False)
def fails(*arguments):
    raise EmbeddedServerError("it is broken")
works, server.start_keeper = server.start_keeper, fails
print("first", client.get("/").status_code)
server.start_keeper = works
with EmbeddedServer({str(folder)!r}):
    print("then", client.get("/").status_code)
"""
    output = run("-c", code, SITE_MONGODB=values)
    assert "first 503" in output
    assert "then 200" in output


def test_databases_of_one_name_on_two_servers_are_both_cleaned(manage, tmp_path, folder, name):
    (tmp_path / "check_two.py").write_text(
        "from django_mongokit import get_database\n"
        "from django_mongokit.test import MongoTestCase\n"
        "class Two(MongoTestCase):\n"
        "    databases = {'default', 'mongodb', 'archive'}\n"
        "    @classmethod\n"
        "    def setUpTestData(cls):\n"
        "        get_database().talks.insert_one({'_id': 'here'})\n"
        "        get_database(using='archive').talks.insert_one({'_id': 'there'})\n"
        "    def test_1(self):\n"
        "        here, there = get_database(), get_database(using='archive')\n"
        "        assert here.name == there.name\n"
        "        assert here.client != there.client\n"
        "        assert [one['_id'] for one in here.talks.find()] == ['here']\n"
        "        assert [one['_id'] for one in there.talks.find()] == ['there']\n"
        "        for one in here, there:\n"
        "            one.talks.insert_one({'_id': 1})\n"
        "            assert one.others.count_documents({}) == 0\n"
        "        there.others.insert_one({'_id': 1})\n"
        "    def test_2(self):\n"
        "        self.test_1()\n"
    )
    archive = {"archive": {"NAME": name, "HOST": "", "OPTIONS": {"embedded": str(folder)}}}
    assert "Ran 2 tests" in manage("test", "check_two", path=[tmp_path], SITE_ALIASES=json.dumps(archive))

"""Who is let in to the embedded server: who can read the data folder, and nobody else of the machine."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import bson
import psutil
import pymongo
import pytest
from free_ports import free_port
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import OperationFailure, PyMongoError

from mongokit import Connection
from mongokit.embedded import EmbeddedServer, EmbeddedServerError, keeper, passwords, programs
from mongokit.embedded.keeper import access, codec, files, launch, wire

NOBODY = 65534


def until(condition, seconds=90.0):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.02)
    return result


@pytest.fixture
def folder(server_folder):
    """A data folder, whose server has stopped when the test ends."""
    yield server_folder
    until(lambda: not server_folder.is_dir() or not EmbeddedServer(server_folder).running, 40)


@pytest.fixture
def open_folder():
    """A folder that others can look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture
def as_another_user():
    """Run a function in a process of another user (where this is root), and return what it returns, through JSON."""

    def run(function):
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(read_end)
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setresgid(NOBODY, NOBODY, NOBODY)
                    os.setresuid(NOBODY, NOBODY, NOBODY)
                os.write(write_end, json.dumps(function()).encode())
            finally:
                os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as file:
            said = file.read()
        os.waitpid(child, 0)
        return json.loads(said)

    return run


def refusal(operation):
    """Return the code and the text with which the server refuses an operation, or what it returned."""
    try:
        return repr(operation())
    except OperationFailure as error:
        return [error.code, str(error.details["errmsg"])]
    except PyMongoError as error:
        return repr(error)


OPERATIONS = {
    "find": lambda client: client.secret.notes.find_one(),
    "count": lambda client: client.secret.notes.count_documents({}),
    "insert": lambda client: client.secret.notes.insert_one({}),
    "update": lambda client: client.secret.notes.update_many({}, {"$set": {"x": 1}}),
    "delete": lambda client: client.secret.notes.delete_many({}),
    "drop": lambda client: client.drop_database("secret"),
    "list": lambda client: client.list_database_names(),
    "collections": lambda client: client.secret.list_collection_names(),
    "createUser": lambda client: client.admin.command("createUser", "me", pwd="x", roles=["root"]),
    "users": lambda client: client.admin.command("usersInfo", 1),
    "log": lambda client: client.admin.command("getLog", "global"),
    "status": lambda client: client.admin.command("serverStatus"),
    "watch": lambda client: client.watch().close(),
}


def test_another_user_is_refused_everything(folder, as_another_user):
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        connection.secret.notes.insert_one({"_id": 1, "text": "ours"})

        def tried():
            with pymongo.MongoClient("127.0.0.1", embedded.port, directConnection=True) as client:
                return {name: refusal(lambda run=run: run(client)) for name, run in OPERATIONS.items()}

        said = as_another_user(tried)
        assert said.keys() == OPERATIONS.keys()
        assert {name: found[0] for name, found in said.items()} == dict.fromkeys(OPERATIONS, 13)
        assert connection.secret.notes.find_one() == {"_id": 1, "text": "ours"}


@pytest.mark.parametrize("password", ["", "guess", "mongokit"])
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_a_wrong_password_is_refused(shared, as_another_user, password, mechanism):
    def tried():
        login = {"username": "mongokit", "password": password or "?", "authMechanism": mechanism}
        with pymongo.MongoClient("127.0.0.1", shared.port, directConnection=True, **login) as client:
            return refusal(client.secret.notes.find_one)

    assert as_another_user(tried)[0] == 18


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_can_read_none_of_the_files_and_not_use_the_folder(
    server_folder, as_another_user, open_folder
):
    folder = open_folder / "data"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with EmbeddedServer(folder) as embedded:
        names = sorted(path.name for path in folder.iterdir())
        assert "password" in names

        def tried():
            found = {}
            for name in names:
                try:
                    found[name] = (folder / name).read_text() if name != "db" else os.listdir(folder / name)
                except OSError as error:
                    found[name] = type(error).__name__
            for what in ("password", "new", "server.json"):
                try:
                    (folder / what).write_text("mine")
                except OSError as error:
                    found[f"write {what}"] = type(error).__name__
            try:
                EmbeddedServer(folder).start()
            except EmbeddedServerError as error:
                found["start"] = str(error)
            return found

        said = as_another_user(tried)
        assert "belongs to the user with the id 0, who could read what is in it" in said.pop("start")
        assert set(said) >= {*names, "write password", "write new", "write server.json"}
        assert set(said.values()) == {"PermissionError"}
        assert embedded.password_file.read_text()


def test_the_password_is_long_and_for_its_owner_only(folder):
    with EmbeddedServer(folder) as embedded:
        found = embedded.password_file.stat()
        assert embedded.password_file == folder / "password"
        assert stat.S_IMODE(found.st_mode) == 0o600
        password = embedded.password_file.read_text().strip()
        assert len(password) == 43
        assert f"mongodb://mongokit:{password}@127.0.0.1:{embedded.port}/?" in embedded.uri
        assert "authMechanism=SCRAM-SHA-256" in embedded.uri
        assert stat.S_IMODE((folder / "db").stat().st_mode) == 0o700
        with Connection(embedded.uri) as connection:
            for said in (embedded.address, repr(embedded), repr(connection)):
                assert password not in said
        assert embedded.address == embedded.uri.replace(f":{password}@", "@")


def test_two_folders_have_two_passwords(shared, folder):
    with EmbeddedServer(folder) as other:
        assert other.password_file.read_text() != shared.password_file.read_text()
        stranger = other.uri.replace(str(other.port), str(shared.port))
        with (
            Connection(stranger) as connection,
            pytest.raises(OperationFailure, match="authentication failed"),
        ):
            connection.a.b.find_one()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A server for the tests that do nothing to it."""
    try:
        programs.find_server()
    except EmbeddedServerError as error:
        pytest.skip(str(error))
    with EmbeddedServer(tmp_path_factory.mktemp("shared") / "data") as embedded:
        yield embedded


def test_no_process_shows_the_password(folder):
    command = [sys.executable, "-m", "mongokit.embedded", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline()
            password = (folder / "password").read_text().strip()
            assert address.startswith("mongodb://mongokit@127.0.0.1:")
            lines = [" ".join(found.info["cmdline"] or []) for found in psutil.process_iter(["cmdline"])]
            assert any(programs.SCRIPT in line and str(folder) in line for line in lines)
            assert not any(password in line for line in lines)
        finally:
            process.terminate()
        said, advice = process.communicate(timeout=60)
    log = (folder / "server.log").read_text()
    assert not any(password in text for text in (address, said, advice, log))
    assert str(folder / "password") in advice


def test_a_program_can_ask_for_the_whole_uri(folder):
    command = [sys.executable, "-m", "mongokit.embedded", "--data", str(folder), "--with-password"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            with Connection(process.stdout.readline().strip()) as connection:
                assert connection.a.b.insert_one({}).acknowledged
        finally:
            process.terminate()
        assert process.communicate(timeout=60) == ("", "")


def test_the_password_outlives_stops_and_kills(folder):
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        uri, password = embedded.uri, embedded.password_file.read_text()
        connection.a.b.insert_one({"_id": 1})
        killed = embedded.pid
        os.kill(killed, signal.SIGKILL)
        until(lambda: embedded.pid != killed and wire.answers(embedded.port))
        assert until(lambda: tolerant(connection.a.b.count_documents)) == 1
        with (
            pymongo.MongoClient("127.0.0.1", embedded.port, directConnection=True) as stranger,
            pytest.raises(OperationFailure, match="requires authentication"),
        ):
            stranger.a.b.find_one()
        state = files.read_state(folder)
        os.kill(state.keeper, signal.SIGKILL)
        until(lambda: files.read_state(folder) not in (None, state))
        assert embedded.uri == uri
        assert until(lambda: tolerant(connection.a.b.count_documents)) == 1
    with EmbeddedServer(folder, free_port()) as again, Connection(again.uri) as connection:
        assert again.password_file.read_text() == password
        assert connection.a.b.count_documents({}) == 1
    assert (folder / "server.log").read_text().count("setting a new password") == 1


def tolerant(count):
    try:
        return count({})
    except PyMongoError:
        return 0


def open_server(folder):
    """Start a server without a password on a folder, as earlier versions did; returns process and port."""
    (folder / "db").mkdir(parents=True, exist_ok=True)
    (folder / "server.toml").touch()
    port = free_port()
    command = [
        *(programs.find_server(), "--config", str(folder / "server.toml"), "--host", "127.0.0.1"),
        *("--port", str(port), "--storage-path", str(folder / "db"), "--sync-on-commit"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: wire.answers(port))
    return process, port


@pytest.fixture
def old_folder(folder):
    """A data folder without a password, in which a stranger has made a user for the time after."""
    process, port = open_server(folder)
    with pymongo.MongoClient("127.0.0.1", port, directConnection=True, retryWrites=False) as client:
        client.a.b.insert_one({"_id": "old"})
        client.admin.command("createUser", "stranger", pwd="known", roles=["root"])
        client.a.command("createUser", "another", pwd="known", roles=["readWrite"])
        client.admin.command("createUser", "mongokit", pwd="known", roles=["root"])
    process.kill()
    process.wait()
    (folder / "db").chmod(0o755)
    return folder


def test_a_folder_without_a_password_gets_one_and_strangers_lose_their_way_in(old_folder):
    with EmbeddedServer(old_folder) as embedded, Connection(embedded.uri) as connection:
        assert connection.a.b.find_one() == {"_id": "old"}
        assert stat.S_IMODE((old_folder / "db").stat().st_mode) == 0o700
        for name, source in (("stranger", "admin"), ("another", "a"), ("mongokit", "admin")):
            login = {"username": name, "password": "known", "authSource": source}
            with (
                pymongo.MongoClient("127.0.0.1", embedded.port, directConnection=True, **login) as client,
                pytest.raises(OperationFailure, match="authentication failed"),
            ):
                client.a.b.find_one()
        assert [user["user"] for user in connection.admin.system.users.find()] == ["mongokit"]
    log = (old_folder / "server.log").read_text()
    assert "dropped the users " in log
    assert "admin.stranger" in log
    assert "a.another" in log


def test_users_that_the_owner_makes_stay(folder):
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        connection.admin.command("createUser", "reader", pwd="theirs", roles=["readAnyDatabase"])
    with EmbeddedServer(folder) as embedded:
        login = {"username": "reader", "password": "theirs"}
        with pymongo.MongoClient("127.0.0.1", embedded.port, directConnection=True, **login) as client:
            assert client.a.b.find_one() is None


@pytest.mark.parametrize("what", ["removed", "readable by others", "a link", "empty", "a folder"])
def test_a_password_that_others_may_know_is_replaced(folder, what):
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        connection.a.b.insert_one({"_id": 1})
        before, file = embedded.uri.partition("@")[0], embedded.password_file
    password = file.read_text()
    file.unlink()
    if what == "readable by others":
        file.write_text(password)
        file.chmod(0o640)
    elif what == "a link":
        (folder / "elsewhere").write_text(password)
        file.symlink_to(folder / "elsewhere")
    elif what == "empty":
        file.touch(0o600)
    elif what == "a folder":
        file.mkdir()
        with pytest.raises(EmbeddedServerError, match="Is a directory"):
            EmbeddedServer(folder).start()
        file.rmdir()
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        assert embedded.uri.partition("@")[0] != before
        assert stat.S_IMODE(file.lstat().st_mode) == 0o600
        assert connection.a.b.count_documents({}) == 1


OPEN = r"is open to others: its mode is 0644, and has to be 0600\. chmod 600 .*password, and it is used again"
BROKEN = {
    "readable by others": (lambda file: file.chmod(0o644), OPEN),
    "removed": (lambda file: file.rename(file.with_name("kept")), "password is gone, and the server .*: put it back"),
    "empty": (lambda file: file.write_text(""), "is no file of the folder's owner that holds a password"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BROKEN.values(), ids=BROKEN)
def test_what_becomes_of_the_password_while_the_server_runs_is_said(folder, change, said):
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        connection.a.b.insert_one({"_id": 1})
        file, text = embedded.password_file, embedded.password_file.read_text()
        change(file)
        with pytest.raises(EmbeddedServerError, match=said):
            EmbeddedServer(folder).start()
        # Who is there already goes on, and it can be mended.
        assert connection.a.b.count_documents({}) == 1
        if file.exists():
            file.chmod(0o600)
        file.write_text(text)
        file.chmod(0o600)
        with EmbeddedServer(folder) as other:
            assert other.uri == embedded.uri


def test_a_server_that_breaks_off_when_it_is_asked_for_access(folder, monkeypatch):
    class Broken(wire.Line):
        def command(self, document, database="admin"):
            raise ConnectionResetError("broken")

    with EmbeddedServer(folder) as embedded:
        monkeypatch.setattr(passwords, "Line", Broken)
        with EmbeddedServer(folder) as other:
            assert other.uri == embedded.uri
        monkeypatch.setattr(passwords, "read_password", lambda path: None)
        with pytest.raises(EmbeddedServerError, match="broke off while it was asked for access: broken"):
            EmbeddedServer(folder).start()


def test_a_database_from_elsewhere_is_not_opened_but_said(folder):
    with EmbeddedServer(folder):
        pass
    access.write_password(folder, access.new_password())
    with pytest.raises(
        EmbeddedServerError,
        match=r"does not take the password in .*password: .*remove that file: the next start",
    ):
        EmbeddedServer(folder).start()
    assert (folder / "server.log").read_text().count("setting a new password") == 1
    (folder / "password").unlink()
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        assert connection.a.b.find_one() is None


def test_a_kill_in_the_middle_of_setting_a_password_harms_nothing(folder, monkeypatch):
    """The keeper's own process is killed when the user is made and the file is not written."""
    command = keeper.COMMAND.replace(
        "main(sys.argv[2])",
        "import keeper.serving as s, os, signal; s.write_password = lambda *_: os.kill(os.getpid(), signal.SIGKILL); "
        "main(sys.argv[2])",
    )
    with monkeypatch.context() as patch:
        patch.setattr(keeper, "COMMAND", command)
        with pytest.raises(EmbeddedServerError, match="ended before it could report"):
            EmbeddedServer(folder).start()
    assert not (folder / "password").exists()
    assert not (folder / "server.json").exists()
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        assert connection.a.b.insert_one({}).acknowledged


def test_a_folder_served_by_an_earlier_version_can_be_joined(folder, caplog):
    """Its keeper goes on while processes of the new version come; there is no password until it stops."""
    process, port = open_server(folder)
    try:
        locks = [files.open_lock(folder, name) for name in ("keeper.lock", "users.lock")]
        assert files.try_lock(locks[0], 2)
        files.write_state(folder, files.ServerState(process.pid, port, os.getpid(), linger=1.0))
        with caplog.at_level(logging.WARNING, "mongokit.embedded"):
            embedded = EmbeddedServer(folder).start()
        assert "is served without a password, by an earlier version" in caplog.text
        assert "@" not in embedded.uri
        with Connection(embedded.uri) as connection:
            assert connection.a.b.insert_one({}).acknowledged
    finally:
        for lock in locks:
            os.close(lock)
        process.kill()
        process.wait()
    embedded.stop()


def test_a_folder_that_others_may_write_to_is_closed_to_them(folder):
    folder.mkdir()
    folder.chmod(0o775)
    with EmbeddedServer(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_password_that_cannot_be_read_is_said(folder, monkeypatch):
    with EmbeddedServer(folder):

        def refused(path):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(passwords, "read_password", refused)
        with pytest.raises(EmbeddedServerError, match=r"cannot read .*password: Permission denied"):
            EmbeddedServer(folder).start()


def test_a_server_that_logs_no_port_is_not_told_the_password(folder, monkeypatch, tmp_path):
    program = tmp_path / f"other-{programs.SCRIPT}"
    program.write_text("#!/bin/sh\necho hello\nexec sleep 100\n")
    program.chmod(0o700)
    monkeypatch.setattr(programs, "find_server", lambda: str(program))
    with pytest.raises(EmbeddedServerError, match=r"(?s)did not answer in .* s\. The end of .*hello"):
        EmbeddedServer(folder, timeout=3).start()
    assert not (folder / "password").exists()


@pytest.mark.parametrize(
    ("log", "port"),
    [
        ("secantus listening on 127.0.0.1:45829", 45829),
        ("x\nlistening on 127.0.0.1:1 now\ny", 1),
        ("listening on 127.0.0.1:0", None),
        ("127.0.0.1:123456", None),
        ("10.127.0.0.1", None),
        ("", None),
    ],
)
def test_the_port_a_log_names(log, port):
    assert launch.port_in(log) == port


class Squatter(threading.Thread):
    """A program of somebody else's that takes a port as soon as it is told which, answers pings, and refuses the rest."""

    def __init__(self, told, taken, keeps):
        super().__init__(daemon=True)
        self.told, self.taken, self.keeps = told, taken, keeps
        self.over = threading.Event()
        self.heard = []

    def run(self):
        until(self.told.exists)
        until(lambda: self.told.read_text().endswith("\n"))
        with socket.create_server(("127.0.0.1", int(self.told.read_text()))) as listener:
            listener.settimeout(0.2)
            self.taken.touch()
            while not self.over.is_set() and (
                self.keeps or not any("saslStart" in message for message in self.heard)
            ):
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(10)
                    while data := connection.recv(65536):
                        message = bson.decode(data[21:])
                        self.heard.append(message)
                        body = bson.encode({"ok": float("ping" in message), "errmsg": "who are you?"})
                        connection.sendall(wire.HEADER.pack(21 + len(body), 1, 1, wire.OP_MSG, 0, 0) + body)


@pytest.mark.parametrize("keeps", [True, False], ids=["keeps it", "lets it go"])
def test_a_stranger_who_takes_the_port_first_learns_nothing_and_keeps_nobody_out(
    folder, monkeypatch, tmp_path, keeps
):
    with EmbeddedServer(folder) as embedded:
        password = embedded.password_file.read_text().strip()
    told, taken = tmp_path / "told", tmp_path / "taken"
    program = tmp_path / f"other-{programs.SCRIPT}"
    program.write_text(
        f"""#!{sys.executable}
import os, pathlib, sys, time
told = pathlib.Path({str(told)!r})
if not told.exists():
    told.write_text(sys.argv[sys.argv.index("--port") + 1] + "\\n")
    while not os.path.exists({str(taken)!r}):
        time.sleep(0.01)
os.execv({programs.find_server()!r}, [{programs.find_server()!r}, *sys.argv[1:]])
"""
    )
    program.chmod(0o700)
    monkeypatch.setattr(programs, "find_server", lambda: str(program))
    squatter = Squatter(told, taken, keeps)
    squatter.start()
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        assert (embedded.port != int(told.read_text())) is keeps
        assert connection.a.b.insert_one({}).acknowledged
        squatter.over.set()
    squatter.join(60)
    assert any("saslStart" in message for message in squatter.heard)
    assert password not in str(squatter.heard)
    assert embedded.password_file.read_text().strip() == password
    assert (folder / "server.log").read_text().count("setting a new password") == 1


# What the keeper says to the server, in its own few lines of the wire protocol.

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc$é", max_size=4), inner, max_size=4)
    ),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(st.text("abc$é", max_size=4), VALUES, max_size=5)


def without_none(value):
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    return [without_none(item) for item in value if item is not None] if isinstance(value, list) else value


@given(DOCUMENTS)
def test_the_keepers_bson_is_bson(document):
    sent = without_none(document)
    assert codec.encode(sent) == bson.encode(sent)
    assert codec.decode(bson.encode(document)) == document


@given(DOCUMENTS, st.data())
def test_broken_bson_is_a_value_error_or_another_document(document, data):
    broken = bytearray(bson.encode(document))
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    kept = bytes(broken[: data.draw(st.integers(0, len(broken)))])
    with contextlib.suppress(ValueError):
        assert isinstance(codec.decode(kept), dict)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (bson.Int64(2**40), 2**40),
        (1.5, 1.5),
        (bson.ObjectId("0123456789abcdef01234567"), bytes.fromhex("0123456789abcdef01234567")),
        (bson.Timestamp(1, 2), (1 << 32) + 2),
        (bson.DatetimeMS(5), 5),
    ],
    ids=["int64", "double", "ObjectId", "Timestamp", "datetime"],
)
def test_what_only_replies_hold(value, expected):
    assert codec.decode(bson.encode({"a": value})) == {"a": expected}


def test_what_no_command_and_no_reply_holds():
    with pytest.raises(TypeError, match="no BSON for"):
        codec.encode({"a": 1.5})
    with pytest.raises(ValueError, match="0xb is in no reply"):
        codec.decode(bson.encode({"a": bson.Regex("x")}))
    deep = {}
    for _ in range(codec.DEEPEST + 2):
        deep = {"a": deep}
    with pytest.raises(ValueError, match="without an end"):
        codec.decode(bson.encode(deep))


class Impostor(threading.Thread):
    """A server of another user on a port, that answers each message with the next of its replies."""

    def __init__(self, *replies):
        super().__init__(daemon=True)
        self.replies = replies
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = []
        self.start()

    def run(self):
        connection, _ = self.listener.accept()
        with connection, self.listener:
            for reply in self.replies:
                message = connection.recv(65536)
                self.heard.append(bson.decode(message[21:]))
                said = reply(self.heard[-1]) if callable(reply) else reply
                if isinstance(said, dict):
                    body = bson.encode({"ok": 1.0, **said})
                    said = wire.HEADER.pack(21 + len(body), 1, 1, wire.OP_MSG, 0, 0) + body
                connection.sendall(said)


def challenge(nonce=True, iterations=15000):
    def reply(message):
        given = message["payload"].decode().partition("r=")[2] if nonce else "another"
        return {"conversationId": 1, "payload": f"r={given}xyz,s=c2FsdA==,i={iterations}".encode()}

    return reply


@pytest.mark.parametrize(
    ("replies", "message"),
    [
        ([challenge(), {"conversationId": 1, "payload": b"v=AAAA"}], "does not know the password"),
        ([challenge(), {"conversationId": 1, "payload": b"e=other-error"}], "does not know the password"),
        ([challenge(nonce=False)], "does not keep to SCRAM"),
        ([challenge(iterations=1)], "does not keep to SCRAM"),
        ([{"ok": 0.0, "errmsg": "no such user"}], "no such user"),
    ],
    ids=["signature", "no signature", "nonce", "iterations", "refused"],
)
def test_a_server_that_does_not_know_the_password_is_not_taken_for_ours(replies, message):
    impostor = Impostor(*replies)
    with wire.Line(impostor.port) as line, pytest.raises(wire.CommandError, match=message):
        access.log_in(line, "correct horse")
    impostor.join(10)
    assert not any(b"correct horse" in bson.encode(heard) for heard in impostor.heard)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\nwhat is that?",
        b"",
        wire.HEADER.pack(2**31 - 1, 1, 1, 2013, 0, 0),
        b"x" * 21,
    ],
    ids=["http", "nothing", "endless", "noise"],
)
def test_what_is_no_server_does_not_answer(reply):
    impostor = Impostor(reply)
    assert not wire.answers(impostor.port, 5)
    impostor.join(10)


def test_a_real_server_is_asked_and_answers(shared):
    password = access.read_password(shared.path)
    with wire.Line(shared.port) as line:
        with pytest.raises(wire.CommandError, match="requires authentication"):
            access.drop_others(line)
        access.log_in(line, password)
        assert access.drop_others(line) == []
    with wire.Line(shared.port) as line, pytest.raises(wire.CommandError, match="authentication failed"):
        access.log_in(line, "wrong")

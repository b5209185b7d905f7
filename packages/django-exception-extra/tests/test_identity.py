"""A user in, one line of text out."""

import re
import types
import unicodedata

import pytest
from django.contrib.auth.models import User
from failing.models import Addressed, Handle, Member
from hypothesis import given
from hypothesis import strategies as st

from django_exception_extra import identity

USERS = {
    "name": User(pk=7, username="anita", first_name="Anita", last_name="Test"),
    "everything": User(pk=7, username="anita", email="a@x.org", first_name="Anita", last_name="Test"),
    "username only": User(pk=7, username="anita"),
    "address only": User(pk=7, username="anita", email="a@x.org"),
    "first name only": User(pk=7, username="anita", first_name="Anita"),
    "last name only": User(pk=7, username="anita", last_name="Test"),
    "neither mail nor names": Handle(pk=7, handle="anita"),
    "address as username": Member(pk=7, address="anita@mail.example.org", nick="Nita"),
    "address as key": Addressed(pk="anita@x.org"),
    "name as key": Addressed(pk="anita"),
    "no model at all": types.SimpleNamespace(pk="k1"),
}


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("name", "anita (Anita Test)"),
        ("everything", "anita a@x.org (Anita Test)"),
        ("username only", "anita"),
        ("address only", "anita a@x.org"),
        ("first name only", "anita (Anita)"),
        ("last name only", "anita (Test)"),
        ("neither mail nor names", "anita"),
        ("address as username", "anita@mail.example.org (Nita)"),
        ("no model at all", "namespace(pk='k1')"),
    ],
)
def test_full(user, expected):
    assert identity.as_full(USERS[user]) == expected


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("name", "id=7 a*** (A*** T***)"),
        ("everything", "id=7 a*** a***@x*** (A*** T***)"),
        ("username only", "id=7 a***"),
        ("address as username", "id=7 a***@m*** (N***)"),
        ("address as key", "id=a***@x*** a***@x***"),
        ("name as key", "id=a*** a***"),
        ("no model at all", "id=k1 n***"),
    ],
)
def test_masked(user, expected):
    assert identity.as_masked(USERS[user]) == expected


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("root@localhost", "id=1 u*** r***@l***"),
        ("@x.org", "id=1 u*** ***@x***"),
        ("a@b@x.org", "id=1 u*** a***@x***"),
        ("a@", "id=1 u*** a***@***"),
        ("root@x.Anita Test", "id=1 u*** r***@x***"),
    ],
)
def test_masked_odd_address(email, expected):
    assert identity.as_masked(User(pk=1, username="u", email=email)) == expected


@pytest.mark.parametrize("user", ["address as key", "name as key"])
@pytest.mark.parametrize("mode", ["masked", "id"])
def test_masked_key_in_fields(mode, user):
    assert "anita" not in " ".join(identity.fields(mode, USERS[user]).values())


@pytest.mark.parametrize(
    ("user", "expected"),
    [("everything", "id=7"), ("address as key", "id=a***@x***"), ("name as key", "id=a***")],
)
def test_id_that_is_a_name(user, expected):
    assert identity.as_mode("id", USERS[user]) == expected


@pytest.mark.parametrize(
    ("model", "pk", "masked"),
    [
        ("auth.User", "7", "7"),
        ("auth.User", "anita@x.org", "a***@x***"),
        ("failing.Addressed", "anita@x.org", "a***@x***"),
        ("failing.Addressed", "anita", "a***"),
    ],
)
def test_key_of_a_session(model, pk, masked, settings):
    settings.AUTH_USER_MODEL = model
    for mode in ("masked", "id", "username"):
        assert identity.as_stored(mode, pk) == masked
    assert identity.as_stored("full", pk) == pk


@given(st.text(min_size=1), st.text(), st.text())
def test_masked_tells_the_same_for_long_and_short(username, name, tail):
    short = User(pk=1, username=username[:1] + "x", first_name=name[:1] + "x")
    long = User(pk=1, username=username[:1] + "xyz", first_name=name[:1] + "xyzzy")
    if " " not in short.username and not name[:1].isspace() and "@" not in username[:1] + name[:1]:
        assert identity.as_masked(short) == identity.as_masked(long)


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("everything", "anita"),
        ("address as username", "anita@mail.example.org"),
        ("no model at all", "namespace(pk='k1')"),
    ],
)
def test_username(user, expected):
    assert identity.as_username(USERS[user]) == expected


def test_id():
    assert identity.as_id(7) == "id=7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anita", "anita"),
        ("Zoë Łukasz 王 ´", "Zoë Łukasz 王 ´"),
        ("a\r\nBcc: b@x.org", r"a\r\nBcc: b@x.org"),
        ("a\x1b[2J\x00\x7f", r"a\x1b[2J\x00\x7f"),
        ("a\u2028b\x85c", r"a\u2028b\x85c"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("\ud800", r"\ud800"),
        (7, "7"),
        ("", ""),
        (" ", ""),
        (" \t\r\n\u3000", ""),
        (" anita ", "anita"),
        # Spaces of other scripts: between two names in Japanese, one that does not break in French.
        ("山田\u3000太郎", "山田\u3000太郎"),
        ("Anita\xa0Test", "Anita\xa0Test"),
        # Joiners where they belong: Persian, also after a sign; Malayalam, Sinhala and Marathi; emoji, also with skin.
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("بَ\u200cن", "بَ\u200cن"),
        ("ര്\u200dക", "ര്\u200dക"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("ऱ्\u200dय", "ऱ्\u200dय"),
        ("क्\u200cष", "क्\u200cष"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("👩🏽\u200d💻", "👩🏽\u200d💻"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        # And where they make one name look like another.
        ("an\u200dita", r"an\u200dita"),
        ("an\u200cita", r"an\u200cita"),
        ("а\u200cн", r"а\u200cн"),
        ("\u200danita", r"\u200danita"),
        ("anita\u200d", r"anita\u200d"),
        ("👩\u200c💻", r"👩\u200c💻"),
        ("👩\u200d\u200d💻", r"👩\u200d\u200d💻"),
        ("م\u200c\u202eخ", r"م\u200c\u202eخ"),
        ("्\u200d", r"्\u200d"),
        ("a\u2066b\u2069c\u200fd\u061ce", r"a\u2066b\u2069c\u200fd\u061ce"),
        ("a\u200bb\u00adc\ufeffd\u2060e", r"a\u200bb\xadc\ufeffd\u2060e"),
        # What is not seen though it counts as a letter, a mark or a symbol.
        ("anita\u3164", r"anita\u3164"),
        ("a\u115fb\u1160c\uffa0d", r"a\u115fb\u1160c\uffa0d"),
        ("a\u034fb\u17b4c\u17b5d", r"a\u034fb\u17b4c\u17b5d"),
        ("a\u180bb\u180dc\u180ed\u180fe", r"a\u180bb\u180dc\u180ed\u180fe"),
        ("a\ufe00b\ufe0ec\ufe0fd", r"a\ufe00b\ufe0ec\ufe0fd"),
        ("a\U000e0100b\U000e01efc\U000e0041", r"a\U000e0100b\U000e01efc\U000e0041"),
        ("a\u2800b", r"a\u2800b"),
        ("a\u2065b\ufff0c\U0001d173d\U0001bca0e", r"a\u2065b\ufff0c\U0001d173d\U0001bca0e"),
        ("\u3164 anita", r"\u3164 anita"),
        # What is drawn empty: a note without a head, the filler of Khitan, the blanks of Egyptian.
        ("a\U0001d159b", r"a\U0001d159b"),
        ("a\U00016fe4b\U00013441c\U00013442d", r"a\U00016fe4b\U00013441c\U00013442d"),
        # Coloured emoji, keycaps among them, and what is none.
        ("❤\ufe0f", "❤\ufe0f"),
        ("©\ufe0f ™\ufe0f ‼\ufe0f ◾\ufe0f 〰\ufe0f", "©\ufe0f ™\ufe0f ‼\ufe0f ◾\ufe0f 〰\ufe0f"),
        ("1\ufe0f\u20e3 #\ufe0f\u20e3", "1\ufe0f\u20e3 #\ufe0f\u20e3"),
        ("1\ufe0f", r"1\ufe0f"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f" + r"\ufe0f"),
        ("❤\ufe0e", "❤" + r"\ufe0e"),
        ("°\ufe0f", "°" + r"\ufe0f"),
        ("\ufe0fa", r"\ufe0fa"),
        ("\u2800\ufe0fa", r"\u2800\ufe0fa"),
        ("a\ufe0f\u200d🔥", r"a\ufe0f\u200d" + "🔥"),
        ("م\u034f\u200cخ", "م" + r"\u034f\u200c" + "خ"),
        # Of which nothing is seen.
        ("\u3164", ""),
        ("\u3164 \u2800\u200b\u200d\ufe0f\t\xad", ""),
    ],
)
def test_one_line(text, expected):
    assert identity.one_line(text) == expected


# Of DerivedCoreProperties.txt what unicodedata counts as a letter or a mark, but for the sign for coloured emoji.
UNSEEN = {
    *"\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0",
    *map(chr, range(0xFE00, 0xFE0F)),
    *map(chr, range(0xE0100, 0xE01F0)),
}


@given(st.text(st.characters() | st.sampled_from(sorted(UNSEEN)), max_size=3000))
def test_one_line_always_is(text):
    line = identity.one_line(text)
    assert len(line) <= identity.MAX_LENGTH
    assert len(line.splitlines()) <= 1
    shown = {"\u200c", "\u200d"}
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in line if c not in shown)
    assert not set(line) & UNSEEN
    assert line == line.strip()
    line.encode()


@pytest.mark.parametrize("sign", ["1\ufe0f\u20e3", "\u0915\u094d\u200d"])
@pytest.mark.parametrize("length", range(5, 12))
def test_cut_leaves_nothing_that_would_join(sign, length):
    line = identity.cut(sign * 10, length)
    assert len(line) <= length
    assert line[-2] not in "\u200d\ufe0f"
    assert identity.one_line(line) == line


def test_cut_is_marked():
    assert identity.one_line("x" * 1024) == "x" * 1024
    assert identity.one_line("x" * 1025) == "x" * 1023 + "…"
    assert identity.one_line("x" + "\n" * 600) == ("x" + r"\n" * 600)[:1023] + "…"


def test_the_longest_user_django_allows_is_not_cut():
    user = User(pk=1, username="u" * 150, email="e" * 254, first_name="f" * 150, last_name="l" * 150)
    assert (
        identity.one_line(identity.as_full(user))
        == f"{user.username} {user.email} ({user.first_name} {user.last_name})"
    )


@given(st.text("\u200c\u200d\u0645\u064e\u094d\u0915\u00e9a1👩💻🏽\ufe0f \u3000", max_size=12))
def test_joiners_stand_only_between_what_they_join(text):
    """Never beside a letter of the Latin script, a blank, another of them, or an end."""
    line = identity.one_line(text)
    for at, c in enumerate(line):
        if c in "\u200c\u200d":
            before, after = line[at - 1 : at], line[at + 1 : at + 2]
            assert before
            assert after
            assert not set(before + after) & set("\u200c\u200déa1 \u3000\\")


@pytest.mark.parametrize("blank", [" ", "\u3164", "\u2800\u200b", "\u3164 \ufe0f\t"])
def test_user_without_anything_but_a_key(blank):
    """Or nothing else that is seen."""
    user = User(pk=7, username=blank, email=blank, first_name=blank, last_name=blank)
    for mode in ("full", "username", "masked", "id"):
        assert identity.as_mode(mode, user) == "id=7"
        assert identity.fields(mode, user) == {"id": "7"}


def test_user_without_a_name():
    """Who logs in by other means; `str()` of a user of Django's raises then, and that of a project's need not."""
    nameless = User(pk=7, username=None, email="a@x.org", first_name="Anita")
    assert identity.as_full(nameless) == "a@x.org (Anita)"
    assert identity.as_mode("username", nameless) == "id=7"
    assert identity.as_masked(nameless) == "id=7 a***@x*** (A***)"
    assert identity.fields("full", nameless) == {"id": "7", "email": "a@x.org", "name": "Anita"}
    assert identity.fields("username", nameless) == {"id": "7"}
    assert identity.fields("masked", nameless) == {"id": "7", "email": "a***@x***", "name": "A***"}


@pytest.mark.parametrize(
    ("user", "lost"),
    [
        (User(pk=7), ()),
        (User(username="anita", email="a@x.org"), ("id", "masked")),
        (User(username=None, email="a@x.org"), ("id", "masked", "username")),
        (User(username=None), ("id", "masked", "username", "full")),
        # That never had any.
        (types.SimpleNamespace(get_username=lambda: None), ()),
    ],
)
def test_what_is_lost_with_the_row(user, lost):
    assert (
        tuple(mode for mode in ("id", "masked", "username", "full") if identity.is_lost(mode, user)) == lost
    )


FORGED = {
    "end of the name": (
        {"first_name": "Test), impersonated by id=1 (", "last_name": ""},
        r"anita (Test\x29\x2c impersonated by id=1 \x28)",
    ),
    "in two fields": (
        {"first_name": "Test), impersonated", "last_name": "by id=1 ("},
        r"anita (Test\x29\x2c impersonated by id=1 \x28)",
    ),
    "in the user name": (
        {"username": "anita, impersonated by id=1"},
        r"anita\x2c impersonated by id=1 (Anita Test)",
    ),
    "in user name and address": (
        {"username": "anita,  Impersonated", "email": "by@x.org"},
        r"anita\x2c  Impersonated by@x.org (Anita Test)",
    ),
    "of the session": ({"username": "id=1 (from the session)"}, r"id\x3d1 (from the session) (Anita Test)"),
    "of an id": ({"username": "id=1", "first_name": "", "last_name": ""}, r"id\x3d1"),
    "begin of a name": ({"username": "root (Root"}, r"root \x28Root (Anita Test)"),
    "parentheses of an address": ({"email": "a@x.org) ("}, r"anita a@x.org\x29 \x28 (Anita Test)"),
    "smile": ({"last_name": ":)"}, r"anita (Anita :\x29)"),
    # What is nobody's word but the user's own.
    "nickname": ({"first_name": "Anita (Nita)"}, "anita (Anita (Nita) Test)"),
    "comma": ({"last_name": "Test, Dr."}, "anita (Anita Test, Dr.)"),
    "sign": ({"last_name": "T=est"}, "anita (Anita T=est)"),
}


@pytest.mark.parametrize("name", FORGED)
def test_words_of_the_line_itself(name):
    fields, expected = FORGED[name]
    user = User(pk=7, **{"username": "anita", "first_name": "Anita", "last_name": "Test"} | fields)
    assert identity.as_full(user) == expected
    assert identity.fields("full", user)["username"] == user.username


@pytest.mark.parametrize("mode", ["full", "username", "masked", "id"])
@given(st.lists(st.text("() ,=aid") | st.sampled_from([", impersonated by id=1", "id=1 (from the session)"])))
def test_line_of_nobody_but_its_user(mode, texts):
    """It never says by itself that it is somebody else who acts, or that only the session is known."""
    names = (*texts, "", "", "")
    user = User(pk=7, username=names[0], email=names[1], first_name=names[2], last_name=" ".join(names[3:]))
    line = identity.as_mode(mode, user)
    assert ", impersonated" not in line
    assert not re.match(r"id=\S* \(from", line)
    assert line.count("(") == line.count(")")


def test_key_that_is_a_whole_line():
    """Keys may be text."""
    assert identity.as_id("7), impersonated by (x") == r"id=7\x29\x2c impersonated by \x28x"


class Raising:
    """The user name is asked of a server that is gone."""

    def __init__(self, pk):
        self.pk = pk

    def get_username(self):
        raise ConnectionError("gone")


def test_key_that_may_be_the_name_is_masked():
    """Nobody can say whether it is, where the user name cannot be had."""
    user = Raising("anita")
    assert identity.as_mode("id", user) == "id=a***"
    assert identity.fields("id", user) == {"id": "a***"}
    assert identity.as_mode("id", Raising(7)) == "id=7"

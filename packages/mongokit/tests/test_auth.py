"""Users with passwords: hashed by scrypt, old hashes known and made anew."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongokit import RequireFieldError, SchemaTypeError, ValidationError, auth
from mongokit.auth import LoginError, ScryptCost, User, hash_password, verify_password

QUICK = ScryptCost(log2_n=4, r=1, p=1)


class Quick(User):
    password_cost = QUICK


class Member(Quick):
    structure = {"user": {"login": str, "password": str, "email": str}, "points": int}
    default_values = {"points": 0}
    use_dot_notation = True


@pytest.fixture
def users(connection, collection):
    connection.register([User, Quick, Member])
    return collection


def test_a_user(users):
    user = users.User()
    user.login = "ann"
    user.password = "correct horse"
    user.email = "ann@example.com"
    user.save()
    stored = users.find_one()
    assert (stored["_id"], stored["user"]["login"], stored["user"]["email"]) == (
        "ann",
        "ann",
        "ann@example.com",
    )
    assert stored["user"]["password"].startswith("$scrypt$ln=14,r=8,p=5$")
    assert len(stored["user"]["password"]) == 80
    assert "correct horse" not in str(stored)
    found = users.User.get_from_id("ann")
    assert (found.login, found.email) == ("ann", "ann@example.com")
    assert found.verify_password("correct horse")
    assert not found.verify_password("correct hors")
    assert found == stored


def test_the_same_password_has_another_hash_each_time(users):
    user = users.Quick()
    hashes = set()
    for _ in range(3):
        user.password = "secret"
        hashes.add(user.password)
        assert user.verify_password("secret")
    assert len(hashes) == 3


def test_each_property_can_be_deleted(users):
    user = users.Quick()
    for name in ("login", "password", "email"):
        setattr(user, name, "x")
        assert getattr(user, name)
        delattr(user, name)
        assert getattr(user, name) is None
        delattr(user, name)
    assert user == {"user": {"login": None, "password": None, "email": None}}


@pytest.mark.parametrize("missing", ["password", "email"])
def test_password_and_email_are_required(users, missing):
    user = users.Quick()
    user.login = user.password = user.email = "x"
    delattr(user, missing)
    with pytest.raises(RequireFieldError, match=rf"user\.{missing} is required"):
        user.save()
    assert not user.verify_password("y")


def test_login_and_id_must_be_the_same(users):
    user = users.Quick()
    user.login, user.password, user.email = "ann", "x", "y"
    user["_id"] = "bob"
    for error in (AssertionError, ValidationError, LoginError):
        with pytest.raises(error, match="the login 'ann' is not the _id 'bob'"):
            user.save()
    user.login = "bob"
    user.save()
    del user["user"]
    with pytest.raises(LoginError):
        user.save()
    assert users.count_documents({}) == 1


def test_it_can_be_extended(users):
    member = users.Member()
    member.login, member.password, member.email, member.points = "ann", "secret", "a@example.com", 3
    member.save()
    found = users.Member.get_from_id("ann")
    assert (found.points, found.user.login, found.verify_password("secret")) == (3, "ann", True)
    found.points = "many"
    with pytest.raises(SchemaTypeError):
        found.save()


def sha1(password, salt, *, salt_first):
    salted = salt.encode() + password.encode() if salt_first else password.encode() + salt.encode()
    return salt + hashlib.sha1(salted).hexdigest()


@pytest.mark.parametrize("salt_first", [False, True])
def test_hashes_of_mongokit_are_verified_and_made_anew_at_the_next_save(users, salt_first):
    old = sha1("pässword", hashlib.sha1(b"salt").hexdigest(), salt_first=salt_first)
    assert len(old) == 80
    users.insert_one({"_id": "ann", "user": {"login": "ann", "password": old, "email": "x"}})
    user = users.Quick.get_from_id("ann")
    assert not user.verify_password("wrong")
    assert user.password == old
    assert user.verify_password("pässword")
    assert users.find_one()["user"]["password"] == old, "nothing is stored by looking"
    user.save()
    new = users.find_one()["user"]["password"]
    assert new.startswith("$scrypt$")
    again = users.Quick.get_from_id("ann")
    assert again.verify_password("pässword")
    assert again.password == new


def test_a_hash_of_other_parameters_is_made_anew(users):
    user = users.Quick()
    user.password = "secret"
    before = user.password
    user.__class__ = type("Slower", (Quick,), {"password_cost": ScryptCost(log2_n=5, r=1, p=1)})
    assert user.verify_password("secret")
    assert user.password.startswith("$scrypt$ln=5,r=1,p=1$")
    assert user.password != before
    assert user.verify_password("secret")


def test_the_known_answer():
    """RFC 7914, section 12."""
    assert (
        ScryptCost(log2_n=10, r=8, p=16)
        .key(b"password", b"NaCl", 64)
        .hex()
        .startswith("fdbabe1c9d3472007856e719")
    )
    assert (
        ScryptCost(log2_n=14, r=8, p=1)
        .key(b"pleaseletmein", b"SodiumChloride", 64)
        .hex()
        .startswith("7023bdcb3afd7348")
    )


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        3,
        b"$scrypt$",
        "secret",
        "$scrypt$ln=14,r=8,p=5$",
        "$scrypt$ln=4,r=1,p=1$AAAA$A",
        "$scrypt$ln=4,r=1,p=1$AAAA$AAAA",
        "$scrypt$ln=20,r=16,p=1$AAAA$" + "A" * 40,
        "$scrypt$ln=99,r=8,p=5$AAAA$AAAA",
        "$scrypt$ln=30,r=8,p=1$AAAA$AAAA",
        "$scrypt$ln=4,r=0,p=1$AAAA$AAAA",
        "$scrypt$ln=4,r=1,p=1$AAAA$AAAA\n",
        "g" * 80,
        "a" * 79,
        "٠" * 80,
        {"$gt": ""},
    ],
    ids=repr,
)
def test_what_is_no_hash_verifies_nothing(stored):
    assert verify_password("secret", stored) == (False, False)
    user = Quick({"_id": "x", "user": {"login": "x", "password": stored, "email": "x"}})
    assert not user.verify_password("secret")


def test_a_user_without_the_part_has_no_password():
    assert not Quick({"_id": "x"}).verify_password("x")
    assert Quick({"_id": "x", "user": None}).email is None


@pytest.mark.parametrize(
    "password", ["x" * 4097, "é" * 2049, "\ud800"], ids=["long", "long as UTF-8", "half a pair"]
)
def test_what_cannot_be_a_password(password):
    with pytest.raises(ValueError, match="at most 4096 bytes"):
        hash_password(password)
    assert verify_password(password, hash_password("x", QUICK), QUICK) == (False, False)


@pytest.mark.parametrize("password", [b"bytes", 3, True, ["x"], {"$ne": ""}], ids=repr)
def test_what_is_no_password(password):
    user = Quick()
    with pytest.raises(TypeError, match=f"a password is a str, not {type(password).__name__}"):
        user.password = password
    assert user.password is None
    user.password = "x"
    assert not user.verify_password(password)


def test_an_empty_password_is_one_like_any_other(users):
    """As for Django's set_password: whether it will do is for forms to say."""
    user = users.Quick()
    user.login, user.password, user.email = "ann", "", "ann@example.com"
    user.save()
    found = users.Quick.get_from_id("ann")
    assert found.password.startswith("$scrypt$")
    assert (found.verify_password(""), found.has_usable_password()) == (True, True)
    for other in (" ", "x", None, b"", False):
        assert not found.verify_password(other)


def test_a_password_of_none_is_one_that_nobody_has(users):
    """As for Django's set_password: an account for those who log in by other means."""
    user, made = users.Quick(), set()
    for _ in range(3):
        user.login, user.password, user.email = "ann", None, "ann@example.com"
        made.add(user.password)
    assert len(made) == 3  # nobody sees by the stored text who else has none
    user.save()
    found = users.Quick.get_from_id("ann")
    assert found.password.startswith("!")
    assert not found.has_usable_password()
    for guess in (None, "", "!", found.password, found.password[1:]):
        assert not found.verify_password(guess)
    assert found.password in made
    found.password = "secret"
    assert (found.verify_password("secret"), found.has_usable_password()) == (True, True)


@pytest.mark.parametrize("stored", [None, "", "secret", "!", 3, "$scrypt$ln=99,r=8,p=5$AAAA$AAAA"])
def test_what_is_no_hash_is_no_usable_password(stored):
    user = Quick({"_id": "x", "user": {"login": "x", "password": stored, "email": "x"}})
    assert not user.has_usable_password()
    assert not Quick({"_id": "x"}).has_usable_password()


def test_only_a_user_takes_none():
    with pytest.raises(TypeError, match="a password is a str, not NoneType"):
        hash_password(None)


def test_an_old_hash_is_a_usable_password():
    old = sha1("x", hashlib.sha1(b"salt").hexdigest(), salt_first=True)
    assert Quick({"_id": "x", "user": {"password": old}}).has_usable_password()


def test_long_passwords_are_not_hashed_at_all(monkeypatch):
    stored = hash_password("x", QUICK)
    monkeypatch.setattr(ScryptCost, "key", lambda *_: pytest.fail("it was hashed"))
    assert verify_password("x" * 10_000_000, stored) == (False, False)


def test_comparing_is_left_to_hmac(monkeypatch):
    """It takes the same time however much is right."""
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(auth.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b))
    verify_password("x", hash_password("x", QUICK))
    verify_password("x", "0" * 80)
    assert len(compared) == 3


@pytest.mark.parametrize(
    "cost", [(0, 8, 1), (24, 1, 1), (20, 16, 1), (14, 0, 1), (14, 33, 1), (14, 8, 0), (14, 8, 65)]
)
def test_costs_that_cannot_be(cost):
    with pytest.raises(ValueError, match="accepted are log2_n from 1 to 23"):
        ScryptCost(*cost)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
)
def test_only_the_password_is_the_password(password, other):
    stored = hash_password(password, QUICK)
    assert verify_password(password, stored, QUICK) == (True, False)
    assert verify_password(other, stored, QUICK)[0] == (password == other)

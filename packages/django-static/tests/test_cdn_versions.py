"""How long an old version stays: from when another took its place, whoever had called what how before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from hypothesis import given, settings
from hypothesis import strategies as st
from static_test_cdn_storages import Far, Overwriting

import django_static
from django_static.cdn import proxy
from django_static.cdn.options import Options
from django_static.cdn.outcomes import Outcome, What
from django_static.cdn.publisher import Publisher
from django_static.cdn.s3 import S3
from django_static.cdn.state import State
from django_static.cdn.storage_store import StorageStore
from django_static.cdn.store import Store, StoreError

PNG = b"\x89PNG"
DAY = 86_400
START = 1_800_000_000.0
KEEP = 14


class Place:
    """Where files go; it is never twice the same time there."""

    def __init__(self) -> None:
        self.hours = 0
        self.now = START

    def tick(self, day: float) -> None:
        self.hours += 1
        self.now = START + day * DAY + self.hours * 3600


class Folder(Place):
    """A storage of Django's with its files in a folder, whatever it says of that."""

    def __init__(self, root: Path, kind: type) -> None:
        self.root, self.kind = root, kind
        super().__init__()
        #: What was dated by a test.
        self.dates: dict[str, int] = {}

    def store(self) -> Store:
        return StorageStore(lambda: self.kind(location=str(self.root)), "cdn")

    def settle(self) -> None:
        """What came, or came again, did so at the time that a test says it is."""
        for name in self.keys():
            if self.dates.get(name) != (self.root / name).stat().st_mtime_ns:
                os.utime(self.root / name, (self.now, self.now))
                self.dates[name] = (self.root / name).stat().st_mtime_ns

    def keys(self) -> list[str]:
        return sorted(path.name for path in self.root.iterdir()) if self.root.exists() else []


class Bucket(Place):
    """The bucket of S3; it says what time it is."""

    def __init__(self, bucket) -> None:
        self.bucket = bucket
        self.dates: dict[str, tuple[int, float]] = {}
        super().__init__()

    @property
    def now(self) -> float:
        return self.bucket.server.now

    @now.setter
    def now(self, seconds: float) -> None:
        self.bucket.server.now = seconds

    def store(self) -> Store:
        return S3(
            Options(
                bucket=self.bucket.name,
                endpoint=self.bucket.endpoint,
                region="us-east-1",
                credentials=("tests", "tests"),
                attempts=1,
            )
        )

    def settle(self) -> None:
        puts = self.bucket.puts()
        for name in self.keys():
            count, date = self.dates.get(name, (0, 0.0))
            if count != puts.count(name):
                count, date = self.dates[name] = puts.count(name), self.now
            self.bucket.date(name, date)

    def keys(self) -> list[str]:
        return sorted(self.bucket.keys())


class Machine:
    """One that publishes to a place, on days that a test says; ``ahead`` is by how many days its clock is wrong.

    With a prefix, whatever it is, the place is the site's alone; without one others may have files there.
    """

    def __init__(
        self, root: Path, there: Folder | Bucket, ahead: float = 0.0, *, prefix: str = "mysite"
    ) -> None:
        self.root, self.there, self.ahead, self.prefix = root, there, ahead, prefix
        root.mkdir(exist_ok=True)
        self.store = there.store()  # kept, since a client of S3 takes a while to be made
        self.forget()

    def forget(self) -> None:
        """Another machine, or one that starts from nothing for each deployment."""
        for path in self.root.glob("cdn-*.json"):
            path.unlink()
        options = Options(base="https://cdn.example.com", keep_days=KEEP, prefix=self.prefix)
        self.state = State(self.root, self.store.identity)
        self.publisher = Publisher(
            self.store, self.state, options, clock=lambda: self.there.now + self.ahead * DAY
        )

    def file(self, name: str) -> Path:
        path = self.root / name
        if not path.exists():
            path.write_text(name)
        return path

    def bring(self, name: str, *, is_swept: bool = False) -> Outcome:
        outcome = self.publisher.publish(name, self.file(name), is_swept=is_swept)
        self.state.flush()
        self.there.settle()
        return outcome

    def page(self, day: float, name: str) -> list[str]:
        """A page names a version, and it is brought there; the versions that are then."""
        self.there.tick(day)
        self.bring(name)
        return self.there.keys()

    def deploy(self, day: float, name: str) -> list[str]:
        """The same by ``staticpublish``."""
        self.there.tick(day)
        if self.bring(name, is_swept=True).what is not What.OUTDATED:
            self.publisher.sweep({name: self.file(name)})
            self.state.flush()
            self.there.settle()
        return self.there.keys()


ONE, TWO, THREE = (f"a.{digit * 12}.png" for digit in "fbd")
NAMES = {
    "by content": (ONE, TWO, THREE),
    "by content, the other way round": (THREE, TWO, ONE),
    "by time": ("a.1500000001.png", "a.1500000002.png", "a.1500000003.png"),
    "by a time that is no certain name": ("a.1.png", "a.2.png", "a.3.png"),
}
CERTAIN = list(NAMES)[:3]
#: Each kind of place with names by content and by time, the quickest with all.
CASES = [("folder", each) for each in NAMES] + [
    (place, each) for place in ("overwriting", "s3") for each in ("by content", "by time")
]
certain = pytest.mark.parametrize(
    "case", [case for case in CASES if case[1] in CERTAIN], indirect=True, ids="-".join
)


@pytest.fixture(params=CASES, ids="-".join)
def case(request):
    return request.param


@pytest.fixture
def there(case, request, tmp_path):
    if case[0] == "s3":
        return Bucket(request.getfixturevalue("bucket"))
    return Folder(tmp_path / "there", FileSystemStorage if case[0] == "folder" else Overwriting)


@pytest.fixture
def versions(case):
    return NAMES[case[1]]


@pytest.fixture
def shelf(tmp_path, there):
    return Machine(tmp_path / "one", there)


@pytest.fixture
def other(tmp_path, there):
    """A second machine, which has other records."""
    return Machine(tmp_path / "two", there)


def test_a_version_stays_for_its_days_after_the_next_one(shelf, versions):
    one, two, _ = versions
    shelf.deploy(0, one)
    assert shelf.deploy(100, two) == sorted([one, two])
    assert shelf.deploy(113, two) == sorted([one, two])
    assert shelf.deploy(114, two) == [two]


def test_pages_remove_it_when_they_bring_the_next(shelf, versions):
    one, two, three = versions
    shelf.page(0, one)
    shelf.page(100, two)
    assert shelf.page(113, three) == sorted([one, two, three])
    assert shelf.deploy(114, three) == sorted([two, three])
    assert shelf.deploy(127, three) == [three]


def test_what_was_current_a_moment_ago_stays_when_one_goes_back(shelf, versions):
    one, two, _ = versions
    shelf.deploy(0, one)
    shelf.deploy(10, two)
    assert shelf.deploy(20, one) == sorted([one, two])
    assert shelf.deploy(33, one) == sorted([one, two])
    left = shelf.deploy(34, one)
    # By time the later one is never older than the one that is published again.
    assert left == ([one] if len(one.split(".")[1]) == 12 else [one, two])


def test_what_one_went_back_to_was_current_until_the_next(shelf, versions):
    one, two, three = versions
    shelf.deploy(0, one)
    shelf.deploy(10, two)
    shelf.deploy(20, one)
    assert shelf.deploy(50, three) == sorted([one, three])
    assert shelf.deploy(63, three) == sorted([one, three])
    assert shelf.deploy(64, three) == [three]


def test_pages_that_go_back_make_it_current_again(shelf, versions):
    one, two, three = versions
    shelf.page(0, one)
    shelf.page(10, two)
    assert not shelf.publisher.is_certain(one, shelf.file(one))  # though it is the very file
    assert shelf.publisher.is_replaced(one)
    shelf.page(20, one)
    assert shelf.publisher.is_certain(one, shelf.file(one))
    assert not shelf.publisher.is_replaced(one)
    # Nothing came in the place of the other before the first came again.
    assert shelf.page(33, three) == sorted([one, two, three])
    assert shelf.deploy(34, three) == sorted([one, three])
    assert shelf.deploy(47, three) == [three]


@certain
@pytest.mark.parametrize("way", ["page", "deploy"])
def test_machines_that_know_nothing_go_back_and_forth(shelf, versions, way):
    """Each one starts from nothing: what is in the store is all there is to go by."""
    one, two, three = versions

    def go(day, version):
        shelf.forget()
        return getattr(shelf, way)(day, version)

    go(0, one)
    go(10, two)
    assert go(30, one) == sorted([one, two])
    # The first was current until now, though the second had come to the store 20 days after it.
    assert go(60, two) == sorted([one, two])
    shelf.forget()
    assert shelf.deploy(73, two) == sorted([one, two])
    assert go(74, three) == sorted([two, three])
    shelf.forget()
    assert shelf.deploy(87, three) == sorted([two, three])
    shelf.forget()
    assert shelf.deploy(88, three) == [three]


@certain
def test_what_one_machine_goes_back_to_stays_for_all(shelf, other, versions):
    one, two, three = versions
    shelf.deploy(0, one)
    shelf.deploy(10, two)  # here it is written down that the first was replaced
    other.deploy(30, one)
    assert shelf.deploy(40, three) == sorted([one, two, three])
    assert one in shelf.deploy(53, three)
    assert shelf.deploy(54, three) == [three]


@pytest.mark.parametrize("versions", [NAMES[each] for each in CERTAIN[::2]])
@pytest.mark.parametrize("ahead", [-400, 15])
def test_the_clock_of_a_machine_may_be_wrong(bucket, tmp_path, versions, ahead):
    """S3 dates what it has, and says what time it is."""
    one, two, _ = versions
    shelf = Machine(tmp_path / "one", Bucket(bucket), ahead)
    shelf.deploy(0, one)
    assert shelf.deploy(10, two) == sorted([one, two])
    shelf.forget()
    assert shelf.deploy(23, two) == sorted([one, two])
    other = Machine(tmp_path / "two", shelf.there, -ahead)
    assert other.deploy(23.5, two) == sorted([one, two])
    assert other.deploy(24, two) == [two]


@certain
def test_what_was_current_here_until_now_stays_though_others_have_gone_on(shelf, other, versions):
    """What is written down here is later than what the store tells."""
    one, two, _ = versions
    shelf.deploy(0, one)
    other.deploy(10, two)
    assert shelf.deploy(20, two) == sorted([one, two])
    assert shelf.deploy(33, two) == sorted([one, two])
    assert shelf.deploy(34, two) == [two]


@certain
def test_what_goes_back_while_another_sweeps_stays(shelf, other, versions, monkeypatch):
    """A machine has asked what is there and is about to remove; another one goes back to just that."""
    one, two, _ = versions
    shelf.deploy(0, one)
    shelf.deploy(10, two)
    asked = shelf.store.list

    def list_and_wait(prefix):
        found = list(asked(prefix))
        if len(found) > 1:
            other.bring(one)
        return found

    monkeypatch.setattr(shelf.store, "list", list_and_wait)
    assert shelf.deploy(30, two) == sorted([one, two])


@certain
def test_what_is_gone_by_now_is_sent_again_or_left_on_the_site(shelf, other, versions):
    one, two, _ = versions
    shelf.deploy(0, one)
    shelf.deploy(10, two)
    assert other.deploy(30, two) == [two]
    shelf.there.tick(40)
    what = shelf.bring(one).what
    assert what is (What.OUTDATED if one.split(".")[1].isdecimal() else What.UPLOADED)


@pytest.mark.parametrize(
    "case", [("folder", "by content"), ("s3", "by content")], indirect=True, ids="-".join
)
def test_files_that_are_current_are_not_sent_again(shelf, other):
    shelf.deploy(0, ONE)
    shelf.deploy(10, TWO)
    shelf.there.tick(15)
    before = dict(shelf.there.dates)
    other.bring(TWO)
    other.bring(TWO, is_swept=True)
    other.publisher.sweep({TWO: other.file(TWO)})
    shelf.there.settle()
    assert shelf.there.dates == before


@pytest.mark.parametrize(
    "case", [("folder", "by content"), ("s3", "by content")], indirect=True, ids="-".join
)
def test_what_changes_while_it_is_published_is_not_renewed(shelf, tmp_path):
    shelf.deploy(0, ONE)
    shelf.deploy(10, TWO)
    path = tmp_path / ONE
    path.write_text("another one")
    with pytest.raises(StoreError, match="has changed meanwhile"):
        shelf.publisher.sweep({ONE: path})
    path.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        shelf.publisher.sweep({ONE: path})
    assert shelf.there.keys() == sorted([ONE, TWO])


@pytest.mark.parametrize(
    "case", [("folder", "by content"), ("s3", "by content")], indirect=True, ids="-".join
)
def test_two_files_of_one_run_are_no_versions_of_each_other(shelf):
    for name in (ONE, TWO):
        shelf.bring(name, is_swept=True)
    shelf.there.tick(20)
    assert shelf.publisher.sweep({name: shelf.file(name) for name in (ONE, TWO)}) == []
    assert shelf.there.keys() == sorted([ONE, TWO])
    assert shelf.publisher.sweep({ONE: shelf.file(ONE)}) == []  # the other was current until now
    shelf.there.settle()
    shelf.there.tick(20 + KEEP)
    assert shelf.publisher.sweep({ONE: shelf.file(ONE)}) == [TWO]


def test_a_refusal_when_one_goes_back_keeps_the_url_of_the_site(bucket, tmp_path):
    shelf = Machine(tmp_path / "one", Bucket(bucket))
    shelf.deploy(0, ONE)
    shelf.deploy(10, TWO)
    bucket.breaks(("PUT", "403!"))
    with pytest.raises(StoreError, match="AccessDenied"):
        shelf.page(20, ONE)
    assert shelf.publisher.is_replaced(ONE)  # so it is tried again
    bucket.breaks()
    shelf.page(21, ONE)
    assert not shelf.publisher.is_replaced(ONE)


# Where a storage can date nothing anew


@pytest.mark.parametrize("versions", [NAMES[each] for each in CERTAIN])
def test_a_storage_that_cannot_renew_keeps_what_is_not_written_down(tmp_path, versions):
    one, two, three = versions
    shelf = Machine(tmp_path / "one", Folder(tmp_path / "there", Far))
    for day, version in ((0, one), (10, two), (30, one), (60, two), (90, three)):
        shelf.forget()
        shelf.deploy(day, version)
    assert shelf.there.keys() == sorted(versions)
    # From then on it is known here that they are not in use.
    assert shelf.deploy(103, three) == sorted(versions)
    assert shelf.deploy(104, three) == [three]


@settings(max_examples=60)
@given(data=st.data(), names=st.sampled_from(list(NAMES)))
def test_never_sooner_whoever_publishes_what(tmp_path_factory, data, names):
    """Any machines, with records or without, go forth and back; by a model that knows all that has happened."""
    root = tmp_path_factory.mktemp("model")
    kind = data.draw(st.sampled_from([FileSystemStorage, Overwriting, Far]))
    there = Folder(root / "there", kind)
    # One that dates nothing anew goes by what is written down on one machine, or keeps all.
    who = ["one", "two", "fresh"] if kind is not Far else [data.draw(st.sampled_from(["one", "fresh"]))]
    prefix = data.draw(st.sampled_from(["", "mysite"]))
    machines = [Machine(root / name, there, prefix=prefix) for name in who]
    day = 0
    #: What was used last, and since when; and when each of the others was replaced.
    current, replaced = "", {}
    steps = st.tuples(
        st.integers(0, 20),
        st.sampled_from(machines),
        st.sampled_from(["page", "deploy"]),
        st.sampled_from(NAMES[names]),
    )
    for pause, machine, way, name in data.draw(st.lists(steps, max_size=12)):
        day += pause
        if machine.root.name == "fresh":
            machine.forget()
        # A page on a machine whose own records say that all is as it was asks nobody.
        is_silent = (
            way == "page" and machine.state.get(name) is not None and not machine.publisher.is_replaced(name)
        )
        before = there.keys()
        after = getattr(machine, way)(day, name)
        if not is_silent and name in after:
            if current and current != name:
                replaced[current] = day
            replaced.pop(name, None)
            current = name
        for gone in set(before) - set(after):
            assert gone != current
            assert day - replaced[gone] >= KEEP, gone
        assert not current or current in after
    if current and kind is not Far:
        machines[-1].forget()
        machines[-1].deploy(day, current)
        left = machines[-1].deploy(day + KEEP, current)
        if names in CERTAIN and prefix:
            is_by_time = current.split(".")[1].isdecimal()
            assert all(name == current or (is_by_time and name > current) for name in left)


STRANGERS = [
    "logo.2.png",
    "logo.20261122.png",
    "logo.20261122093000.png",
    "logo.1699999999999.png",
    "logo.202611220930.png",
    "logo.1000000000.gif",
    "logo.png",
    "x-logo.1000000000.png",
]


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
def test_files_of_others_stay(cdn_site, bucket, fingerprint):
    cdn_site.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    for name in STRANGERS:
        bucket.put(name, b"theirs")
    for content, mtime in ((PNG, 1500000001), (PNG + b"2", 1500000002)):
        cdn_site.write("logo.png", content, mtime)
        cdn_site.restart()
        proxy.reset()
        first = django_static.staticfile("/logo.png")
        assert proxy.current().background.wait(60)
        assert django_static.staticfile("/logo.png") == f"{bucket.base}{first}"
        assert sorted(bucket.keys()) == sorted([*STRANGERS, first[1:]])
        proxy.current().publisher.sweep({first[1:]: cdn_site.media / first[1:]})
        assert sorted(bucket.keys()) == sorted([*STRANGERS, first[1:]])


def test_what_was_sent_from_here_is_removed_whatever_it_is_called(cdn_site, bucket):
    cdn_site.settings.DEBUG = True
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    for mtime in (5, 8):
        cdn_site.write("logo.png", str(mtime), mtime)
        django_static.staticfile("/logo.png")
        assert proxy.current().background.wait(60)
    assert bucket.keys() == ["logo.8.png"]

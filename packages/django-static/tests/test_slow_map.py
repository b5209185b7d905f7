"""``SlowMap``: a value appears when its time has gone, or as soon as a probe says so."""

from __future__ import annotations

import copy
import itertools
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_static.cdn import SlowMap


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Runner:
    """Runs probes when a test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def run(self) -> int:
        work, self.waiting = self.waiting, []
        for each in work:
            each()
        return len(work)


class Probed:
    """A map of ten seconds with a probe whose answers a test sets."""

    def __init__(self, **options) -> None:
        self.clock, self.runner = Clock(), Runner()
        self.answer: object = False
        self.asked: list[str] = []
        self.map = SlowMap[str, str](10, self.probe, clock=self.clock, start=self.runner, **options)

    def probe(self, value: str) -> object:
        self.asked.append(value)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get(self, after: float = 0.0, key: str = "key") -> str | None:
        """The value after some seconds, and after the probe that reading it starts."""
        self.clock.now += after
        self.map.get(key)
        self.runner.run()
        return self.map.get(key)


# The example of the post


def test_as_printed():
    clock = Clock()
    m = SlowMap(10, clock=clock)
    m["key"] = "Value"
    assert m["key"] is None
    clock.now += 10
    assert m["key"] == "Value"


def test_get_as_printed():
    clock = Clock()
    slow_map = SlowMap(60, clock=clock)
    slow_map["key"] = "value"
    assert slow_map.get("key") is None
    assert slow_map.get("key", "local") == "local"
    clock.now += 59.9
    assert slow_map.get("key", "local") == "local"
    clock.now += 0.1
    assert slow_map.get("key", "local") == "value"


def test_the_attributes():
    clock = Clock()
    m = SlowMap(60, clock=clock)
    assert (m.timeout, m.guard, m.data) == (60, {}, {})
    m["key"] = "value"
    assert (m.guard, m.data) == ({"key": ("value", 1060.0)}, {})
    clock.now += 60
    assert m.get("key") == "value"
    assert (m.guard, m.data) == ({}, {"key": "value"})


def test_real_time():
    m = SlowMap(0.02)
    start = time.monotonic()
    m["key"] = "value"
    deadline = start + 30
    while m["key"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert time.monotonic() - start >= 0.02


# Rules


@pytest.mark.parametrize("value", [0, "", None, False, [], 0.0])
def test_falsy_values(value):
    clock = Clock()
    m = SlowMap(5, clock=clock)
    m["key"] = value
    assert m.get("key", "default") == "default"
    assert "key" not in m
    clock.now += 5
    assert m.get("key", "default") == value
    assert "key" in m


def test_unknown_keys():
    m = SlowMap(5)
    assert m.get("no") is None
    assert m.get("no", 7) == 7
    assert m["no"] is None
    assert "no" not in m
    assert list(m) == []


def test_set_again_keeps_the_old_value_until_the_time_of_the_new_one_has_gone():
    clock = Clock()
    m = SlowMap(10, clock=clock)
    m["key"] = "old"
    clock.now += 10
    assert m["key"] == "old"
    m["key"] = "new"
    clock.now += 9.9
    assert m["key"] == "old"
    clock.now += 0.1
    assert m["key"] == "new"


def test_set_again_before_its_time_begins_anew():
    clock = Clock()
    m = SlowMap(10, clock=clock)
    m["key"] = "first"
    clock.now += 9
    m["key"] = "second"
    clock.now += 9
    assert m["key"] is None
    clock.now += 1
    assert m["key"] == "second"


def test_a_time_of_its_own():
    clock = Clock()
    m = SlowMap(10, clock=clock)
    m.set("short", 1, 2)
    m.set("now", 2, 0)
    m.release("released", 3)
    assert [m["short"], m["now"], m["released"]] == [None, 2, 3]
    clock.now += 2
    assert sorted(m) == ["now", "released", "short"]
    m.discard("now")
    m.discard("now")
    assert "now" not in m


@pytest.mark.parametrize("seconds", ["10", None, [], {}])
@pytest.mark.parametrize("name", ["timeout_seconds", "first_pause", "longest_pause"])
def test_what_is_no_number(name, seconds):
    with pytest.raises(TypeError, match=f"{name} is .*, which is no number; give seconds"):
        SlowMap(**{"timeout_seconds": 1, name: seconds})
    with pytest.raises(TypeError, match="hold_seconds is '1'"):
        SlowMap(1, hold_seconds="1")


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("-inf")])
def test_times_that_are_none(seconds):
    with pytest.raises(ValueError, match=r"timeout_seconds is .*give seconds, 0 or more"):
        SlowMap(seconds)
    m = SlowMap(1)
    with pytest.raises(ValueError, match="timeout_seconds"):
        m.set("key", 1, seconds)
    assert m.guard == {}


def test_the_clock_does_not_go_back_when_the_wall_clock_does(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)
    m = SlowMap(0)
    m["key"] = 1
    assert m["key"] == 1


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from("ab"), st.integers(0, 3)),
        st.tuples(st.just("release"), st.sampled_from("ab"), st.integers(0, 3)),
        st.tuples(st.just("discard"), st.sampled_from("ab"), st.none()),
        st.tuples(st.just("wait"), st.floats(0, 12), st.none()),
    ),
    max_size=30,
)


@given(_STEPS)
def test_whatever_is_done_in_whatever_order(steps):
    """The model: of all that was set for a key, the last whose time came before the next was set."""
    clock = Clock()
    m = SlowMap(5, clock=clock)
    #: When each value was set, when it is due, and the value.
    history: dict[str, list[tuple[float, float, int]]] = {"a": [], "b": []}
    for what, key, value in steps:
        if what == "wait":
            clock.now += key
        elif what == "discard":
            m.discard(key)
            history[key].clear()
        else:
            getattr(m, "set" if what == "set" else "release")(key, value)
            history[key].append((clock.now, clock.now + (5 if what == "set" else 0), value))
        read = steps.index((what, key, value)) % 2  # now and then nobody looks
        for each in "ab" if read else "":
            assert m.get(each, "nothing") == model(history[each], clock.now)
    for each in "ab":
        assert m.get(each, "nothing") == model(history[each], clock.now)


def model(history, now):
    value = "nothing"
    for number, (_, due, each) in enumerate(history):
        overtaken = history[number + 1][0] if number + 1 < len(history) else float("inf")
        if due <= min(now, overtaken):
            value = each
    return value


# The probe


def test_a_probe_releases_early():
    probed = Probed()
    probed.map["key"] = "url"
    assert probed.get() is None
    probed.answer = True
    assert probed.get(after=1) == "url"
    assert probed.asked == ["url", "url"]
    assert probed.get(after=100) == "url"
    assert probed.asked == ["url", "url"]


def test_a_probe_holds_longer():
    probed = Probed(hold_seconds=100)
    probed.map["key"] = "url"
    assert [probed.get(after=5) for _ in range(6)] == [None] * 6
    probed.answer = True
    assert probed.get(after=60) == "url"


def test_without_a_probe_of_it_no_value_is_released():
    probed = Probed()
    probed.map["key"] = "url"
    probed.clock.now += 1000
    assert probed.map.get("key") is None
    probed.answer = True
    assert probed.runner.run() == 1
    assert probed.map.get("key") == "url"


def test_what_never_answers_is_given_up(caplog):
    probed = Probed(hold_seconds=20)
    probed.map.release("key", "old")
    probed.map["key"] = "url"
    assert [probed.get(after=5) for _ in range(5)] == ["old"] * 5
    assert not caplog.records
    assert probed.get(after=5) == "old"
    assert probed.map.guard == {}
    (record,) = caplog.records
    assert "'url' has not answered, 20 seconds beyond its wait of 10, and is given up" in record.getMessage()
    asked = len(probed.asked)
    probed.answer = True
    assert probed.get(after=100) == "old"
    assert len(probed.asked) == asked
    probed.map["key"] = "url"
    assert probed.get() == "url"


def test_without_a_time_one_no_is_not_the_end(caplog):
    """A URL that may be used at once, and answers at the third time."""
    clock, runner, said = Clock(), Runner(), [False, False, True]
    urls = SlowMap[str, str](0, lambda value: said.pop(0), clock=clock, start=runner)
    urls["key"] = "url"
    for _ in range(3):
        assert urls.get("key") is None
        assert runner.run() == 1
        clock.now += 10
    assert urls.get("key") == "url"
    assert not caplog.records


def test_without_a_time_it_is_given_up_after_ten_minutes(caplog):
    clock, runner = Clock(), Runner()
    urls = SlowMap[str, str](0, lambda value: False, clock=clock, start=runner)
    urls["key"] = "url"
    began = clock.now
    while urls.guard and clock.now < began + 10_000:
        assert urls.get("key") is None
        runner.run()
        clock.now += 30
    assert 600 <= clock.now - began <= 700
    assert len(caplog.records) == 1


@pytest.mark.parametrize("jump", [10.0, 3600.0, 10.0**9])
def test_a_clock_that_jumps_ahead_releases_and_nothing_more(jump):
    """A machine that slept: readers in several threads see the old value or the new one, and never none."""
    clock = Clock()
    urls = SlowMap[str, int](10, clock=clock)
    urls.release("key", 0)
    seen: list[object] = []
    begin = threading.Barrier(5)

    def read() -> None:
        begin.wait(30)
        seen.extend(urls.get("key") for _ in range(2000))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for each in readers:
        each.start()
    urls["key"] = 1
    begin.wait(30)
    clock.now += jump
    for each in readers:
        each.join(30)
    assert set(seen) <= {0, 1}
    assert urls.get("key") == 1
    assert urls.guard == {}


def test_one_failure_long_after_its_time_is_not_the_end(caplog):
    """A page that is rarely rendered: nobody had asked before."""
    probed = Probed()
    probed.map["key"] = "url"
    assert probed.get(after=12 * 3600) is None
    probed.answer = True
    assert probed.get(after=10) == "url"
    assert not caplog.records


@pytest.mark.parametrize("gap", [3600, 12 * 3600, 10**7])
def test_a_time_without_readers_is_no_failure(caplog, gap):
    probed = Probed(hold_seconds=300)
    probed.map["key"] = "url"
    assert probed.get() is None
    for _ in range(4):
        assert probed.get(after=gap) is None
    assert not caplog.records
    probed.answer = True
    assert probed.get(after=gap) == "url"


def test_with_readers_it_is_held_as_long_as_is_said(caplog):
    probed = Probed(hold_seconds=300)
    probed.clock.now = 0
    probed.map["key"] = "url"
    assert probed.get(after=50) is None  # the first probe, 40 seconds after its time
    given_up = None
    while given_up is None and probed.clock.now < 10_000:
        probed.get(after=10)
        if not probed.map.guard:
            given_up = probed.clock.now
    # 300 seconds after that, at the next probe.
    assert 350 <= given_up <= 350 + 60 + 10
    assert len(caplog.records) == 1


def test_a_late_yes_is_a_yes_however_long_it_was_held():
    probed = Probed(hold_seconds=20)
    probed.map["key"] = "url"
    for _ in range(4):
        probed.get(after=7)
    probed.answer = True
    assert probed.get(after=30) == "url"


def test_a_probe_that_cannot_tell_once_takes_no_no_back():
    probed = Probed(hold_seconds=1000)
    probed.map["key"] = "url"
    assert probed.get(after=5) is None
    probed.answer = OSError("no network here")
    assert [probed.get(after=20) for _ in range(5)] == [None] * 5
    probed.answer = True
    assert probed.get(after=60) == "url"


def test_where_a_probe_cannot_tell_time_alone_counts():
    probed = Probed()
    probed.answer = OSError("no network here")
    probed.map["key"] = "url"
    assert probed.get() is None
    assert probed.get(after=9) is None
    assert probed.get(after=1) == "url"


def test_pauses_become_longer_up_to_the_longest():
    probed = Probed(first_pause=1, longest_pause=4, hold_seconds=1000)
    probed.map["key"] = "url"
    times = []
    for _ in range(60):
        before = len(probed.asked)
        probed.get(after=0.5)
        if len(probed.asked) > before:
            times.append(probed.clock.now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps[:5] == [1, 2, 4, 4, 4]


def test_never_two_at_once_for_one_key():
    probed = Probed(hold_seconds=1000)
    probed.map["key"] = "url"
    probed.map["other"] = "other url"
    for _ in range(50):
        probed.clock.now += 100
        probed.map.get("key")
        probed.map.get("other")
    assert len(probed.runner.waiting) == 2
    probed.map["key"] = "new url"
    probed.map.get("key")
    assert len(probed.runner.waiting) == 2
    probed.runner.run()
    probed.map.get("key")
    probed.runner.run()
    assert probed.asked == ["url", "other url", "new url"]


def test_the_answer_for_a_value_is_not_one_for_the_next():
    probed = Probed()
    probed.map["key"] = "first"
    probed.map.get("key")
    probed.map["key"] = "second"
    probed.answer = True
    assert probed.runner.run() == 1
    assert probed.map.get("key") is None
    assert probed.asked == ["first"]
    assert probed.get() == "second"


def test_forgotten_while_it_is_asked():
    probed = Probed()
    probed.answer = True
    probed.map["key"] = "url"
    probed.map.get("key")
    probed.map.discard("key")
    assert probed.runner.run() == 1
    assert probed.map.get("key") is None


def test_a_thread_that_cannot_be_started(caplog):
    probed = Probed()

    def start(work):
        raise RuntimeError("can't start new thread")

    probed.map._start = start
    probed.map["key"] = probed.map["other"] = "url"
    assert probed.map.get("key", "old") == "old"
    assert probed.map.get("other") is None
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "RuntimeError: can't start new thread" in warning
    # It is tried again, as after any probe that could not tell.
    probed.map._start = probed.runner
    probed.answer = True
    assert probed.get(after=1) == "url"
    # Time counts where it stays so.
    probed.map._start = start
    assert probed.map.get("other") is None
    probed.clock.now += 9
    assert probed.map.get("other") == "url"
    assert len(caplog.records) == 1


def test_who_ends_the_process_is_not_held_back():
    probed = Probed()

    def start(work):
        raise KeyboardInterrupt

    probed.map._start = start
    probed.map["key"] = "url"
    with pytest.raises(KeyboardInterrupt):
        probed.map.get("key")
    probed.map._start = probed.runner
    probed.answer = True
    assert probed.get(after=1) == "url"


def test_the_probe_runs_in_a_thread_of_its_own():
    asked_in, may_answer, done = [], threading.Event(), threading.Event()

    def probe(value):
        asked_in.append(threading.current_thread())
        may_answer.wait(30)
        done.set()
        return True

    m = SlowMap(3600, probe)
    m["key"] = "url"
    assert m["key"] is None  # it does not wait
    may_answer.set()
    assert done.wait(30)
    deadline = time.monotonic() + 30
    while m["key"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert m["key"] == "url"
    assert asked_in[0] is not threading.current_thread()
    assert asked_in[0].daemon


@given(st.data())
@settings(max_examples=60)
def test_a_probed_value_appears_after_a_yes_only(data):
    """Whatever is set, asked and answered in whatever order: what can be read has been answered for."""
    probed = Probed(hold_seconds=50)
    answered: set[str] = set()
    counter = 0
    for _ in range(data.draw(st.integers(1, 25))):
        step = data.draw(st.sampled_from(["set", "get", "yes", "no", "wait"]))
        if step == "set":
            counter += 1
            probed.map["key"] = f"url{counter}"
        elif step == "get":
            probed.map.get("key")
            assert len(probed.runner.waiting) <= 1
        elif step == "wait":
            probed.clock.now += data.draw(st.sampled_from([0.5, 3, 30, 70]))
        else:
            before = copy.copy(probed.asked)
            probed.answer = step == "yes"
            probed.runner.run()
            if step == "yes":
                answered.update(probed.asked[len(before) :])
        value = probed.map.get("key")
        assert value is None or value in answered


def test_many_threads():
    m = SlowMap[int, int](0)
    wrong = []

    def work(number: int) -> None:
        for turn in range(500):
            m[turn % 7] = turn * 8 + number
            found = m.get(turn % 7, -1)
            if found != -1 and (found // 8) % 7 != turn % 7:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert sorted(m) == list(range(7))
    assert m.guard == {}


def test_a_value_that_was_there_never_goes_away_while_it_is_set_again():
    clock = Clock()
    m = SlowMap[str, int](1, clock=clock)
    m.release("key", 0)
    stop = threading.Event()
    missed = []

    def read() -> None:
        while not stop.is_set():
            if m.get("key") is None:
                missed.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(2000):
        m["key"] = turn
        clock.now += 1
    stop.set()
    reader.join(30)
    assert missed == []

"""Which request runs, for those who hear of it."""

import contextvars
import gc
import weakref

import pytest
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse

from django_exception_extra import ExceptionExtraMiddleware, running


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """As by structlog or Sentry; what is heard of how often the request that runs has changed."""
    signals = (request_started, request_finished)
    before = [signal.receivers[:] for signal in signals]
    monkeypatch.setattr(running, "hearing", [])
    changes = []
    running.hear(lambda: changes.append(None))
    yield changes
    for signal, receivers in zip(signals, before, strict=True):
        signal.receivers = receivers


def marked():
    request = HttpRequest()
    running.leave(running.enter(request))
    return request


def test_latest_requests_of_a_thread_are_here():
    """Where a server ends none it goes from one to the next: of those before some are kept."""
    for _ in range(10):
        requests = [marked() for _ in range(50)]
        assert [running.is_here(request) for request in requests[-8:]] == [True] * 8


def test_what_has_run_is_let_go():
    def run():
        latest = weakref.ref(marked())
        for _ in range(200):
            marked()
        gc.collect()
        return latest()

    assert contextvars.Context().run(run) is None


def test_in_a_context_made_from_it_runs_what_ran_then():
    """What comes after does not, nor the other way round."""
    before = marked()
    inside = contextvars.copy_context()
    after = [marked() for _ in range(100)]
    within = inside.run(marked)
    assert inside.run(running.is_here, before)
    assert not any(inside.run(running.is_here, request) for request in after)
    assert not running.is_here(within)
    assert running.is_here(after[-1])
    assert not contextvars.Context().run(running.is_here, before)


def test_ended():
    request = marked()
    assert running.is_here(request)
    request_finished.send(sender=None)
    assert not running.is_here(request)


def test_nobody_hears(monkeypatch, rf):
    """Then nothing is known of it, and nothing paid."""
    monkeypatch.setattr(running, "hearing", [])
    request = rf.get("/")
    ExceptionExtraMiddleware(lambda request: HttpResponse())(request)
    assert not running.has_come(request)


@pytest.mark.parametrize("comes_back", [True, False])
def test_request_that_nobody_ends_is_over_when_the_outer_one_speaks(comes_back, rf):
    """Which is when it fails, or has passed."""
    request = rf.get("/")
    told = []

    def view(request):
        ExceptionExtraMiddleware(lambda request: HttpResponse())(rf.get("/"))
        told.append(running.is_innermost(request))
        if comes_back:
            running.come_back(request)
            told.append(running.is_innermost(request))
        return HttpResponse()

    def run():
        ExceptionExtraMiddleware(view)(request)
        return running.is_innermost(request)

    assert contextvars.Context().run(run)
    assert told == [False, True][: 1 + comes_back]


def test_listed_twice_it_is_the_one_that_runs(rf):
    request = rf.get("/")

    def run():
        ExceptionExtraMiddleware(ExceptionExtraMiddleware(lambda request: HttpResponse()))(request)
        return running.is_innermost(request)

    assert contextvars.Context().run(run)

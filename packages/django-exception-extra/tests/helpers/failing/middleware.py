import structlog
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpResponse
from django.utils.decorators import async_only_middleware
from django.utils.functional import SimpleLazyObject

from django_exception_extra import ExceptionExtraMiddleware
from failing.models import Log
from failing.views import gone


class Saboteur:
    """Raises on the way in or out, where the request's header `Sabotage` says so: `in0` for its first place."""

    places = 0

    def __init__(self, get_response):
        self.get_response = get_response
        # Django builds the chain from the inside out.
        self.place = 1 - Saboteur.places % 2
        Saboteur.places += 1

    def __call__(self, request):
        wish = request.headers.get("Sabotage")
        if wish == f"in{self.place}":
            raise RuntimeError("sabotage on the way in")
        if wish == f"gone{self.place}":
            gone(request)
        response = self.get_response(request)
        if wish == f"out{self.place}":
            raise RuntimeError("sabotage on the way out")
        return response


def atomic(get_response):
    """A transaction around everything, which writes a line of its own at the end."""

    def middleware(request):
        with transaction.atomic():
            response = get_response(request)
            if not transaction.get_connection().needs_rollback:
                Log.objects.create(text="middleware")
        return response

    return middleware


@async_only_middleware
def async_saboteur(get_response):
    async def middleware(request):
        await get_response(request)
        raise RuntimeError("sabotage in the event loop")

    return middleware


@async_only_middleware
def async_querying(get_response):
    async def middleware(request):
        await Log.objects.acreate(text="middleware")
        if "Twice" in request.headers:
            await Log.objects.acreate(text="middleware")
        return await get_response(request)

    return middleware


class Reporter:
    """An error reporter of the old kind: sees the exception in `process_exception`."""

    seen = []

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        Reporter.seen.append(request.META.get("ERROR-X-LOGGED-IN"))


def ambassador(get_response):
    """Authentication that is not Django's: a lazy user, by a header."""

    class Token:
        is_authenticated = True
        pk = 5

        def __str__(self):
            return "token-user"

    def middleware(request):
        request.user = SimpleLazyObject(Token)
        return get_response(request)

    return middleware


def wished_atomic(get_response):
    """A transaction around everything, where the header asks for it."""

    def middleware(request):
        if "Outer-Transaction" not in request.headers:
            return get_response(request)
        with transaction.atomic():
            return get_response(request)

    return middleware


def suspicious(get_response):
    def middleware(request):
        get_response(request)
        raise SuspiciousOperation("what is this")

    return middleware


class Stumbling:
    """Raises in the hook that the header `Stumble` names."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, *_arguments):
        self.stumble(request, "view")

    def process_template_response(self, request, response):
        self.stumble(request, "template_response")
        return response

    def process_exception(self, request, exception):
        self.stumble(request, "exception")

    def stumble(self, request, hook):
        if request.headers.get("Stumble") == hook:
            raise LookupError(hook)


def answering(get_response):
    """Makes another answer of what it gets, as a maintenance page does: 503."""

    def middleware(request):
        get_response(request)
        return HttpResponse("come back later", status=503)

    return middleware


@async_only_middleware
def async_answering(get_response):
    async def middleware(request):
        await get_response(request)
        return HttpResponse("come back later", status=503)

    return middleware


def event_logger(get_response):
    log = structlog.get_logger()

    def middleware(request):
        log.info("begin")
        response = get_response(request)
        log.info("end")
        return response

    return middleware


class OwnExceptionExtra(ExceptionExtraMiddleware):
    """A project's own."""


class OwnSession(SessionMiddleware):
    """The same."""


class OwnAuthentication(AuthenticationMiddleware):
    """The same."""

"""Functions for EXCEPTION_EXTRA_IDENTITY."""

import functools
import logging

from asgiref.sync import markcoroutinefunction

from failing.models import Log

not_callable = "a string"


def path_and_user(request, user):
    return f"{user.username} at {request.path}"


def nobody(request, user):
    return None


def raises(request, user):
    raise LookupError("no tenant")


def hostile(request, user):
    return "anita\r\nBcc: everybody@example.org\n\x1b[2J\ud800"


def asks_database(request, user):
    return f"{user.username} of {Log.objects.count()}"


asked = []


def logs_an_error(request, user):
    asked.append(str(user))
    logging.getLogger("failing").error("cannot say", extra={"request": request})
    return str(user)


async def asynchronous(request, user):
    return str(user)


class Asynchronous:
    async def __call__(self, request, user):
        return str(user)


async_object = Asynchronous()


marked_asynchronous = markcoroutinefunction(lambda request, user: asynchronous(request, user))


def returns_a_coroutine(request, user):
    return asynchronous(request, user)


async def async_generator(request, user):
    yield str(user)


def generator(request, user):
    yield str(user)


class Generating:
    def __call__(self, request, user):
        yield str(user)


generator_object = Generating()


def returns_a_generator(request, user):
    return generator(request, user)


def returns_an_async_generator(request, user):
    return async_generator(request, user)


def _with_more(request, user, more):
    yield f"{user} {more}"


generator_with_more = functools.partial(_with_more, more=1)


def returns_a_number(request, user):
    return 0


def returns_blanks(request, user):
    return " \t"


def of_one(request):
    return "anita"


def of_three(request, user, more):
    return str(user)


def of_any(*arguments, **more):
    return str(arguments[1])

"""Functions for EXCEPTION_EXTRA_IDENTITY."""

import logging

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


def of_one(request):
    return "anita"


def of_three(request, user, more):
    return str(user)


def of_any(*arguments, **more):
    return str(arguments[1])

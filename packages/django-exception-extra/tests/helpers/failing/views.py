import asyncio
import logging
from pathlib import Path

from asgiref.sync import sync_to_async
from django.contrib.auth import alogin, alogout, get_user_model, logout
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template import engines
from django.template.response import TemplateResponse
from django.views.defaults import page_not_found, permission_denied

from failing.models import Log

ANSWERS = {404: Http404, 403: PermissionDenied, 400: BadRequest, 4000: MultiPartParserError}


def fine(request):
    return HttpResponse("fine")


def who(request):
    return HttpResponse(str(request.user))


def answer(request, code):
    raise ANSWERS[code]("an answer")


def returned(request, code):
    return HttpResponse("written by hand", status=code)


def crash(request):
    raise ValueError("crash")


def crash_knowing_the_user(request):
    raise ValueError(f"crash of {request.user}")


def crash_knowing_the_session(request):
    request.session.get("anything")
    raise ValueError("crash")


def crash_after_logout(request):
    logout(request)
    raise ValueError("crash")


def logs_an_error_and_logs_out(request):
    logging.getLogger("failing").error("something is wrong", extra={"request": request})
    logout(request)
    raise ValueError("crash")


def suspicious(request):
    raise SuspiciousOperation("what is this")


def template(request):
    return TemplateResponse(request, engines["django"].from_string("{% include nothing %}"))


def no_template(request):
    return TemplateResponse(request, "nowhere.html")


def no_answer(request):
    """A view that forgot its return."""


async def ano_answer(request):
    """The same."""


def stream(request):
    return StreamingHttpResponse(iter([b"a", b"b"]))


def stream_breaks(request):
    def body():
        yield b"half"
        raise ValueError("broken half-way")

    return StreamingHttpResponse(body())


def stream_breaks_by_sql(request):
    def body():
        yield b"half"
        no_such_table(request)

    return StreamingHttpResponse(body())


async def astream_breaks(request):
    async def body():
        yield b"half"
        await asyncio.sleep(0)
        raise ValueError("broken half-way")

    return StreamingHttpResponse(body())


async def astream(request):
    async def body():
        yield b"a"
        yield b"b"

    return StreamingHttpResponse(body())


def file(request):
    return FileResponse(Path(__file__).open("rb"))


def twice(request):
    """Two rows of one name: a real IntegrityError."""
    Log.objects.create(text="view")
    Log.objects.create(text="view")


def twice_in_sql(request):
    """Django marks a transaction as broken when a model fails in it, but not when SQL does."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO failing_log (text) VALUES ('view')")
        cursor.execute("INSERT INTO failing_log (text) VALUES ('view')")


def twice_in_sql_with_a_deferred_user(request):
    request.user = get_user_model().objects.only("pk").get(username="anita")
    twice_in_sql(request)


def twice_hidden(request):
    try:
        twice_in_sql(request)
    except IntegrityError as error:
        raise ValueError("could not write") from error


def twice_in_a_group(request):
    errors = [KeyError("other")]
    try:
        twice_in_sql(request)
    except IntegrityError as error:
        errors.append(error)
    raise ExceptionGroup("tasks", errors)


def no_such_table(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")


def no_such_table_knowing_the_session(request):
    request.session.get("anything")
    no_such_table(request)


def no_such_table_answered(request):
    try:
        no_such_table(request)
    except OperationalError:
        return HttpResponse("come back later", status=503)


def gone(request):
    """The connection is lost, and another one cannot be made."""
    connection.close()
    connection.settings_dict["NAME"] = "/no such folder/database"
    no_such_table(request)


def gone_knowing_the_session(request):
    request.session.get("anything")
    gone(request)


def delete_me_and_crash(request):
    request.user.delete()
    crash(request)


def delete_me_and_break(request):
    request.user.delete()
    del request.user, request._cached_user
    break_transaction(request)


def break_transaction(request):
    transaction.set_rollback(True)
    raise ValueError("crash")


def break_transaction_knowing_the_session(request):
    request.session.get("anything")
    break_transaction(request)


def break_transaction_knowing_the_user(request):
    str(request.user)
    break_transaction(request)


def break_transaction_with_a_deferred_user(request):
    request.user = get_user_model().objects.only("pk").get(username="anita")
    break_transaction(request)


def crash_500_page(request):
    """A `handler500` whose page depends on the user."""
    return HttpResponse(f"sorry, {request.user}", status=500)


async def acrash(request):
    await asyncio.sleep(0)
    raise ValueError("crash")


async def acrash_knowing_the_user(request):
    raise ValueError(f"crash of {await request.auser()}")


async def acrash_after_logout(request):
    await request.auser()
    await alogout(request)
    raise ValueError("crash")


async def acrash_after_the_session_ended(request):
    await request.auser()
    await request.session.aflush()
    raise ValueError("crash")


async def acrash_after_login(request):
    await alogin(request, await get_user_model().objects.aget(username="anita"))
    raise ValueError("crash")


async def areturned(request):
    return HttpResponse("written by hand", status=500)


async def alogs_an_error(request):
    """Says so in the log and answers well; the user is known already where `Known` says how."""
    if request.headers.get("Known") == "auser":
        await request.auser()
    elif request.headers.get("Known") == "user":
        await sync_to_async(str)(request.user)
    logging.getLogger("failing").error("something is wrong", extra={"request": request})
    return HttpResponse("fine")


async def afine(request):
    return HttpResponse("fine")


async def atwice(request):
    await Log.objects.acreate(text="view")
    await Log.objects.acreate(text="view")


def crash_404_page(request, exception):
    """A `handler404` that fails where it is told to."""
    if request.headers.get("Sabotage") == "page":
        raise KeyError("no such page for pages that are no such pages")
    return page_not_found(request, exception)


def crash_403_page(request, exception):
    if request.headers.get("Sabotage") == "page":
        raise KeyError("no such page for pages you may not see")
    return permission_denied(request, exception)

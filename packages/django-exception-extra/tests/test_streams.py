"""The body of a streaming answer fails after Django has given it away."""

import logging

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient
from failing import views

from django_exception_extra import META_KEY, ExceptionExtraMiddleware

pytestmark = pytest.mark.django_db(transaction=True)


def read(response):
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("path", ["/stream_breaks/", "/stream_breaks_by_sql/"])
@pytest.mark.parametrize("report", [False, True])
def test_failed(path, report, client, settings, mailoutbox):
    settings.EXCEPTION_EXTRA_REPORT_STREAMS = report
    response = client.get(path)
    meta = response.wsgi_request.META
    parts = iter(response.streaming_content)
    assert next(parts) == b"half"
    assert META_KEY not in meta
    with pytest.raises(Exception, match=r"broken half-way|no such table"):
        next(parts)
    # The server's own reporters see the same dictionary: it is the WSGI environment.
    assert meta is response.wsgi_request.environ
    assert meta[META_KEY] == "anita (Anita Test)"
    assert len(mailoutbox) == report
    if report:
        assert "ERROR-X-LOGGED-IN = 'anita (Anita Test)'" in mailoutbox[0].body


@pytest.mark.asyncio
@pytest.mark.parametrize("report", [False, True])
async def test_failed_async(report, client, settings, mailoutbox):
    settings.EXCEPTION_EXTRA_REPORT_STREAMS = report
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "Saboteur" not in m]
    aclient = AsyncClient(raise_request_exception=False)
    aclient.cookies = client.cookies
    response = await aclient.get("/astream_breaks/")
    parts = aiter(response.streaming_content)
    assert await anext(parts) == b"half"
    with pytest.raises(ValueError, match="broken half-way"):
        await anext(parts)
    assert response.asgi_request.META[META_KEY] == "anita (Anita Test)"
    assert len(mailoutbox) == report


def test_the_view_ends_a_stream_early(client, mailoutbox):
    """A visitor who goes away is no error."""
    response = client.get("/stream_breaks/")
    parts = iter(response.streaming_content)
    assert next(parts) == b"half"
    response.close()
    assert META_KEY not in response.wsgi_request.META
    assert mailoutbox == []


def stream_closing(closed):
    class Body:
        def __iter__(self):
            return iter([b"a", "b"])

        def close(self):
            closed.append(True)

    return StreamingHttpResponse(Body())


def test_body_is_the_same_and_is_closed(rf):
    closed = []
    response = ExceptionExtraMiddleware(lambda request: stream_closing(closed))(rf.get("/"))
    assert read(response) == b"ab"
    assert not response.is_async
    response.close()
    assert closed == [True]


def test_file_keeps_its_fast_way(rf):
    """`wsgi.file_wrapper` gets the file itself, not an iterator around it."""
    response = ExceptionExtraMiddleware(views.file)(rf.get("/"))
    assert response.file_to_stream is not None
    assert b"def file(" in read(response)
    response.close()


def test_answer_that_is_no_stream_is_the_very_same(rf):
    answer = HttpResponse("fine")
    assert ExceptionExtraMiddleware(lambda request: answer)(rf.get("/")) is answer


def test_under_debug_only_if_told(client, settings, caplog):
    settings.DEBUG = True
    settings.EXCEPTION_EXTRA_REPORT_STREAMS = True
    response = client.get("/stream_breaks/")
    with pytest.raises(ValueError, match="broken half-way"):
        read(response)
    assert META_KEY not in response.wsgi_request.META
    assert [r.levelno for r in caplog.records if r.name == "django.request"] == [logging.ERROR]

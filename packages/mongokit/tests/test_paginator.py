"""Pages of what a query finds."""

from __future__ import annotations

import warnings

import pytest
from pymongo.monitoring import CommandListener

from mongokit import Connection, Document
from mongokit.paginator import AsyncPaginator, Paginator


class Number(Document):
    structure = {"n": int}


@pytest.fixture
def numbers(connection, collection):
    connection.register(Number)
    collection.insert_many([{"n": n} for n in range(1, 24)])
    return collection.Number


# n, page, limit: what is on it, its start and end, the page before, the next, how many there are
PAGES = {
    "the first": (23, 1, 10, range(1, 11), 1, 10, None, 2, 3),
    "in the middle": (23, 2, 10, range(11, 21), 11, 20, 1, 3, 3),
    "the last": (23, 3, 10, range(21, 24), 21, 23, 2, None, 3),
    "beyond the last": (
        23,
        9,
        10,
        range(21, 24),
        21,
        23,
        2,
        None,
        3,
    ),
    "below the first": (23, -4, 10, range(1, 11), 1, 10, None, 2, 3),
    "text": (23, "2", "5", range(6, 11), 6, 10, 1, 3, 5),
    "all on one": (23, 1, 50, range(1, 24), 1, 23, None, None, 1),
    "filled to the last": (
        20,
        2,
        10,
        range(11, 21),
        11,
        20,
        1,
        None,
        2,
    ),
    "one each": (3, 2, 1, [2], 2, 2, 1, 3, 3),
    "nothing": (0, 1, 10, [], 0, 0, None, None, 1),
}


@pytest.mark.parametrize(
    ("n", "page", "limit", "items", "start", "end", "before", "after", "pages"), PAGES.values(), ids=PAGES
)
def test_pages(numbers, n, page, limit, items, start, end, before, after, pages):
    paginator = Paginator(numbers.find({"n": {"$lte": n}}).sort("n"), page, limit)
    assert [item["n"] for item in paginator.items] == list(items)
    assert all(type(item) is Number for item in paginator.items)
    assert (paginator.start_index, paginator.end_index) == (start, end)
    assert (paginator.previous_page, paginator.next_page) == (before, after)
    assert paginator.has_previous is (before is not None)
    assert paginator.has_next is (after is not None)
    assert (paginator.count, paginator.num_pages) == (n, pages)
    assert paginator.page_range == list(range(1, pages + 1))
    assert paginator.is_paginated is (pages > 1)
    assert 1 <= paginator.current_page <= pages


def test_the_cursor_is_left_as_it_is(numbers):
    cursor = numbers.find().sort("n").skip(3).limit(5)
    assert [item["n"] for item in Paginator(cursor, 1, 3).items] == [1, 2, 3]
    assert [item["n"] for item in cursor] == [4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("page", "limit", "message"),
    [
        ("x", 10, "page='x': accepted is a number, counted from 1"),
        (None, 10, "page=None"),
        (1, "many", "limit='many'"),
        (1, 0, "limit=0: a page has at least one document"),
    ],
)
def test_what_is_no_page(numbers, page, limit, message):
    with pytest.raises(ValueError, match=message):
        Paginator(numbers.find(), page, limit)


@pytest.mark.parametrize(
    ("n", "page", "limit", "items", "start", "end", "before", "after", "pages"), PAGES.values(), ids=PAGES
)
async def test_pages_awaited(
    numbers, adatabase, aconnection, n, page, limit, items, start, end, before, after, pages
):
    aconnection.register(Number)
    cursor = adatabase.things.Number.find({"n": {"$lte": n}}).sort("n").skip(3).limit(5)
    paginator = AsyncPaginator(cursor, page, limit)
    for name in ("count", "items", "num_pages", "has_next", "current_page"):
        with pytest.raises(RuntimeError, match="this page is not read yet: page = await AsyncPaginator"):
            getattr(paginator, name)
    assert await paginator is paginator
    assert [item["n"] for item in paginator.items] == list(items)
    assert all(type(item) is Number for item in paginator.items)
    assert (paginator.start_index, paginator.end_index) == (start, end)
    assert (paginator.previous_page, paginator.next_page) == (before, after)
    assert (paginator.count, paginator.num_pages) == (n, pages)
    assert paginator.page_range == list(range(1, pages + 1))
    assert not hasattr(paginator, "nothing")
    # Of the cursor itself nothing was read.
    assert [item["n"] async for item in cursor] == list(range(4, min(n, 8) + 1))


async def test_each_kind_of_cursor_has_its_paginator(numbers, adatabase, aconnection):
    aconnection.register(Number)
    with pytest.raises(TypeError, match="page = await AsyncPaginator"):
        Paginator(adatabase.things.Number.find())
    with pytest.raises(TypeError, match=r"answers at once: Paginator\(cursor\) takes it"):
        AsyncPaginator(numbers.find())
    with pytest.raises(ValueError, match="limit=0"):
        AsyncPaginator(adatabase.things.Number.find(), 1, 0)


def test_two_queries_and_no_warning(mongodb_uri, database):
    class Sent(CommandListener):
        def __init__(self):
            self.commands = []

        def started(self, event):
            self.commands.append(event.command_name)

        def succeeded(self, event):
            pass

        failed = succeeded

    sent = Sent()
    with Connection(mongodb_uri, event_listeners=[sent]) as connection, warnings.catch_warnings():
        warnings.simplefilter("error")
        connection.register(Number)
        paginator = Paginator(connection[database.name].things.Number.find().sort("n"))
        assert sent.commands == []
        for _ in range(2):
            assert (paginator.items, paginator.num_pages, paginator.has_next) == ([], 1, False)
        # The rest is the login.
        assert sorted(name for name in sent.commands if not name.startswith("sasl")) == ["aggregate", "find"]

"""Django's own paginator over the cursors of documents."""

import pytest
from django.core.paginator import EmptyPage, Paginator
from django.views.generic import ListView


@pytest.fixture
def talks(mongodb):
    for number in range(5):
        mongodb.talks.insert_one({"_id": number, "topic": f"Talk {number}", "tags": []})
    return mongodb.talks


def test_pages(talks):
    pages = Paginator(talks.Talk.find().sort("_id"), 2)
    assert (pages.count, pages.num_pages, list(pages.page_range)) == (5, 3, [1, 2, 3])
    assert [[talk["_id"] for talk in page] for page in pages] == [[0, 1], [2, 3], [4]]
    last = pages.page(3)
    assert (last.has_next(), last.has_previous(), last.start_index(), last.end_index()) == (False, True, 5, 5)
    assert type(last[0]).__name__ == "Talk"
    assert [talk["_id"] for talk in pages.get_page("x")] == [0, 1]
    with pytest.raises(EmptyPage):
        pages.page(4)


def test_orphans_and_an_empty_list(talks):
    assert [talk["_id"] for talk in Paginator(talks.Talk.find().sort("_id"), 2, orphans=1).page(2)] == [
        2,
        3,
        4,
    ]
    empty = Paginator(talks.Talk.find({"topic": "none"}), 2)
    assert (empty.count, empty.num_pages, list(empty.page(1))) == (0, 1, [])


def test_a_list_view(talks, rf):
    class Talks(ListView):
        paginate_by = 2
        template_name = "none.html"

        def get_queryset(self):
            return talks.Talk.find().sort("_id")

    context = Talks.as_view()(rf.get("/", {"page": "2"})).context_data
    assert [talk["_id"] for talk in context["object_list"]] == [2, 3]
    assert (context["is_paginated"], context["page_obj"].number) == (True, 2)

"""Threads and forks: one connection, no dead lock, no socket shared between parent and child."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connections

from django_mongokit import get_database
from django_mongokit.mongodb import pool


def in_child(function):
    """Run the function in a forked child and return what it returned as text."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write_end, str(function()).encode())
        except BaseException as error:
            os.write(write_end, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with open(read_end) as file:
        text = file.read()
    os.waitpid(pid, 0)
    return text


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_writes_and_the_parent_goes_on(mongodb):
    mongodb.talks.insert_one({"_id": "parent"})

    def child():
        get_database().talks.Talk({"_id": "child", "topic": "x"}).save(validate=False)
        return get_database().talks.count_documents({})

    assert in_child(child) == "2"
    assert mongodb.talks.count_documents({}) == 2
    mongodb.talks.insert_one({"_id": "parent again"})
    assert in_child(lambda: get_database().talks.count_documents({})) == "3"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_while_threads_work(mongodb):
    stop = threading.Event()

    def work():
        while not stop.is_set():
            mongodb.talks.insert_one({})

    mongodb.talks.insert_one({})  # there is something to find, however late the threads begin
    with ThreadPoolExecutor(4) as workers:
        jobs = [workers.submit(work) for _ in range(4)]
        try:
            found = [in_child(lambda: get_database().talks.find_one() is not None) for _ in range(10)]
        finally:
            stop.set()
        for job in jobs:
            job.result(60)
    assert found == ["True"] * 10


def test_threads_share_the_connection_and_the_name(mongodb):
    shared = pool.shared_connection()

    def work(number):
        mine = connections["mongodb"]
        get_database().talks.insert_one({"_id": number})
        close_old_connections()
        return mine.connection is shared, get_database().name

    with ThreadPoolExecutor(8) as workers:
        results = list(workers.map(work, range(80)))
    assert set(results) == {(True, mongodb.name)}
    assert mongodb.talks.count_documents({}) == 80


def test_the_first_use_by_many_threads_at_once_makes_one(monkeypatch):
    monkeypatch.setattr(pool, "_shared", {})
    barrier = threading.Barrier(8)

    def first(_):
        barrier.wait(60)
        return pool.shared_connection()

    with ThreadPoolExecutor(8) as workers:
        found = set(map(id, workers.map(first, range(8))))
    assert len(found) == 1

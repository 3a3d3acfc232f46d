"""A deadline that holds whatever the work does."""

import threading

import pytest

from accounts.directory import deadline


def nothing() -> None:
    pass


def test_the_result_and_the_exception_of_the_work_come_through() -> None:
    pool = deadline.Pool(threads=1, name="test")
    assert pool.run(lambda: 7, seconds=5, cut=nothing) == 7
    with pytest.raises(ZeroDivisionError):
        pool.run(lambda: 1 / 0, seconds=5, cut=nothing)


def test_late_work_is_cut_and_its_thread_is_free_again() -> None:
    pool, ended = deadline.Pool(threads=1, name="test"), threading.Event()
    with pytest.raises(deadline.Late):
        pool.run(ended.wait, seconds=0.01, cut=ended.set)
    assert pool.run(lambda: 7, seconds=5, cut=nothing) == 7


def test_work_that_finds_no_thread_in_time_is_refused_without_being_begun() -> None:
    pool, ended, begun = deadline.Pool(threads=1, name="test"), threading.Event(), threading.Event()
    with pytest.raises(deadline.Late):
        pool.run(ended.wait, seconds=0.01, cut=nothing)
    with pytest.raises(deadline.Busy):
        pool.run(begun.set, seconds=0.01, cut=nothing)
    ended.set()
    assert pool.run(lambda: 7, seconds=5, cut=nothing) == 7
    assert not begun.is_set()


def test_a_time_out_of_the_work_itself_is_not_taken_for_ours() -> None:
    def work() -> None:
        raise TimeoutError("of the socket")

    with pytest.raises(TimeoutError, match="of the socket"):
        deadline.Pool(threads=1, name="test").run(work, seconds=5, cut=nothing)

"""Races: the same thing done by several threads that are let loose together."""

import threading

from django.db import connection


def in_parallel(count: int, act: object) -> list[object]:
    """What `act(number)` returned or raised, for each of `count` threads let loose together."""
    barrier = threading.Barrier(count)
    results: list[object] = [None] * count

    def run(number: int) -> None:
        try:
            barrier.wait(30)
            results[number] = act(number)  # type: ignore[operator]
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results

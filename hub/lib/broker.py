"""The broker's address in the dialect of each library."""

from urllib.parse import parse_qs, urlsplit


def celery_url(redis_url: str) -> str:
    """The REDIS_URL that redis-py takes, as Celery and kombu want it.

    They differ over unix sockets only: `unix:///path?db=2` for redis-py is
    `redis+socket:///path?virtual_host=2` for kombu. Other addresses are returned unchanged.
    """
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"

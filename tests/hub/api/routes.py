"""Every door of the API, read from the URL conf, so that a new one cannot be forgotten."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One method at one address; parameters stand in braces, as in OpenAPI."""

    method: str
    path: str
    view: Any

    @property
    def key(self) -> str:
        """How tables of routes name it."""
        return f"{self.method} {self.path}"


def addresses(patterns: list[Any] | None = None, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """Every address of the project with its callback."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + PARAMETER.sub(r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path)
        else:
            assert isinstance(pattern, URLPattern)
            yield path, pattern.callback


def routes() -> list[Route]:
    """Every method at every address below /api/."""
    return [
        Route(method.upper(), path, view)
        for path, callback in addresses()
        if path.startswith("/api/")
        for view in [getattr(callback, "cls", None) or getattr(callback, "view_class", callback)]
        for method in METHODS
        if hasattr(view, method) or not isinstance(view, type)
    ]

"""A request as the server hands it over, before Django can refuse anything of it in good order."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest

CONTENT_TYPE_AT_MOST = 1000  # characters


class Request(WSGIRequest):
    """Its query is UTF-8, whatever its body claims to be: the parser of bodies judges that.

    Django would decode the query by the body's charset, and fails before any middleware at one that
    is no text (`zip`) and at a Content-Type that is too long.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        if len(environ.get("CONTENT_TYPE", "")) > CONTENT_TYPE_AT_MOST:
            environ["CONTENT_TYPE"] = ""
        super().__init__(environ)

    @property
    def encoding(self) -> str | None:
        """None: the setting's."""
        return None

    @encoding.setter
    def encoding(self, value: str) -> None:
        pass

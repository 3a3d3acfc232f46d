"""Structured JSON logs: a line an event, with the request id, without secrets or personal data."""

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from hub.lib import clock

# Keys whose values never leave in a log line, whoever passes them by mistake.
FORBIDDEN_KEYS = frozenset(
    {
        "password", "token", "access_token", "refresh_token", "push_token", "push_address",
        "authorization", "secret", "username", "mail", "title", "body", "summary", "comment",
        "address", "client_address", "display_name",
    }
)  # fmt: skip

# To the end of the message: a blank line stands before the next exception of a chain.
DETAIL = re.compile(r"^DETAIL:.*?(?=^$|\Z)", re.MULTILINE | re.DOTALL)


def drop_forbidden(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the value of every forbidden key, so that a careless call leaks nothing."""
    for key in FORBIDDEN_KEYS & event.keys():
        event[key] = "[not logged]"
    return event


class WithoutPath(logging.Filter):
    """What Django says of requests, without the path: somebody may have typed a name into it.

    Refusals (4xx) are dropped: the hub's own line of the request tells them, by route.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep failures, shortened to their kind."""
        if isinstance(record.args, tuple) and len(record.args) > 1:
            record.msg, record.args = "%s", record.args[:1]
        return record.levelno >= logging.ERROR


def drop_details(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Cut the values of rows, which PostgreSQL quotes in an error's DETAIL, out of a traceback."""
    if "exception" in event:
        event["exception"] = DETAIL.sub("DETAIL:  [not logged]\n", event["exception"])
    return event


def configure(*, level: str = "INFO") -> None:
    """Send every log line of the process, the libraries' included, as JSON to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_forbidden,
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        drop_details,
                        structlog.processors.JSONRenderer(),
                    ],
                }
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "stream": sys.stderr,
                    "formatter": "json",
                }
            },
            "filters": {"without_path": {"()": WithoutPath}},
            "loggers": {
                "django.request": {"filters": ["without_path"]},
                "django.security.csrf": {"filters": ["without_path"]},
                # A stranger could fill the log with tracebacks of names made up.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
            },
            "root": {"handlers": ["stderr"], "level": level},
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def write(name: str, event: str, **data: Any) -> None:
    """`get(name).info(event, **data)` for what is said of every request, at less than its cost.

    Nobody is asked who calls, and `data` holds no FORBIDDEN_KEYS.
    """
    logger = logging.getLogger(name)
    if not logger.isEnabledFor(logging.INFO):
        return
    said: MutableMapping[str, Any] = {"event": event, **data}
    said = structlog.contextvars.merge_contextvars(logger, "info", said)
    said["logger"], said["level"] = name, "info"
    said["timestamp"] = clock.text(clock.now())
    record = logging.LogRecord(name, logging.INFO, "", 0, said, None, None)
    # So the formatter knows that the line needs nothing more of what `get` would do.
    record._logger, record._name = logger, "info"
    logger.handle(record)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A module's logger: `log = logging.get(__name__)`; events are short verbs, data are keys."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger

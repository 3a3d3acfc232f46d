"""Tables on the admin's pages: heads and cells, built in Python, drawn by one template."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

NOTHING = "-"
ROWS_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a heading; `more` is a link to the page that has them all."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    empty: str = "None."
    more: SafeString | str = ""


def moment(at: datetime | None) -> str:
    """A time to the second, in UTC; a dash for never."""
    return NOTHING if at is None else f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"


def link(row: Any, text: object = None) -> SafeString:
    """A link to the admin's page of a row."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return anchor(reverse(name, args=[row.pk]), text=str(row) if text is None else str(text))


def anchor(url: str, *, text: str) -> SafeString:
    """A link; both parts are escaped."""
    return format_html('<a href="{}">{}</a>', url, text)


def verbatim(text: str) -> SafeString:
    """A text with its line ends, as it was written."""
    return format_html('<pre class="hub-text">{}</pre>', text)


def json_text(value: object) -> SafeString:
    """JSON to be read by a person."""
    return verbatim(json.dumps(value, indent=2, ensure_ascii=False))

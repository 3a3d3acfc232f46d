"""Typed values from the environment; a value that makes no sense is refused at start-up.

Every reader also looks at NAME_FILE (a path whose content is the value), so that secrets
can be mounted as files.
"""

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_NAMED = re.compile(r"([a-z0-9][a-z0-9.:-]{0,63})\s*=\s*(.+)")


class BadSetting(Exception):
    """A setting in the environment is absent or absurd. The message names it and the remedy."""


def text(name: str, default: str | None = None) -> str:
    """The value of NAME, or the content of the file NAME_FILE, or the default.

    Raises BadSetting if none of the three exists, or if both NAME and NAME_FILE are given.
    """
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise BadSetting(f"{name} and {name}_FILE are both set: keep one.")
    if path is not None:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE={path} cannot be read: {error.strerror}.") from error
    if value is not None:
        return value
    if default is None:
        raise BadSetting(f"{name} is not set, and it has no default: set it or {name}_FILE.")
    return default


def boolean(name: str, *, default: bool) -> bool:
    """Whether NAME says true/yes/on/1 (or false/no/off/0); anything else is refused."""
    value = text(name, "true" if default else "false").lower()
    if value in {"true", "yes", "on", "1"}:
        return True
    if value in {"false", "no", "off", "0", ""}:
        return False
    raise BadSetting(f"{name}={value!r} is neither true nor false.")


def number(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number within [least, most]; its unit is in the setting's name."""
    value = text(name, str(default))
    try:
        result = int(value)
    except ValueError as error:
        raise BadSetting(f"{name}={value!r} is not a whole number.") from error
    if not least <= result <= most:
        raise BadSetting(f"{name}={result} is outside {least}…{most}.")
    return result


def seconds(name: str, default: int, *, least: int, most: int) -> timedelta:
    """A duration given as whole seconds within [least, most]."""
    return timedelta(seconds=number(name, default, least=least, most=most))


def listed(name: str, default: str = "") -> list[str]:
    """Comma-separated values, blanks dropped."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def address(name: str) -> str:
    """`host:port` to listen at; empty if unset."""
    value = text(name, "")
    host, _, port = value.rpartition(":")
    if value and not (host and port.isdigit() and 0 < int(port) < 65_536):
        raise BadSetting(f"{name}={value!r} is no host:port, such as 0.0.0.0:9100.")
    return value


def time_zones(name: str) -> dict[str, str]:
    """A JSON object of IANA time zones by name, such as {"DE": "Europe/Berlin"}; empty if unset."""
    value = text(name, "") or "{}"
    try:
        zones = json.loads(value)
        if not isinstance(zones, dict):
            raise BadSetting(f"{name} is not a JSON object.")
        for zone in zones.values():
            ZoneInfo(zone)
    except (ValueError, TypeError, LookupError, OSError) as error:
        raise BadSetting(f"{name} is not a JSON object of IANA time zones: {error}.") from error
    return zones


_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,3}")


def versions(name: str) -> dict[str, str]:
    """A JSON object of versions by platform, such as {"android": "2.4"}; empty if unset."""
    try:
        found = json.loads(text(name, "") or "{}")
    except ValueError as error:
        raise BadSetting(f"{name} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise BadSetting(f"{name} is not a JSON object.")
    for platform, version in found.items():
        if platform not in {"android", "ios", "web"}:
            raise BadSetting(f"{name}: {platform!r} is not one of android, ios, web.")
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise BadSetting(f"{name}: {version!r} is not a version such as 2.4.1.")
    return found


def files_by_name(name: str) -> dict[str, str]:
    """Paths by the names they are listed under: `emea=/run/a.json, us=/run/b.json`.

    A path alone is listed under no name: {"": path}. Empty if unset.
    """
    parts = listed(name)
    if len(parts) == 1 and not _NAMED.match(parts[0]):
        return {"": parts[0]}
    found: dict[str, str] = {}
    for part in parts:
        named = _NAMED.match(part)
        if named is None or named[1] in found:
            raise BadSetting(f"{name}: {part!r} is not name=path, with each name once.")
        found[named[1]] = named[2]
    return found


def choice(name: str, default: str, *, among: set[str]) -> str:
    """One of a closed set of words."""
    value = text(name, default)
    if value not in among:
        raise BadSetting(f"{name}={value!r} is not one of {', '.join(sorted(among))}.")
    return value


_FEED_FACTS = {
    "employee_id", "department", "geo", "affiliate", "title", "manager", "time_zone", "language",
}  # fmt: skip


def feed_columns(name: str) -> dict[str, str]:
    """A JSON object of columns by what they tell, `employee_id` among them."""
    try:
        columns = json.loads(text(name, "") or '{"employee_id": "employee_id"}')
    except ValueError as error:
        raise BadSetting(f"{name} is not JSON: {error}.") from error
    if not isinstance(columns, dict) or not all(isinstance(one, str) for one in columns.values()):
        raise BadSetting(f"{name} is not a JSON object of names of columns.")
    if unknown := columns.keys() - _FEED_FACTS:
        raise BadSetting(f"{name}: {', '.join(sorted(unknown))} is not of {sorted(_FEED_FACTS)}.")
    if "employee_id" not in columns:
        raise BadSetting(f"{name} does not say which column is the employee_id.")
    return columns


def subset(name: str, *, among: set[str]) -> frozenset[str]:
    """Comma-separated words of a closed set."""
    words = frozenset(listed(name))
    if unknown := words - among:
        raise BadSetting(f"{name}: {', '.join(sorted(unknown))} is not of {sorted(among)}.")
    return words

"""Which directory this hub speaks to."""

import functools
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.core.signals import setting_changed

from accounts.directory.port import Directory


@functools.cache
def configured() -> Directory:
    """The directory of the settings; one per process, made at the first call, no network yet."""
    if settings.HUB_DIRECTORY == "local":
        from accounts.directory import local  # each hub loads only the adapter it uses

        return local.LocalDirectory(
            path=Path(settings.LOCAL_DIRECTORY_FILE),
            required_group=settings.DIRECTORY_REQUIRED_GROUP,
        )
    from accounts.directory import domain

    return domain.from_settings()


def each() -> Mapping[str, Directory]:
    """The directory by each of its controllers alone, to see whether every one of them answers."""
    if settings.HUB_DIRECTORY == "local":
        return {settings.LOCAL_DIRECTORY_FILE: configured()}
    from accounts.directory import domain

    return {server: domain.from_settings(servers=(server,)) for server in settings.LDAP_SERVERS}


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("LDAP_", "LOCAL_DIRECTORY_", "DIRECTORY_", "HUB_DIRECTORY")):
        configured.cache_clear()


setting_changed.connect(_forget)

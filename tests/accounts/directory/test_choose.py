"""Which directory the settings choose."""

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.directory import choose, domain, local
from tests.accounts.directory import reading


@pytest.fixture(autouse=True)
def _afresh() -> None:
    choose.configured.cache_clear()


def test_the_local_directory_is_the_one_of_the_settings(settings: Settings, tmp_path: Path) -> None:
    settings.HUB_DIRECTORY = "local"
    settings.LOCAL_DIRECTORY_FILE = str(tmp_path / "directory.json")
    local.write(path=tmp_path / "directory.json", accounts=[], groups=[], hash_iterations=1)
    assert isinstance(choose.configured(), local.LocalDirectory)
    assert reading.people(choose.configured()) == []
    assert choose.configured() is choose.configured()


def test_active_directory_is_chosen_without_a_connection_and_forgotten_with_its_settings(
    settings: Settings,
) -> None:
    settings.HUB_DIRECTORY = "ldap"
    settings.LDAP_SERVERS = ["dc1.corp.example", "dc2.corp.example:6360"]
    first = choose.configured()
    assert isinstance(first, domain.DomainDirectory)
    settings.LDAP_IDENTIFIER = "userPrincipalName"
    assert choose.configured() is not first

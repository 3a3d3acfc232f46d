"""Settings whose values are lists of files, or versions by platform."""

import pytest

from hub.lib import environment


@pytest.mark.parametrize(
    ("value", "files"),
    [
        ("", {}),
        ("/run/fcm.json", {"": "/run/fcm.json"}),
        ("/run/odd=name.json", {"": "/run/odd=name.json"}),
        ("emea=/run/a.json", {"emea": "/run/a.json"}),
        ("emea=/a.json, us-1 = /b=c.json,", {"emea": "/a.json", "us-1": "/b=c.json"}),
    ],
)
def test_files_are_listed_by_their_names_or_one_alone(
    monkeypatch: pytest.MonkeyPatch, value: str, files: dict[str, str]
) -> None:
    monkeypatch.setenv("KEYS", value)
    assert environment.files_by_name("KEYS") == files


@pytest.mark.parametrize("value", ["a=/1,a=/2", "a=/1,/2", "/1,/2", "a=/1,B=/2", "a=/1,b="])
def test_a_list_of_files_that_says_two_things_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("KEYS", value)
    with pytest.raises(environment.BadSetting, match="KEYS"):
        environment.files_by_name("KEYS")


def test_versions_are_listed_by_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.versions("LEAST") == {}
    monkeypatch.setenv("LEAST", '{"android": "2.4", "ios": "10.0.1"}')
    assert environment.versions("LEAST") == {"android": "2.4", "ios": "10.0.1"}


@pytest.mark.parametrize(
    "value", ["2.4", "[]", '{"android": 2.4}', '{"Android": "2"}', '{"ios": "new"}', "{"]
)
def test_versions_that_make_no_sense_are_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("LEAST", value)
    with pytest.raises(environment.BadSetting, match="LEAST"):
        environment.versions("LEAST")

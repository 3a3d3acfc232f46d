"""Settings whose values are lists of files."""

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

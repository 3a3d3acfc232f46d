"""The list of codes is closed: the page of the docs and the code say the same."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from rest_framework import fields, relations, serializers

import accounts
import hub
import notifications
from hub import problems
from hub.lib import errors
from tests.architecture.test_imports import ROOT, sources
from tests.hub.api import codes


def kinds(kind: type[errors.HubError]) -> Iterator[type[errors.HubError]]:
    for below in kind.__subclasses__():
        if not below.__module__.startswith(("hub.demo", "tests")):
            yield below
            yield from kinds(below)


def refusals() -> list[type[errors.HubError]]:
    for package in (hub, accounts, notifications):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith("hub.demo") and ".commands" not in module.name:
                importlib.import_module(module.name)
    return [errors.HubError, *kinds(errors.HubError)]


def constants(name: str) -> set[str]:
    """Every text that some call in the apps is given as `name`."""
    found: set[str] = set()
    for path in sources():
        if "demo" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg == name and isinstance(keyword.value, ast.Constant):
                    found.add(str(keyword.value.value))
    return found


def spoken() -> dict[str, set[int]]:
    """Every code the hub may answer with, and its statuses as far as one place says them."""
    found: dict[str, set[int]] = {}
    for kind in refusals():
        found.setdefault(kind.code, set()).add(kind.status)
    for kind, code, _ in problems.DRF_CODES:
        found.setdefault(code, set()).add(kind.status_code)
    for status, (code, _) in problems.STATUSES.items():
        found.setdefault(code, set()).add(status)
    return found


def test_every_code_the_hub_speaks_is_on_the_page_with_its_statuses():
    page = codes.documented()

    assert {code: set(row.statuses) for code, row in page.items()} == spoken()
    assert all(row.when.endswith(".") and row.do.endswith(".") for row in page.values())


def test_no_refusal_is_made_up_on_the_way():
    # `code=` of a call stands for a refusal (or a log line that repeats one) everywhere.
    assert constants("code") <= codes.documented().keys()


def test_the_rows_stand_in_order_so_that_a_reader_finds_them():
    assert list(codes.documented()) == sorted(codes.documented())


@pytest.mark.parametrize("kind", refusals(), ids=lambda kind: kind.__qualname__)
def test_a_refusal_says_what_it_is(kind):
    assert kind.code == kind.code.lower()
    assert 400 <= kind.status < 600
    assert kind.title
    assert kind.__doc__


def flaws_of_the_code() -> set[str]:
    """Codes of single fields: what our own rules say, and what the fields in use may say."""
    found: set[str] = set()
    for path in sources():
        if "demo" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="_Flawed" | "_invalid") | ast.Attribute(attr="FieldError"),
                    args=[_, ast.Constant(value=str(code)), *_],
                ):
                    found.add(code)
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="self"), attr="fail"),
                    args=[ast.Constant(value=str(code)), *_],
                ):
                    found.add(code)
                case ast.Call(func=ast.Name(id="flawed"), args=[ast.Constant(value=str(code)), *_]):
                    found.add(code)
                case ast.Return(value=ast.Constant(value=str(code))) if path.name == "text.py":
                    found.add(code)
    return found | {"forbidden_character"}


def flaws_of_the_fields() -> set[str]:
    used = {
        getattr(module, node.attr)
        for path in sources()
        if "api" in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        for module in (fields, serializers, relations)
        if isinstance(getattr(module, node.attr, None), type)
    }
    found = {"max_value", "min_value", "max_length", "min_length"}
    found |= {"null_characters_not_allowed", "surrogate_characters_not_allowed"}  # CharField's
    for kind in used:
        if issubclass(kind, fields.Field):
            for parent in kind.__mro__:
                found |= getattr(parent, "default_error_messages", {}).keys()
    return found


def test_every_code_of_a_field_is_on_the_page_and_every_one_on_the_page_may_come():
    said = flaws_of_the_code() | flaws_of_the_fields()

    assert codes.documented_flaws() - said == set()
    assert said - codes.documented_flaws() == set()


def test_the_page_says_how_deep_and_how_large_a_body_may_be(settings):
    page = (ROOT / "docs" / "errors.md").read_text()

    assert f"more than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024} kB" in page
    assert "more than 20 levels" in page

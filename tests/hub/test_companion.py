"""The companion's files: ours to serve, as they were released, and nothing that asks elsewhere."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from hub import companion

SOURCES = sorted(
    path
    for path in companion.FILES.rglob("*")
    if path.suffix in {".js", ".css"} and "vendor" not in path.parts
)
MODULES = [path for path in SOURCES if path.suffix == ".js"]
VENDORED = json.loads((companion.FILES / "vendor/vendor.json").read_text(encoding="utf-8"))
CATALOGUES = sorted((companion.FILES / "lang").glob("*.js"))
LIMIT = 300  # lines of a module, as for Python


def name_of(path):
    return path.relative_to(companion.FILES).as_posix()


def read(path):
    return path.read_text(encoding="utf-8")


def keys_of(catalogue):
    named = re.findall(r"(?:^\s+|, )(\w+): [\"{]", read(catalogue), re.MULTILINE)
    return set(named) - {"zero", "one", "two", "few", "many", "other"}  # each has its own plurals


every_source = pytest.mark.parametrize("path", SOURCES, ids=name_of)
every_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


@pytest.mark.parametrize("library", VENDORED)
def test_a_library_is_exactly_what_was_released_and_says_its_licence(library):
    said = VENDORED[library]
    directory = companion.FILES / "vendor" / library
    there = {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }

    assert there == said["files"]
    assert "LICENSE" in there
    assert re.fullmatch(r"\d+\.\d+\.\d+", said["version"])
    assert said["licence"] in {"BSD-3-Clause", "ISC", "MIT"}


def test_every_library_is_named():
    directories = {path.name for path in (companion.FILES / "vendor").iterdir() if path.is_dir()}

    assert directories == VENDORED.keys()


@every_source
def test_a_source_names_no_other_host_and_makes_no_html_of_text(path):
    text = read(path)

    assert not re.search(r"https?://(?!…)", text)
    for forbidden in (
        "innerHTML",
        "unsafeHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "eval(",
        "new Function",
    ):
        assert forbidden not in text


@every_source
def test_a_source_can_be_read_in_one_go(path):
    if path.suffix == ".js":
        assert len(read(path).splitlines()) <= LIMIT


@every_module
def test_what_a_module_imports_is_there(path):
    for target in re.findall(r'from "([^"]+)"', read(path)):
        assert target.startswith("."), f"{target}: a bare name would need an import map"
        assert (path.parent / target).resolve().exists(), target


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=name_of)
def test_every_language_says_the_same_things(catalogue):
    assert keys_of(catalogue) == keys_of(companion.FILES / "lang/en.js")


def test_every_sentence_that_is_asked_for_exists():
    known = keys_of(companion.FILES / "lang/en.js")
    asked = {key for path in MODULES for key in re.findall(r"[^\w.]t\(\"(\w+)\"", read(path))}

    assert asked
    assert asked <= known


def test_the_page_has_nothing_inline_and_asks_for_what_is_there(client):
    answer = client.get("/")
    text = answer.content.decode()

    assert answer["Cache-Control"] == "no-cache"
    assert not answer.cookies
    assert settings.HUB_NAME in text
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=", text)
    files = re.findall(r'(?:src|href)="/static/([^"]+)"', text)
    assert len(files) >= 4
    assert all(finders.find(name) for name in files)


def test_the_page_has_a_policy_that_lets_no_text_become_script(client):
    policy = client.get("/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy)


def test_the_worker_serves_every_file_and_nothing_of_the_api(client):
    answer = client.get("/companion-worker.js")
    [line] = re.findall(r"^const RELEASE = (.*);$", answer.content.decode(), re.MULTILINE)
    release = json.loads(line)

    assert answer["Content-Type"].startswith("text/javascript")
    assert release["files"][0] == "/"
    assert not [
        name for name in release["files"] if not name.startswith(("/static/companion/", "/"))
    ]
    assert not [name for name in release["files"] if "/api/" in name]
    for name in release["files"][1:]:
        assert finders.find(name.removeprefix("/static/")), name
    served = {Path(name).name for name in release["files"]}
    assert {path.name for path in SOURCES} - served == {companion.WORKER}


def test_another_content_is_another_release(monkeypatch, tmp_path):
    before = companion.release.__wrapped__()
    copy = tmp_path / "companion"
    for path in companion.FILES.rglob("*"):
        if path.is_file():
            target = copy / path.relative_to(companion.FILES)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    monkeypatch.setattr(companion, "FILES", copy)
    assert companion.release.__wrapped__() == before
    (copy / "app.js").write_bytes(b"// another\n")

    assert companion.release.__wrapped__()["version"] != before["version"]


def test_it_can_be_installed(client):
    manifest = json.loads(client.get("/companion.webmanifest").content)

    assert manifest["start_url"] == manifest["scope"] == "/"
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/"))
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert "maskable" in {icon.get("purpose") for icon in manifest["icons"]}

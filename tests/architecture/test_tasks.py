"""Every task has a queue, every queue a worker, and what is sent is an id or a queue's name."""

import ast
import inspect
import re
import typing
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings

from hub.celery import app
from hub.demo import stack
from notifications import queues
from tests.architecture.test_imports import ROOT, sources

LINES_AT_MOST = 10
COMPOSE = [*ROOT.glob("docker/**/*.y*ml"), *ROOT.glob("docker/entrypoint.sh")]

app.loader.import_default_modules()
TASKS = {name: task for name, task in sorted(app.tasks.items()) if not name.startswith("celery.")}
MODULES = [path for path in sources() if path.name == "tasks.py"]


def sent() -> Iterator[tuple[str, ast.Call]]:
    """Every `signature(name, …)` in the apps, and the bell's own message: rung for by name."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in {"delay", "send_task"}, f"{path}: names no queue"
                if node.func.attr == "signature":
                    yield ast.literal_eval(node.args[0]), node
                if node.func.attr == "as_task_v2":
                    yield ast.literal_eval(node.args[1]), node


def test_the_walk_finds_the_tasks():
    assert {"notifications.drain", "notifications.relay", "accounts.seal_audit"} <= TASKS.keys()


@pytest.mark.parametrize("name", TASKS)
def test_a_task_has_a_queue_by_its_name_or_is_sent_to_one(name):
    routed = settings.CELERY_TASK_ROUTES.get(name, {}).get("queue")
    by_hand = name in {task for task, _ in sent()}

    assert (routed is None) == by_hand, "by its name or at the sending, not both, not neither"
    assert routed is None or routed in queues.ALL


def test_a_task_that_is_sent_by_hand_is_sent_to_a_queue():
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "apply_async":
                assert "queue" in {keyword.arg for keyword in node.keywords}, path
                assert not {"countdown", "eta"} & {keyword.arg for keyword in node.keywords}, path


def test_routes_and_schedule_name_tasks_that_exist():
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert set(settings.CELERY_TASK_ROUTES) <= TASKS.keys()
    assert scheduled <= TASKS.keys()


def test_every_queue_is_consumed_by_the_demos_worker():
    assert set(stack.QUEUES.split(",")) == set(queues.ALL)


@pytest.mark.skipif(not COMPOSE, reason="docker/ is not there: nothing names queues for it")
def test_every_queue_is_consumed_by_a_worker_of_the_containers():
    named = set(re.findall(r"[a-z]+", " ".join(path.read_text() for path in COMPOSE)))

    assert set(queues.ALL) <= named


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.parent.name)
def test_a_task_is_a_few_lines_that_hand_over_to_the_domain(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno + 1 <= LINES_AT_MOST, node.name


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_defined_where_tasks_are(name):
    assert TASKS[name].__module__.endswith(".tasks")


# No words, no bytes, no objects: a message is readable to whoever reads the broker.
@pytest.mark.parametrize("name", TASKS)
def test_a_message_carries_ids_and_names_of_queues_only(name):
    function = inspect.unwrap(TASKS[name].run)
    hints = typing.get_type_hints(function)
    for parameter in inspect.signature(function).parameters.values():
        kind = hints[parameter.name]
        named = parameter.name == "queue" or parameter.name.endswith("_id")

        assert named, f"{name}: {parameter.name}"
        assert kind in {str, int, uuid.UUID}, f"{name}: {parameter.name}"

"""The alarms and the dashboard: valid, and about metrics that the hub has."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from tests.servers import install

HERE = Path(settings.BASE_DIR)
MONITORING = HERE / "docker" / "monitoring"
CODE = "".join((HERE / "hub" / name).read_text() for name in ("metrics.py", "lib/metrics.py"))
NAME = re.compile(r"\bhub_[a-z_]+")
# What Prometheus adds to the names of counters and histograms.
SUFFIX = re.compile(r"_(total|count|sum|bucket)$")


def alarms():
    [group] = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return group["rules"]


def expressions():
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [*shown, *(rule["expr"] for rule in alarms())]


@pytest.mark.parametrize("expression", expressions())
def test_alarms_and_panels_ask_for_metrics_that_are_there(expression):
    names = {SUFFIX.sub("", name) for name in NAME.findall(expression)}
    assert names
    assert {name for name in names if f'"{name}"' not in CODE} == set()


def test_every_metric_is_on_the_dashboard_or_rings():
    told = set(re.findall(r'"(hub_[a-z_]+)"', CODE)) - {"hub_figures_known"}
    used = {SUFFIX.sub("", name) for one in expressions() for name in NAME.findall(one)}
    assert told - used == set()


def test_every_alarm_says_what_people_notice_and_what_to_do():
    for rule in alarms():
        said = rule["annotations"]
        assert said["summary"].endswith("."), rule["alert"]
        assert said["description"].endswith("."), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "warn", "info"}


@pytest.mark.servers
def test_promtool_accepts_the_configuration_and_the_alarms_ring(tmp_path):
    install.ensure("prometheus")
    for file in MONITORING.iterdir():
        text = file.read_text().replace("/run/secrets/metrics_token", str(tmp_path / "token"))
        (tmp_path / file.name).write_text(text)
    (tmp_path / "token").write_text("x")
    for command in (
        "check config prometheus.yml",
        "check rules alerts.yml",
        "test rules alerts.test.yml",
    ):
        checked = subprocess.run(
            ["promtool", *command.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr

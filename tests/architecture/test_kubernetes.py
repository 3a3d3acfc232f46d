"""The Kubernetes manifests: valid by the published schemas, and in step with the hub."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

from notifications import queues
from tests.architecture.test_docker import settings_read

HERE = Path(settings.BASE_DIR) / "docker" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((HERE / "kustomization.yaml").read_text())
DOCUMENTS: list[dict[str, Any]] = [
    document
    for name in KUSTOMIZATION["resources"]
    for document in yaml.safe_load_all((HERE / name).read_text())
]
# Two versions that are kept up, so that an upgrade of the cluster is no surprise.
VERSIONS = ("1.33", "1.37")


def of(kind):
    return [document for document in DOCUMENTS if document["kind"] == kind]


def pods():
    """Name and pod of everything that starts one."""
    return [
        (document["metadata"]["name"], document["spec"]["template"])
        for document in of("Deployment") + of("Job")
    ]


def container(template):
    [found] = template["spec"]["containers"]
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda one: f"{one['kind']} {one['metadata']['name']}"
)
def test_every_object_is_valid(document, version):
    kubernetes_validate.validate(document, version, strict=True)


def test_every_file_is_among_the_resources():
    files = {path.name for path in HERE.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])


def test_every_setting_is_one_that_the_hub_reads_and_every_secret_a_file():
    given = dict(
        line.split("=", 1)
        for line in (HERE / "settings.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    known = settings_read().keys()
    assert [name for name in given if not {name, name.removesuffix("_FILE")} & known] == []
    [generated] = KUSTOMIZATION["secretGenerator"]
    secrets = {Path(file).name for file in generated["files"]}
    read = {Path(value).name for name, value in given.items() if name.endswith("_FILE")}
    assert read == secrets
    for _, template in pods():
        for variable in container(template).get("env", []):
            assert variable["name"] in settings_read() | {"QUEUES": ""}


def test_every_queue_has_a_worker_and_every_worker_a_queue_that_is_there():
    served = [
        queue
        for _, template in pods()
        for variable in container(template).get("env", [])
        if variable["name"] == "QUEUES"
        for queue in variable["value"].split(",")
    ]
    assert sorted(served) == sorted(queues.ALL)


def test_nothing_runs_as_root_writes_its_disk_or_keeps_a_capability():
    for name, template in pods():
        assert template["spec"]["securityContext"]["runAsNonRoot"] is True, name
        assert template["spec"]["automountServiceAccountToken"] is False, name
        said = container(template)["securityContext"]
        assert said["readOnlyRootFilesystem"] is True, name
        assert said["allowPrivilegeEscalation"] is False, name
        assert said["capabilities"] == {"drop": ["ALL"]}, name


def test_everything_says_what_memory_it_needs_and_may_take():
    for name, template in pods():
        asked = container(template)["resources"]
        assert {"cpu", "memory"} <= asked["requests"].keys(), name
        assert "memory" in asked["limits"], name


def test_selectors_find_their_pods():
    labels = {name: template["metadata"]["labels"] for name, template in pods()}
    for document in of("Deployment") + of("PodDisruptionBudget"):
        wanted = document["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= labels[document["metadata"]["name"]].items()
    for service in of("Service"):
        assert any(
            service["spec"]["selector"].items() <= found.items() for found in labels.values()
        )


def test_what_scales_is_there_and_workers_scale_by_age():
    deployments = {document["metadata"]["name"]: document for document in of("Deployment")}
    for scaler in of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]["name"]
        assert scaler["spec"]["minReplicas"] == deployments[target]["spec"]["replicas"]
        if not target.startswith("worker"):
            continue
        [metric] = scaler["spec"]["metrics"]
        assert metric["external"]["metric"]["name"] == "hub_errand_oldest_seconds"
        queue = metric["external"]["metric"]["selector"]["matchLabels"]["queue"]
        [served] = [
            one["value"] for one in container(deployments[target]["spec"]["template"])["env"]
            if one["name"] == "QUEUES"
        ]  # fmt: skip
        assert queue in served.split(",")


def test_what_several_run_is_never_taken_down_as_a_whole():
    budgets = {document["metadata"]["name"] for document in of("PodDisruptionBudget")}
    assert budgets == {document["metadata"]["name"] for document in of("HorizontalPodAutoscaler")}


def test_nobody_speaks_to_anybody_but_for_what_is_named():
    [nobody] = [one for one in of("NetworkPolicy") if one["metadata"]["name"] == "nobody"]
    assert nobody["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    [outside] = [
        one for one in of("NetworkPolicy") if one["metadata"]["name"] == "engines-and-outside"
    ]
    # The addresses at which clouds tell credentials are never reached.
    assert "169.254.0.0/16" in str(outside["spec"]["egress"])


def test_a_probe_names_a_host_that_the_hub_serves():
    hosts = {
        header["value"]
        for _, template in pods()
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        for header in container(template).get(probe, {}).get("httpGet", {}).get("httpHeaders", [])
    }
    assert hosts == {"hub.corp.example"}
    assert "ALLOWED_HOSTS=hub.corp.example" in (HERE / "settings.env").read_text()

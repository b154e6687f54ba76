"""Diagnosis of objects that failed: from the error of the API server, and from the status of the pods."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from providers.contract.preflight import Diagnosis, FailedResource, HostUnreachable
from providers.kubernetes.preflight.diagnosis import explain
from tests.kubernetes.fake_kubectl import FakeKubectl
from tests.kubernetes.test_preflight import SPEC

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
PODS = (
    "/api/v1/namespaces/agents/pods?labelSelector=app.kubernetes.io/instance%3Dprod,app.kubernetes.io/component%3Dweb"
)


def of_error(text: str) -> str:
    found = explain(SPEC, "prod", FailedResource("prod-compute-web", DEPLOYMENT, text), {})
    assert found is not None
    return f"{found.problem}. {found.fix}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'no matches for kind "HTTPRoute" in version "gateway.networking.k8s.io/v1"',
            "compute-web is a HTTPRoute, and the cluster does not serve gateway.networking.k8s.io/v1",
        ),
        (
            'pods "web" is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=3, limited: cpu=4',
            "compute-web exceeds the quota small: cpu=2 is requested, cpu=3 used, cpu=4 allowed",
        ),
        (
            'User "ci" cannot create resource "secrets" in API group "" in the namespace "agents"',
            "compute-web: this user may not create secrets",
        ),
        (
            'violates PodSecurity "restricted:v1.33": privileged (container "web" must not set it)',
            "violates the Pod Security standard restricted:v1.33: privileged",
        ),
        ('deployments.apps "web" already exists', 'deployments.apps "web" exists in the cluster, and not in the state'),
    ],
)
def test_errors_of_the_api_server_are_one_sentence(text: str, problem: str) -> None:
    assert problem in of_error(text)


def pod(status: Mapping[str, object]) -> dict[str, object]:
    return {"metadata": {"name": "web-1", "creationTimestamp": "2026-11-29T06:00:00Z"}, "status": status}


def container(**fields: object) -> dict[str, object]:
    return {"containerStatuses": [{"name": "web", "image": "ghcr.io/acme/web:1", **fields}]}


def unscheduled(message: str) -> dict[str, object]:
    return {"conditions": [{"type": "PodScheduled", "status": "False", "message": message}]}


@pytest.mark.parametrize(
    ("status", "problem", "fix"),
    [
        (
            container(state={"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}),
            "services.web: the image ghcr.io/acme/web:1 cannot be pulled (Back-off pulling image)",
            "image_credentials",
        ),
        (
            unscheduled("0/3 nodes are available: 3 Insufficient cpu."),
            "no node can run the pod web-1 (0/3 nodes are available: 3 Insufficient cpu)",
            "add nodes",
        ),
        (
            unscheduled("pod has unbound immediate PersistentVolumeClaims."),
            "the pod web-1 waits for its volume",
            "kubernetes.storage_class",
        ),
        (
            container(state={"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "x" not found'}}),
            'the pod web-1 cannot start (secret "x" not found)',
            "agent-platform logs prod web",
        ),
        (
            container(state={}, lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            "it used more memory than its size",
            "larger size",
        ),
        (
            container(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState={"terminated": {"exitCode": 3}}),
            "ends with the exit code 3",
            "logs",
        ),
        (container(state={"running": {}}, ready=False), "does not answer its health check", "health.path"),
    ],
)
def test_the_status_of_a_pod_names_the_cause(
    tmp_path: Path, status: Mapping[str, object], problem: str, fix: str
) -> None:
    fake = FakeKubectl(tmp_path)
    fake.items(PODS, pod(status))
    found = explain(SPEC, "prod", FailedResource("prod-compute-web", DEPLOYMENT, "timed out"), fake.environment)
    assert isinstance(found, Diagnosis)
    assert problem in found.problem
    assert fix in found.fix


def test_healthy_pods_explain_nothing(tmp_path: Path) -> None:
    fake = FakeKubectl(tmp_path)
    fake.items(PODS, pod(container(state={"running": {}}, ready=True)))
    assert explain(SPEC, "prod", FailedResource("prod-compute-web", DEPLOYMENT, "timed out"), fake.environment) is None


def test_objects_of_other_providers_are_not_explained() -> None:
    assert explain(SPEC, "prod", FailedResource("x", "random:index/randomString:RandomString", "no"), {}) is None


def test_a_server_that_does_not_answer_is_reported(tmp_path: Path) -> None:
    fake = FakeKubectl(tmp_path)
    fake.fail("Unable to connect to the server: dial tcp: i/o timeout")
    with pytest.raises(HostUnreachable, match="i/o timeout"):
        explain(SPEC, "prod", FailedResource("prod-compute-web", DEPLOYMENT, "timed out"), fake.environment)

"""Deployments of services: no request is lost in an update, pods are restricted, and scaling follows the spec."""

import pytest

from automation.plan.inventory import Inventory
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import Health, Service
from providers.kubernetes.base.pods import cpu_quantity, memory_quantity
from providers.kubernetes.compute.health import command_of, liveness_probe, readiness_probe, startup_probe
from tests.kubernetes.inputs import DEPLOYMENT, SERVICE, at, container, items, mapping, pod, spec
from tests.kubernetes.platforms import OWN_CACHE, prod, prod_plan, staging
from tests.planning import plan

GATEWAY = "prod-compute-gateway"


def test_an_update_removes_no_replica_before_a_new_one_is_ready() -> None:
    declared = spec(prod_plan(), GATEWAY, DEPLOYMENT)
    assert mapping(declared, "strategy", "rollingUpdate") == {"maxUnavailable": 0, "maxSurge": "25%"}
    assert declared["minReadySeconds"] == 10
    assert at(container(prod_plan(), GATEWAY), "lifecycle", "preStop", "sleep", "seconds") == 15


def test_a_replica_may_finish_its_streams() -> None:
    assert pod(prod_plan(), GATEWAY)["terminationGracePeriodSeconds"] == 15 + 120
    longer = plan(prod({"ingress.idle_timeout_seconds": 600}))
    assert pod(longer, GATEWAY)["terminationGracePeriodSeconds"] == 15 + 600


def test_every_pod_is_restricted() -> None:
    for deployment in prod_plan().of_type(DEPLOYMENT):
        pods, main = pod(prod_plan(), deployment.name), container(prod_plan(), deployment.name)
        assert pods["automountServiceAccountToken"] is False
        assert pods["enableServiceLinks"] is False
        assert at(pods, "securityContext", "runAsNonRoot") is True
        assert at(pods, "securityContext", "seccompProfile", "type") == "RuntimeDefault"
        assert mapping(main, "securityContext") == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }


def test_requests_are_limits() -> None:
    sizes = mapping(container(prod_plan(), GATEWAY), "resources")
    assert sizes["requests"] == sizes["limits"]
    assert (at(sizes, "limits", "cpu"), at(sizes, "limits", "memory")) == ("1", "2Gi")


@pytest.mark.parametrize(("vcpu", "text"), [(0.5, "500m"), (1, "1"), (1.5, "1500m"), (2, "2")])
def test_cpus_are_written_as_the_server_stores_them(vcpu: float, text: str) -> None:
    assert cpu_quantity(vcpu) == text


@pytest.mark.parametrize(("memory_gib", "text"), [(0.5, "512Mi"), (1.5, "1536Mi"), (2, "2Gi")])
def test_memory_is_written_as_the_server_stores_it(memory_gib: float, text: str) -> None:
    assert memory_quantity(memory_gib) == text


def test_production_requires_its_zones() -> None:
    zones, hosts = (mapping(each) for each in items(pod(prod_plan(), GATEWAY), "topologySpreadConstraints"))
    assert (zones["whenUnsatisfiable"], zones["minDomains"]) == ("DoNotSchedule", 3)
    assert zones["matchLabelKeys"] == ["pod-template-hash"]
    assert hosts["whenUnsatisfiable"] == "ScheduleAnyway"
    # two workers cannot be in three zones
    worker = mapping(items(pod(prod_plan(), "prod-compute-worker"), "topologySpreadConstraints")[0])
    assert worker["whenUnsatisfiable"] == "ScheduleAnyway"


def test_probes_have_the_numbers_of_the_spec() -> None:
    service = Service(
        image="ghcr.io/acme/web:1",
        port=8000,
        health=Health(
            path="/health", interval_seconds=20, timeout_seconds=4, healthy_threshold=3, unhealthy_threshold=2,
            start_period_seconds=61,
        ),
    )  # fmt: skip
    start, ready, live = startup_probe(service), readiness_probe(service), liveness_probe(service)
    assert (start.period_seconds, start.failure_threshold, start.success_threshold) == (5, 21, 1)
    assert (ready.period_seconds, ready.success_threshold, ready.failure_threshold) == (20, 3, 2)
    assert (live.period_seconds, live.success_threshold, live.failure_threshold) == (20, 1, 4)


@pytest.mark.parametrize(
    ("written", "command"),
    [
        (("CMD", "test", "-f", "/tmp/alive"), ("test", "-f", "/tmp/alive")),  # noqa: S108
        (("CMD-SHELL", "test -f /tmp/alive"), ("/bin/sh", "-c", "test -f /tmp/alive")),
        (("test", "-f", "x"), ("test", "-f", "x")),
    ],
)
def test_commands_of_probes_lose_the_word_of_docker(written: tuple[str, ...], command: tuple[str, ...]) -> None:
    assert command_of(written) == command


def test_the_autoscaler_has_targets_bounds_and_both_cooldowns() -> None:
    scaler = spec(prod_plan(), f"{GATEWAY}-autoscaler", "autoscaling:HorizontalPodAutoscaler")
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 12)
    targets = [at(each, "containerResource", "target", "averageUtilization") for each in items(scaler, "metrics")]
    assert targets == [70, 75]
    assert {at(each, "containerResource", "container") for each in items(scaler, "metrics")} == {"gateway"}
    assert at(scaler, "behavior", "scaleDown", "stabilizationWindowSeconds") == 600
    assert {at(each, "periodSeconds") for each in items(scaler, "behavior", "scaleUp", "policies")} == {300}
    # the autoscaler owns the number of replicas after the creation
    assert "spec.replicas" in prod_plan().one(GATEWAY, DEPLOYMENT).ignore_changes


def test_a_fixed_number_of_replicas_has_no_autoscaler() -> None:
    fixed = plan(prod({"services.chat.replicas": {"min": 3, "max": 3}}))
    assert "prod-compute-chat-autoscaler" not in {each.name for each in fixed.resources}
    assert not fixed.one("prod-compute-chat", DEPLOYMENT).ignore_changes


def test_keda_scales_by_requests_in_place_of_the_autoscaler() -> None:
    scaled = plan(prod(block={"keda_prometheus_url": "http://prometheus.monitoring.svc:9090"}))
    triggers = items(spec(scaled, f"{GATEWAY}-autoscaler", "keda.sh:ScaledObject"), "triggers")
    assert [at(each, "type") for each in triggers] == ["cpu", "memory", "prometheus"]
    assert at(triggers[2], "metadata", "threshold") == "1000"
    # services without a path count no requests
    assert scaled.one("prod-compute-chat-autoscaler", "autoscaling:HorizontalPodAutoscaler")


def test_one_replica_may_be_evicted_at_a_time() -> None:
    budgets = prod_plan().of_type("policy:PodDisruptionBudget")
    assert {"gateway", "chat", "worker", "entry"} <= {str(at(each.inputs, "metadata", "name")) for each in budgets}
    for budget in budgets:
        assert at(budget.inputs, "spec", "maxUnavailable") == 1
        assert at(budget.inputs, "spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow"


def test_a_secret_is_a_reference() -> None:
    variables = {str(at(each, "name")): each for each in items(container(prod_plan(), GATEWAY), "env")}
    reference = mapping(variables["OPENAI_API_KEY"], "valueFrom", "secretKeyRef")
    assert reference == {"name": "<core:Secret prod-secrets-openai-api-key>.metadata.name", "key": "value"}
    secret = prod_plan().one("prod-secrets-openai-api-key", "core:Secret")
    assert secret.inputs["immutable"] is True
    assert "name" not in mapping(secret.inputs, "metadata")
    assert repr(secret.inputs["data"]) == "[secret]"


def test_no_pod_starts_without_its_policies() -> None:
    for name in ("gateway", "chat", "worker"):
        urns = prod_plan().one(f"prod-compute-{name}", DEPLOYMENT).depends_on
        names = {prod_plan().by_urn[urn].name for urn in urns if urn in prod_plan().by_urn}
        assert {"prod-network-default-deny", "prod-network-dns", f"prod-network-{name}"} <= names


def in_steps(position: RolloutPosition | None) -> Inventory:
    platform = staging({"services.gateway.rollout": {"strategy": "canary"}}, OWN_CACHE)
    return plan(platform, stack="staging", positions={"gateway": position} if position else None)


def names_of(inventory: Inventory, kind: str) -> set[str]:
    return {each.name.removeprefix("staging-compute-") for each in inventory.of_type(kind)}


def test_a_rollout_in_steps_runs_the_new_revision_beside_the_stable_one() -> None:
    stepping = in_steps(RolloutPosition("ghcr.io/acme/gateway:1", 10))
    assert {"gateway", "gateway-next"} <= names_of(stepping, DEPLOYMENT)
    assert {"gateway-service", "gateway-next-service"} <= names_of(stepping, SERVICE)
    assert "spec.template" in stepping.one("staging-compute-gateway", DEPLOYMENT).ignore_changes
    assert "spec.template" not in stepping.one("staging-compute-gateway-next", DEPLOYMENT).ignore_changes


def test_the_stable_deployment_gets_the_new_revision_at_the_end() -> None:
    replacing = in_steps(RolloutPosition("ghcr.io/acme/gateway:1", 100, "replacing"))
    assert "spec.template" not in replacing.one("staging-compute-gateway", DEPLOYMENT).ignore_changes
    assert "gateway-next" in names_of(replacing, DEPLOYMENT)


@pytest.mark.parametrize("position", [None, RolloutPosition("ghcr.io/acme/gateway:1", 0, "held")])
def test_a_service_without_steps_in_progress_has_one_deployment(position: RolloutPosition | None) -> None:
    assert "gateway-next" not in names_of(in_steps(position), DEPLOYMENT)

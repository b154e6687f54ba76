"""The state of an earlier release is taken over: nothing is replaced, and only listed empty components are deleted."""

import re
from pathlib import Path

import pytest

from automation.stack.document import with_values
from tests.engine.project import STACK, EngineProject
from tests.engine.released_states import DOCKER_FOLDER, FOLDER, restore
from tests.engine.test_stateful_resources import REPLACING_OPERATIONS
from tests.planning import ROOT, raw_of

RELEASED = sorted(FOLDER.glob("*.json.gz"))
EMPTY_COMPONENTS = {
    "aws": set[str](),
    "azure": {"Autoscaling", "Ingress", "Keys"},
    "gcp": {"Autoscaling"},
}
"""Components of release 0.1.0 that have no children and that later releases no longer declare, by cloud."""
SCRAPED = (
    "cpu-percent",
    "error-percent",
    "latency-p95-seconds",
    "memory-percent",
    "missing-replicas",
    "unhealthy-replicas",
)
REMOVED = {
    "aws": {
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor::prod-monitoring-anomalies",
        "aws:costexplorer/anomalySubscription:AnomalySubscription::prod-monitoring-anomalies",
        "aws:ec2/vpcEndpoint:VpcEndpoint::prod-network-monitoring",
        "aws:iam/rolePolicy:RolePolicy::prod-prometheus-gateway-grant",
    },
    "azure": {
        "azure-native:alertsmanagement:PrometheusRuleGroup::prod-prometheus-gateway-rules",
        "azure-native:authorization:RoleAssignment::prod-prometheus-gateway-writes",
    },
    "gcp": {
        f"gcp:monitoring/alertPolicy:AlertPolicy::prod-monitoring-gateway-{measure}-prometheus" for measure in SCRAPED
    },
}
"""Resources of release 0.1.0 that later releases no longer declare, by cloud: a monitor that exists only in the management
account of an organization, an endpoint of CloudWatch that nothing used, and the alarms and rights of metrics that `gateway`
does not expose: it is an AgentOS, which has no metrics in the format of Prometheus.
"""
REVISIONS = ("aws:ecs/taskDefinition:TaskDefinition",)
"""Types of which every change is a new resource beside the old one."""
ACCEPTED_RISKS = {"ingress.auth": "release 0.1.0 did not require authentication"}
"""Values of the released stacks that later releases refuse in production by default."""
KEEPS_JOBS = "volatile-lru"
"""Later releases refuse Celery on a cache that evicts every key, which was the default."""


def test_the_states_of_every_release_are_kept() -> None:
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions
    # Kubernetes is not in 0.1.0; Docker has its plans in tests/docker, as the engine has no simulated host
    assert {path.name.removesuffix(".json.gz") for path in RELEASED} == {
        f"{version}-{cloud}" for version in versions for cloud in EMPTY_COMPONENTS
    }
    assert {path.name.removesuffix(".json.gz") for path in DOCKER_FOLDER.glob("*.json.gz")} == set(versions)


@pytest.mark.parametrize("path", RELEASED, ids=[path.name.removesuffix(".json.gz") for path in RELEASED])
def test_a_released_state_is_taken_over_without_replacement_and_only_empty_components_are_deleted(
    path: Path, project: EngineProject
) -> None:
    restore(path, project)
    released = raw_of(project.folder / f"Pulumi.{STACK}.yaml")
    project.write(with_values(released, {"accept_risk": ACCEPTED_RISKS, "cache.eviction": KEEPS_JOBS}))
    before = {(item.token, item.id) for item in project.cloud.objects()}
    state = project.state()
    parents = {str(resource.get("parent")) for resource in state}
    replacing = [step for step in project.steps() if step["op"] in REPLACING_OPERATIONS]
    steps = [step for step in replacing if not step["urn"].split("::")[2].endswith(REVISIONS)]
    assert {step["op"] for step in steps} <= {"delete"}
    deleted = {step["urn"] for step in steps}
    assert deleted & parents == set()
    cloud = path.name.removesuffix(".json.gz").rpartition("-")[2]
    components = {f"agent-platform:index:{name}" for name in EMPTY_COMPONENTS[cloud]}
    typed = {urn.split("::", 2)[2].rpartition("$")[2] for urn in deleted}
    assert {name for name in typed if not name.startswith("agent-platform:")} == REMOVED[cloud]
    assert {name.partition("::")[0] for name in typed if name.startswith("agent-platform:")} == components
    project.up()
    removed = {(str(resource["type"]), str(resource.get("id"))) for resource in state if resource["urn"] in deleted}
    kept = {(token, id) for token, id in before - removed if token not in REVISIONS}
    assert kept <= {(item.token, item.id) for item in project.cloud.objects()}
    project.up("--expect-no-changes")

"""The pods that the checks of capacity and quotas count are those that a stack declares."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from automation.plan.inventory import Inventory
from providers.contract.json_data import Raw, mappings
from providers.kubernetes.pod_sizes import running_pods
from providers.kubernetes.preflight.capacity import first_need
from providers.kubernetes.preflight.cluster import amount
from providers.kubernetes.preflight.kubectl import fields
from tests.kubernetes.manifests import objects
from tests.kubernetes.platforms import CASES, plan_of_case, prod, raw_of_case, spec_of, staging
from tests.planning import plan

GIB = 1024**3
CACHES: Mapping[str, object] = {
    "caches.answers": {"memory_gib": 2, "high_availability": False},
    "services.gateway.uses": ["database", "cache", "storage", "caches.answers"],
    "services.worker.uses": ["database", "cache", "storage", "caches.answers"],
}
OTHERS: Mapping[str, Mapping[str, object]] = {"caches": CACHES, "no backups": {"database.backup.retention_days": 0}}
"""Changes of staging that no other test of objects needs."""


def platform(case: str) -> tuple[Raw, Inventory]:
    """Return a platform and its plan."""
    if case in CASES:
        return raw_of_case(case), plan_of_case(case)
    raw = staging(OTHERS[case])
    return raw, plan(raw, stack="staging")


def declared_pods(inventory: Inventory) -> Iterator[tuple[float, float, float]]:
    """Yield the number of pods of each workload and database, and the vCPU and GiB that one of them requests."""
    documents = [document for _, document in objects(inventory)]
    sidecars = [
        fields(fields(each.get("spec")).get("instanceSidecarConfiguration"))
        for each in documents
        if each["kind"] == "ObjectStore"
    ]
    for each in documents:
        spec = fields(each.get("spec"))
        if each["kind"] in ("Deployment", "StatefulSet"):
            template = fields(fields(spec.get("template")).get("spec"))
            yield (amount(spec.get("replicas")), *requested(mappings(template.get("containers"))))
        if each["kind"] == "Cluster":
            yield (amount(spec.get("instances")), *requested([spec, *sidecars]))


def requested(containers: Sequence[Mapping[str, object]]) -> tuple[float, float]:
    """Return the vCPU and GiB that containers request together."""
    requests = [fields(fields(each.get("resources")).get("requests")) for each in containers]
    vcpu, memory = (sum(amount(each.get(key)) for each in requests) for key in ("cpu", "memory"))
    return round(vcpu, 3), round(memory / GIB, 3)


@pytest.mark.parametrize("case", (*CASES, *OTHERS))
def test_every_declared_pod_is_counted_with_its_requests(case: str) -> None:
    raw, inventory = platform(case)
    counted = [(each.count, round(each.vcpu, 3), round(each.memory_gib, 3)) for each in running_pods(spec_of(raw))]
    assert sorted(counted) == sorted(declared_pods(inventory))


def test_the_need_has_the_surge_of_the_largest_rollout() -> None:
    spec = spec_of(prod())
    pods = tuple(running_pods(spec))
    vcpu, memory_gib = first_need(spec)
    largest = max(spec.services.values(), key=lambda each: each.size.memory_gib)
    assert vcpu == sum(each.count * each.vcpu for each in pods) + max(each.surge * each.vcpu for each in pods)
    assert memory_gib == sum(each.count * each.memory_gib for each in pods) + largest.size.memory_gib

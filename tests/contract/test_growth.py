"""Growth of the plan with the number of services: what a service adds does not depend on how many there are.

Dependencies are counted, because seconds differ between machines; `python -m benchmarks.program` measures those.
"""

from collections.abc import Mapping
from functools import cache
from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers import AVAILABLE
from tests.planning import plan, production

SIZES = (2, 4, 6)
"""From two on, because the first call adds what all calls share."""
SERVICE = {"app": "fastapi", "image": "service@sha256:" + "5" * 64, "uses": ["database", "cache"]}


@cache
def with_services(cloud: str, count: int) -> Inventory:
    """Production with `count` equal services, each with a path, the data stores and a caller."""
    names = [f"service{number}" for number in range(count)]
    services = {
        name: {**SERVICE, "path": f"/{name}", "calls": names[number - 1 : number] if number else []}
        for number, name in enumerate(names)
    }
    raw = production(cloud=cloud)
    accepted = {**cast("Mapping[str, str]", raw.get("accept_risk", {})), "ingress.auth": "services of a test"}
    return plan({**raw, "services": services, "accept_risk": accepted})


def dependencies(plan: Inventory) -> int:
    return sum(len(resource.depends_on) for resource in plan.resources)


@pytest.mark.long(reason="plans up to 50 services on each cloud")
@pytest.mark.parametrize("cloud", AVAILABLE)
def test_each_service_adds_the_same_number_of_resources_and_dependencies(cloud: str) -> None:
    few, more, most = (with_services(cloud, count) for count in SIZES)
    assert len(most.resources) - len(more.resources) == len(more.resources) - len(few.resources)
    assert dependencies(most) - dependencies(more) == dependencies(more) - dependencies(few)

"""Plans of platforms with services in a standby region, by cloud and by the region that serves."""

from collections.abc import Iterable, Mapping

from automation.plan.inventory import Inventory
from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from tests.engine.fake_cloud.steps import Step
from tests.planning import JOBS, plan, production, recorded

DATA = ("database", "cache", "storage")
OTHERS: Mapping[str, Mapping[str, object]] = {
    "path": {"services.web.path": "/"},
    "canary": {"services.web.path": "/", "services.web.rollout": {"strategy": "canary"}},
    "fixed replicas": {"services.web.replicas": {"min": 3, "max": 3}},
    "job": {"jobs": {"nightly": {**JOBS["nightly"], "service": "web"}}},
    "worker": {"services.worker": {"app": "celery", "image": "worker:1.0"}},
    "nothing runs there": {"recovery.standby_replicas": 0},
}
"""Parts of a platform with one service that differ in the standby region, by name."""


def warm_production(cloud: str, recovery: Mapping[str, object], *, active: str, jobs: bool) -> Inventory:
    """Plan of production with services in the standby region, which serves when `active` is its name."""
    served = {**recovery, **({"active_region": active} if active else {})}
    return plan(production({"recovery": served, **({"jobs": JOBS} if jobs else {})}, cloud=cloud))


def warm_shape(cloud: str, standby: str, active: str, data: Iterable[str], others: Mapping[str, object]) -> Inventory:
    """Plan of a platform with one service, the data stores `data` and the settings `others` by dotted path."""
    shape: dict[str, object] = {**{part: {} for part in data}, **others, "services.web.uses": sorted(data)}
    recovery = {"recovery.mode": "warm", "recovery.standby_region": standby, "recovery.active_region": active}
    raw = with_values(BASE, {"cloud": cloud, **recovery, **shape})
    return recorded(stack_of("trial", {PLATFORM_KEY: raw}))


def settings_of(names: Iterable[str], settings: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return the settings of some names by dotted path."""
    return {key: value for name in names for key, value in settings[name].items()}


def operations(taken: tuple[Step, ...]) -> set[str]:
    """Return the kinds of the steps."""
    return {step.operation for step in taken}

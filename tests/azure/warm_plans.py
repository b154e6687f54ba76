"""Plans of production on Azure with services in a standby location, and what an update between two of them changes."""

from collections.abc import Mapping
from functools import cache

from automation.plan.inventory import Declared, Inventory
from tests.engine.fake_cloud.steps import steps
from tests.planning import plan, production
from tests.warm_plans import warm_production

HOME, STANDBY = "westus3", "eastus"
RECOVERY: Mapping[str, object] = {"mode": "warm", "standby_region": STANDBY}
SERVER, REPLICA = "prod-database", "prod-eastus-database"
PAIR: Mapping[str, object] = {"standby_region": "centralus", "lock": "governance", "retention_days": 28}


@cache
def before() -> Inventory:
    return plan(production(cloud="azure"))


@cache
def warm(active: str = "", jobs: bool = False) -> Inventory:
    """Plan of production with services in the standby location, which serves when `active` is its name."""
    return warm_production("azure", RECOVERY, active=active, jobs=jobs)


@cache
def paired(mode: str) -> Inventory:
    """Plan in a location whose backups Azure copies to its pair."""
    return plan(production({"azure.location": "eastus2", "recovery": {**PAIR, "mode": mode}}, cloud="azure"))


def changes(old: Inventory, new: Inventory) -> set[tuple[str, str, tuple[str, ...]]]:
    return {
        (step.type.removeprefix("azure-native:"), step.name, step.properties)
        for step in steps(old, new)
        if step.operation == "update"
    }


def server(name: str, active: str = "") -> Declared:
    return warm(active).one(name, "dbforpostgresql:Server")

"""A changed key changes a standing stack, and replaces no stateful resource unless the table of the cloud states why."""

from collections.abc import Mapping
from functools import cache

import pytest

from automation.plan.docs.capabilities import key_support
from automation.plan.existing_keys import AZURE_FIELDS, AZURE_VNET, GCP_NETWORK, VPC
from automation.plan.existing_places import BLOCKS as REGISTRIES
from automation.plan.inventory import Inventory
from automation.plan.spec_keys import LEAVES, Leaf
from automation.stack.document import REMOVE, stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.json_data import is_mapping, texts
from providers.contract.resource_traits import ReplacingChange
from providers.contract.spec.defaults import Raw
from tests.engine.fake_cloud.steps import Step, lost, steps
from tests.planning import production, recorded

pytestmark = pytest.mark.long(
    reason="each key of each cloud on a standing stack; what a key declares is in test_every_leaf.py"
)

STACK = "trial"
CASES = [(leaf, cloud) for cloud in AVAILABLE for leaf in LEAVES if leaf.block in (None, cloud)]
ROWS = [(row, cloud) for cloud in AVAILABLE for row in resource_traits(cloud).losing]
COPIES: Mapping[str, object] = {
    "recovery": {"mode": "backup", "standby_region": "us-east-1"},
    "aws.standby_region": "us-east-1",
    "gcp.standby_region": "us-east1",
}
WITHOUT_DATABASE: Mapping[str, object] = {
    "database": REMOVE, "azure.location": "eastus2", "azure.standby_location": "centralus",
    **{f"services.{name}.uses": ["cache", "storage"] for name in ("gateway", "chat", "worker")},
}  # fmt: skip
"""Copies on Azure that may move: a database has one possible standby location."""
COPY_KEYS: Mapping[str, object] = {
    "aws.standby_region": "us-east-2",
    "azure.standby_location": "westus2",
    "gcp.standby_region": "us-west1",
    "recovery.retention_days": 14,
}
"""Keys of copies in a standby region with another value."""
CERTIFICATE = {"azure": "certificates/acme-certs/agents"}
"""What an Application Gateway needs for the domain of production."""
EXISTING: Mapping[str, Mapping[str, object]] = {
    "aws": {
        "vpc_id": VPC,
        **{
            f"{tier}_subnet_ids": [f"subnet-0{number}00000000000000{zone}" for zone in range(3)]
            for number, tier in enumerate(("public", "private", "database"))
        },
    },
    "gcp": GCP_NETWORK,
    "azure": {name: f"{AZURE_VNET}/subnets/{name}" for name in AZURE_FIELDS},
}
"""Networks that production could be moved to."""
PRODUCTION_REGISTRY: Mapping[str, object] = {
    **REGISTRIES,
    "aws": {"repositories": {"chat": "team/chat", "worker": "team/worker"}},
}
"""Registries that production could be moved to."""
WARM_KEYS: Mapping[str, object] = {"network.standby_cidr": "10.60.0.0/16"}
"""Keys of services in a standby region with another value."""
OTHER_SECRET = {"database.existing.url", "cache.existing.url"}
"""Keys that name another secret, which takes the place of the former one, as in `services.<name>.secrets`."""
BY_COMMANDS: Mapping[str, str] = {
    "accept_risk": "checked before the plan, which has the accepted risks",
    "accept_checks.<name>.reason": "`audit` shows the reason",
    "accept_checks.<name>.until": "`audit` fails after the day",
    "kubernetes.grafana_url": "printed as `dashboard_url`",
    "recovery.failover_timeout_minutes": "`failover --when-unreachable` ends then",
    "services.<name>.build": "`images` and `up` build the image",
    "services.<name>.build.context": "`images` and `up` build the image",
    "services.<name>.build.dockerfile": "`images` and `up` build the image",
    "services.<name>.rollout.strategy": "`up` takes the steps of the next revision",
    "services.<name>.rollout.steps": "`up` takes the steps of the next revision",
    "services.<name>.rollout.bake_minutes": "`up` takes the steps of the next revision",
    "services.<name>.rollout.abort_on": "`up` takes the steps of the next revision",
    "services.<name>.rollout.min_requests": "`up` takes the steps of the next revision",
    "services.<name>.rollout.smoke": "`up` takes the steps of the next revision",
    "services.<name>.rollout.smoke.path": "`up` takes the steps of the next revision",
    "services.<name>.rollout.smoke.expect_status": "`up` takes the steps of the next revision",
}
"""Keys that change no resource, and who carries them out."""


@pytest.mark.parametrize(("leaf", "cloud"), CASES, ids=[f"{cloud}-{leaf.key}" for leaf, cloud in CASES])
def test_a_changed_key_changes_a_standing_stack_and_loses_only_what_the_table_states(leaf: Leaf, cloud: str) -> None:
    taken = steps_of(leaf, cloud)
    if key_support(leaf, cloud, recorded).kind == "honoured":
        assert taken or leaf.key in BY_COMMANDS, "the key is honoured, and a standing stack stays as it is"
    assert [step for step in taken if step.refusal] == []
    stated = {row.type for row in resource_traits(cloud).losing if row.key == leaf.key}
    types = {step.type for step in lost(taken, resource_traits(cloud).holds)}
    if leaf.key in OTHER_SECRET:
        types = {each for each in types if not each.endswith(":Secret")}
    assert types <= stated or "*" in stated


def test_every_key_that_commands_carry_out_changes_no_resource() -> None:
    carried = {leaf.key for leaf, cloud in CASES if leaf.key in BY_COMMANDS and not steps_of(leaf, cloud)}
    assert carried == BY_COMMANDS.keys()


@pytest.mark.parametrize(("row", "cloud"), ROWS, ids=[f"{cloud}-{row.key}-{row.type}" for row, cloud in ROWS])
def test_every_row_of_the_table_is_needed(row: ReplacingChange, cloud: str) -> None:
    if cloud == "kubernetes":  # production there has an external cache and a class for its volumes
        taken = steps_of(next(leaf for leaf in LEAVES if leaf.key == row.key), cloud)
    else:
        taken = steps(declared(standing(row.key, cloud)), declared(losing_change(row.key, cloud)))
    types = {step.type for step in lost(taken, resource_traits(cloud).holds)}
    assert row.type in types or (row.type == "*" and types)


def standing(key: str, cloud: str) -> Raw:
    """Production before the change of a key; with copies or services in a standby region for the keys of these."""
    if key.startswith("network.existing."):
        return with_values(
            production(cloud=cloud), {"network.cidr": REMOVE, "network.existing": {cloud: EXISTING[cloud]}}
        )
    if key.startswith("caches."):
        return production(
            {"caches.answers": {}, "services.gateway.uses": ["database", "cache", "caches.answers"]}, cloud
        )
    if key in WARM_KEYS:
        return production({**COPIES, "recovery": {"mode": "warm", "standby_region": "us-east-1"}}, cloud=cloud)
    changes: Mapping[str, object] = COPIES if key in COPY_KEYS else {}
    return production({**changes, **(WITHOUT_DATABASE if key == "azure.standby_location" else {})}, cloud=cloud)


def losing_change(key: str, cloud: str) -> Raw:
    """Production with another value of a key of the cloud's table, with the risk accepted where it is one."""
    risky: dict[str, object] = {
        "cache.high_availability": False,
        "caches.answers.high_availability": False,
        "network.zones": 1,
    }
    key = key.replace("caches.<name>", "caches.answers")
    if key.startswith("network.existing."):
        others = {name: f"{AZURE_VNET}/subnets/other-{name}" for name in AZURE_FIELDS}
        return with_values(standing(key, cloud), {key: others.get(key.rpartition(".")[2], others)})
    if key == "network.existing":
        return with_values(production(cloud=cloud), {"network.cidr": REMOVE, key: {cloud: EXISTING[cloud]}})
    if key.startswith("registry"):
        existing = {"existing": {cloud: PRODUCTION_REGISTRY[cloud]}}
        return with_values(production(cloud=cloud), {"registry": existing})
    if key.endswith(".existing"):
        store, raw = key.partition(".")[0], production(cloud=cloud)
        risks = raw.get("accept_risk")
        kept = (
            {path: reason for path, reason in risks.items() if not path.startswith(store)} if is_mapping(risks) else {}
        )
        server = {"url": "STORE_URL", "host": "db.example.com"}
        users: dict[str, object] = {}
        services = raw["services"]
        for name, service in services.items() if is_mapping(services) else ():
            # on Azure the services share a subnet, so a port opens for all of them or for none
            uses = service["uses"] if is_mapping(service) else ()
            users[f"services.{name}.uses"] = list(dict.fromkeys((*texts(uses), store)))
        return with_values(raw, {**users, store: {"existing": server}, "accept_risk": kept})
    if key == "network.zones" and cloud != "azure":
        return with_values(production(cloud=cloud), {key: 2})
    if key == "aws.zone_names":
        return with_values(production(cloud=cloud), {key: ["us-west-2b", "us-west-2c", "us-west-2d"]})
    if key == "azure.entry":
        return with_values(production(cloud=cloud), {key: "gateway", "ingress.certificate": CERTIFICATE})
    if key in COPY_KEYS or key in WARM_KEYS:
        return with_values(standing(key, cloud), {key: {**COPY_KEYS, **WARM_KEYS}[key]})
    if key in risky:
        return with_values(standing(key, cloud), {key: risky[key], "accept_risk": {key: "test of a replacement"}})
    return with_values(production(cloud=cloud), {key: next(leaf.value for leaf in LEAVES if leaf.key == key)})


@cache
def steps_of(leaf: Leaf, cloud: str) -> tuple[Step, ...]:
    """Return the steps of the other value on a stack without it; none where it is refused."""
    try:
        after = declared(leaf.after(cloud))
    except InvalidConfiguration:
        return ()
    return steps(declared(leaf.before(cloud)), after)


def declared(raw: Raw) -> Inventory:
    """Plan of the platform."""
    return recorded(stack_of(STACK, {PLATFORM_KEY: raw}))

"""How the tests read a container of a plan: its variables, files, networks and volumes."""

from collections.abc import Mapping
from typing import cast

from automation.plan.inventory import Declared, Inventory
from tests.planning import revealed

Words = Mapping[str, object]


def containers(plan: Inventory) -> tuple[Declared, ...]:
    """Every container of a plan that runs."""
    return tuple(found for found in plan.of_type("docker:Container") if found.inputs.get("start") is not False)


def holders(plan: Inventory) -> tuple[Declared, ...]:
    """Every container of a plan that holds files and never runs."""
    return tuple(found for found in plan.of_type("docker:Container") if found.inputs.get("start") is False)


def uploads(plan: Inventory, name: str) -> list[Words]:
    """What the container `name` finds in its folders, as it stands in the plan."""
    return cast("list[Words]", container(plan, f"{name}-files").inputs["uploads"])


def container(plan: Inventory, name: str) -> Declared:
    """The container `name` without its stack: `entry-proxy`."""
    return plan.one(f"prod-{name}", "docker:Container")


def items(found: Declared, key: str) -> list[Words]:
    """A list of settings; empty without one."""
    return cast("list[Words]", revealed(found.inputs.get(key) or []))


def variables(found: Declared) -> Mapping[str, str]:
    """Environment variables, secret ones opened."""
    pairs = cast("list[str]", revealed(found.inputs.get("envs") or []))
    return dict(cast("tuple[str, str]", tuple(pair.split("=", 1))) for pair in pairs)


def files(plan: Inventory, name: str) -> Mapping[str, str]:
    """Contents of the files of the container `name` by their names, secret ones opened."""
    found = items(container(plan, f"{name}-files"), "uploads")
    return {str(upload["file"]).rpartition("/")[2]: str(upload["content"]) for upload in found}


def networks(found: Declared) -> set[str]:
    """Parts of the networks that a container stands in: `gateway-inside`."""
    return {
        str(seat["name"]).removeprefix("<docker:Network prod-network-").removesuffix(">.name")
        for seat in items(found, "networksAdvanced")
    }


def aliases(found: Declared) -> set[str]:
    """Names that a container answers to."""
    return {
        alias for seat in items(found, "networksAdvanced") for alias in cast("list[str]", seat.get("aliases") or [])
    }


def command(found: Declared) -> list[str]:
    """Arguments of a container."""
    return cast("list[str]", found.inputs.get("command") or [])

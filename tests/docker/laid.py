"""How the tests read a container of a plan: its variables, files, networks and volumes."""

from collections.abc import Mapping
from typing import cast

from automation.inventory import Declared, Inventory
from tests.planning import revealed

Words = Mapping[str, object]


def containers(plan: Inventory) -> tuple[Declared, ...]:
    """Every container of a plan."""
    return plan.of_type("docker:Container")


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


def files(found: Declared) -> Mapping[str, str]:
    """Contents by the file's name, secret ones opened."""
    return {str(upload["file"]).rpartition("/")[2]: str(upload["content"]) for upload in items(found, "uploads")}


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

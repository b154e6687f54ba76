"""Readers of the containers in a recorded plan: variables, files, networks and volumes."""

from collections.abc import Mapping

from automation.plan.inventory import Declared, Inventory
from providers.docker.preflight.daemon import Fields, rows, values
from tests.planning import revealed


def containers(plan: Inventory) -> tuple[Declared, ...]:
    """Every container of a plan that is started."""
    return tuple(found for found in plan.of_type("docker:Container") if found.inputs.get("start") is not False)


def file_containers(plan: Inventory) -> tuple[Declared, ...]:
    """Every container of a plan that holds files and is never started."""
    return tuple(found for found in plan.of_type("docker:Container") if found.inputs.get("start") is False)


def container(plan: Inventory, name: str) -> Declared:
    """The container with this logical name, given without the stack: `entry-proxy`."""
    return plan.one(f"prod-{name}", "docker:Container")


def uploads(plan: Inventory, name: str) -> list[Fields]:
    """Uploaded files of a container as they are in the plan, secrets still wrapped."""
    return [*rows(container(plan, f"{name}-files").inputs["uploads"])]


def settings(resource: Declared, key: str) -> list[Fields]:
    """List of nested settings with secrets opened; empty without one."""
    return [*rows(revealed(resource.inputs.get(key)))]


def words(resource: Declared, key: str) -> list[str]:
    """List of strings with secrets opened; empty without one."""
    return [str(word) for word in values(revealed(resource.inputs.get(key)))]


def variables(resource: Declared) -> Mapping[str, str]:
    """Environment variables, secrets opened."""
    pairs = (pair.partition("=") for pair in words(resource, "envs"))
    return {name: value for name, _, value in pairs}


def files(plan: Inventory, name: str) -> Mapping[str, str]:
    """Contents of a container's files by file name, secrets opened."""
    uploaded = settings(container(plan, f"{name}-files"), "uploads")
    return {str(upload["file"]).rpartition("/")[2]: str(upload["content"]) for upload in uploaded}


def networks(resource: Declared) -> set[str]:
    """Parts of the networks that a container is attached to: `gateway-inside`."""
    return {
        str(attachment["name"]).removeprefix("<docker:Network prod-network-").removesuffix(">.name")
        for attachment in settings(resource, "networksAdvanced")
    }


def aliases(resource: Declared) -> set[str]:
    """DNS aliases of a container."""
    return {
        str(alias)
        for attachment in settings(resource, "networksAdvanced")
        for alias in values(attachment.get("aliases"))
    }


def command(resource: Declared) -> list[str]:
    """Arguments of a container."""
    return words(resource, "command")


def secret_file(plan: Inventory, name: str, file: str) -> object:
    """Content of one uploaded file as it is in the plan, still wrapped when it is secret."""
    (upload,) = [upload for upload in uploads(plan, name) if str(upload["file"]).endswith(file)]
    return upload["content"]

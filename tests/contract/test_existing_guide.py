"""The guide to what exists already has every key, examples that are accepted, and the numbers of the checks."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from automation.stack.document import REMOVE, with_values
from components.validation.parse import parse
from providers.aws.base.identity import PUSH
from providers.aws.base.registry import PULL
from providers.aws.network.cidr import SMALLEST_SUBNET_PREFIX
from providers.aws.network.existing_checks import ADDRESSES_PER_DATA_STORE, LOAD_BALANCER_ADDRESSES
from providers.azure.network.existing_checks import MAX_PREFIX
from providers.azure.network.flows import DELEGATIONS
from providers.contract.spec import (
    ExistingAwsNetwork,
    ExistingAwsRegistry,
    ExistingAzureNetwork,
    ExistingAzureRegistry,
    ExistingGcpNetwork,
    ExistingGcpRegistry,
    ExistingHostRegistry,
    SpecModel,
)
from providers.gcp.network.cidr import ADDRESSES_PER_REPLICA
from providers.gcp.network.existing_checks import MAX_RANGE_PREFIX, PEERING, PRIVATE_ZONES
from tests.planning import ROOT, production

GUIDE = (Path(ROOT) / "docs" / "existing.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
BLOCKS: Mapping[str, type[SpecModel]] = {
    "aws": ExistingAwsNetwork, "gcp": ExistingGcpNetwork, "azure": ExistingAzureNetwork,
}  # fmt: skip
ROWS = (
    f"/{SMALLEST_SUBNET_PREFIX} or larger, {LOAD_BALANCER_ADDRESSES} free addresses",
    f"{ADDRESSES_PER_DATA_STORE} free addresses for each of database and cache",
    f"at maximum scale ({ADDRESSES_PER_REPLICA} addresses each)",
    f"purpose {PEERING}, in the network, /{MAX_RANGE_PREFIX} or larger",
    " and ".join(zone.rstrip(".") for zone in PRIVATE_ZONES),
    f"| apps | delegated to {DELEGATIONS['apps']}, /{MAX_PREFIX['apps']} or larger",
    f"| database | delegated to {DELEGATIONS['database']}, /{MAX_PREFIX['database']} or larger",
    f"| private endpoints | no delegation, /{MAX_PREFIX['endpoints']} or larger",
    f"| Application Gateway | no delegation, /{MAX_PREFIX['gateway']} or larger",
)


@pytest.mark.parametrize("cloud", BLOCKS)
def test_the_guide_has_every_key_of_a_cloud(cloud: str) -> None:
    section = GUIDE.partition("### AWS")[2]
    assert [key for key in BLOCKS[cloud].model_fields if key not in section] == []


NETWORKS = [text for text in EXAMPLE.findall(GUIDE) if text.startswith("network:")]
REGISTRIES = [text for text in EXAMPLE.findall(GUIDE) if text.startswith("registry:")]
ZONES = [text for text in EXAMPLE.findall(GUIDE) if text.startswith("ingress:")]


@pytest.mark.parametrize("text", NETWORKS, ids=BLOCKS)
def test_every_example_of_a_network_is_accepted(text: str) -> None:
    network = yaml.safe_load(text)["network"]
    (cloud,) = network["existing"]
    changes = {"network.cidr": REMOVE, **{f"network.{key}": value for key, value in network.items()}}
    assert parse(with_values(production(cloud=cloud), changes), "prod").network.existing is not None


@pytest.mark.parametrize("text", REGISTRIES, ids=("aws", "gcp", "azure", "docker"))
def test_every_example_of_a_registry_is_accepted(text: str) -> None:
    existing = yaml.safe_load(text)["registry"]["existing"]
    (cloud,) = existing
    spec = parse(with_values(production(cloud=cloud), {"registry.existing": existing}), "prod")
    assert set(spec.stored_images) == {"chat", "worker"}


def test_every_example_of_a_zone_is_accepted() -> None:
    (text,) = ZONES
    ingress = yaml.safe_load(text)["ingress"]
    changes = {f"ingress.{key}": value for key, value in ingress.items()}
    assert parse(with_values(production(cloud="aws"), changes), "prod").ingress.dns_account is not None


def test_the_policy_of_a_repository_has_every_action_of_pulls_and_pushes() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    pulls, pushes = (set(each["Action"]) for each in json.loads(text)["Statement"])
    assert set(PULL) < pulls
    assert set(PUSH) <= pulls | pushes


@pytest.mark.parametrize(
    "kind", [ExistingAwsRegistry, ExistingGcpRegistry, ExistingAzureRegistry, ExistingHostRegistry]
)
def test_the_guide_has_every_key_of_a_registry(kind: type[SpecModel]) -> None:
    section = GUIDE.partition("## Container registry")[2]
    assert [key for key in kind.model_fields if key not in section] == []


@pytest.mark.parametrize("row", ROWS)
def test_the_guide_has_the_numbers_of_the_checks(row: str) -> None:
    assert row in GUIDE

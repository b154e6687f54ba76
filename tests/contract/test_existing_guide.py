"""The guide to existing networks has every key, examples that are accepted, and the numbers of the checks."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from automation.stack.document import REMOVE, with_values
from components.validation.parse import parse
from providers.aws.network.cidr import SMALLEST_SUBNET_PREFIX
from providers.aws.network.existing_checks import ADDRESSES_PER_DATA_STORE, LOAD_BALANCER_ADDRESSES
from providers.azure.network.existing_checks import MAX_PREFIX
from providers.azure.network.flows import DELEGATIONS
from providers.contract.spec import ExistingAwsNetwork, ExistingAzureNetwork, ExistingGcpNetwork, SpecModel
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
    section = GUIDE.partition("## AWS")[2]
    assert [key for key in BLOCKS[cloud].model_fields if key not in section] == []


@pytest.mark.parametrize("text", EXAMPLE.findall(GUIDE), ids=BLOCKS)
def test_every_example_of_the_guide_is_accepted(text: str) -> None:
    network = yaml.safe_load(text)["network"]
    (cloud,) = network["existing"]
    changes = {"network.cidr": REMOVE, **{f"network.{key}": value for key, value in network.items()}}
    assert parse(with_values(production(cloud=cloud), changes), "prod").network.existing is not None


@pytest.mark.parametrize("row", ROWS)
def test_the_guide_has_the_numbers_of_the_checks(row: str) -> None:
    assert row in GUIDE

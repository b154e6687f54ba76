"""Endpoint groups of the routed services in a region."""

from automation.plan.inventory import Inventory
from tests.gcp.plans import private, staging


def test_a_routed_service_has_an_endpoint_group_with_its_name(prod: Inventory) -> None:
    (group,) = prod.of_type("compute:RegionNetworkEndpointGroup")
    assert group.name == "prod-ingress-gateway" and group.inputs["region"] == "us-central1"
    assert group.inputs["networkEndpointType"] == "SERVERLESS"
    assert group.inputs["cloudRun"] == {"service": "prod-gateway"}


def test_every_routed_service_has_a_separate_group() -> None:
    names = {group.name for group in staging().of_type("compute:RegionNetworkEndpointGroup")}
    assert names == {f"prod-ingress-{name}" for name in ("gateway", "chat", "ui")}


def test_a_group_can_be_replaced_while_it_is_in_use(prod: Inventory) -> None:
    (group,) = prod.of_type("compute:RegionNetworkEndpointGroup")
    assert "name" not in group.inputs and "deleteBeforeReplace" not in group.options


def test_without_a_path_there_is_no_ingress() -> None:
    assert not private().of_type("compute:RegionNetworkEndpointGroup")
    assert not private().of_type("compute:GlobalForwardingRule")
    assert private().outputs["url"] == ""

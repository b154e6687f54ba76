"""Resource providers that a subscription must have registered."""

import pytest

from automation.plan.inventory import Inventory
from providers.azure.resource_providers import (
    ALWAYS_REGISTERED,
    RESOURCE_PROVIDERS,
    registration_commands,
    required_namespaces,
)
from tests.azure.plans import spec_of
from tests.planning import DROP

ALWAYS = (
    "Microsoft.App",
    "Microsoft.ContainerRegistry",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
)


def modules(plan: Inventory) -> set[str]:
    return {each.type.split(":")[1] for each in plan.custom if each.type.startswith("azure-native:")}


def test_every_declared_type_belongs_to_a_required_provider(prod: Inventory) -> None:
    required = (*required_namespaces(spec_of()), *ALWAYS_REGISTERED)
    covered = {module for each in RESOURCE_PROVIDERS if each.namespace in required for module in each.modules}
    assert modules(prod) <= covered


def test_production_needs_every_provider(prod: Inventory) -> None:
    assert set(required_namespaces(spec_of())) == {each.namespace for each in RESOURCE_PROVIDERS} - set(
        ALWAYS_REGISTERED
    )


@pytest.mark.parametrize(
    ("changes", "namespace"),
    [
        ({"database": DROP}, "Microsoft.DBforPostgreSQL"),
        ({"cache": DROP}, "Microsoft.Cache"),
        ({"monitoring.slack": DROP}, "Microsoft.Logic"),
        ({"monitoring.prometheus": False}, "Microsoft.Dashboard"),
        ({"services.gateway.path": DROP}, "Microsoft.Cdn"),
        ({"services.gateway.uses": []}, "Microsoft.CognitiveServices"),
    ],
)
def test_a_provider_is_required_only_with_its_part(changes: dict[str, object], namespace: str) -> None:
    assert namespace in required_namespaces(spec_of())
    assert namespace not in required_namespaces(spec_of(changes))


def test_storage_is_required_by_objects_and_by_flow_logs() -> None:
    assert "Microsoft.Storage" in required_namespaces(spec_of({"storage": DROP}))
    assert "Microsoft.Storage" not in required_namespaces(spec_of({"storage": DROP, "network.flow_logs": False}))


def test_the_smallest_stack_needs_seven_providers() -> None:
    changes: dict[str, object] = {
        "services.gateway.path": DROP,
        "services.gateway.uses": [],
        "network.flow_logs": False,
        **dict.fromkeys(("database", "cache", "storage", "budget", "monitoring.slack"), DROP),
        "monitoring.prometheus": False,
    }
    assert required_namespaces(spec_of(changes)) == ALWAYS


def test_a_registration_names_subscription_and_namespace() -> None:
    assert registration_commands(spec_of())[0] == (
        "az provider register --subscription 00000000-0000-0000-0000-000000000001 --namespace Microsoft.App"
    )

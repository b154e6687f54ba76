"""Azure Container Registry that exists already: roles, private endpoint, pushes, and the standby location."""

from collections.abc import Mapping

from automation.plan.inventory import Inventory
from components.adjustments import adjustments as all_adjustments
from providers import command_line
from providers.azure.base import roles
from providers.azure.registry_access import close_if_open, open_registry
from providers.contract.cli import CliCommand, DeployedStack
from providers.contract.diagnostics import Effect
from tests.azure.plans import input_at, spec_of
from tests.planning import plan, production

OTHER = "00000000-0000-0000-0000-000000000009"
REGISTRY = f"/subscriptions/{OTHER}/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/acmeImages"
BLOCK: Mapping[str, object] = {"registry_id": REGISTRY}
WARM: Mapping[str, object] = {
    "azure.location": "eastus2", "recovery": {"mode": "warm", "standby_region": "centralus"},
}  # fmt: skip


def existing(changes: Mapping[str, object] | None = None, **block: object) -> dict[str, object]:
    return {"registry.existing": {"azure": {**BLOCK, **block}}, **(changes or {})}


def declared(changes: Mapping[str, object] | None = None, **block: object) -> Inventory:
    return plan(production(existing(changes, **block), cloud="azure"))


def test_the_identity_that_pulls_has_the_pull_role_on_the_registry() -> None:
    assignment = declared().one("prod-registry-pull")
    assert assignment.inputs["scope"] == REGISTRY
    definition = f"/subscriptions/{OTHER}/providers/Microsoft.Authorization/roleDefinitions/{roles.ACR_PULL}"
    assert assignment.inputs["roleDefinitionId"] == definition
    assert assignment.inputs["principalId"] == "<managedidentity:UserAssignedIdentity prod-identity-pull>.principalId"


def test_apps_pull_by_the_identity_from_the_login_server() -> None:
    app = declared().one("prod-compute-chat")
    (registry,) = input_at(app, "configuration.registries")  # type: ignore[misc]
    assert registry["server"] == "acmeimages.azurecr.io"  # type: ignore[index]
    assert str(input_at(app, "template.containers.0.image")).startswith("acmeimages.azurecr.io/chat@sha256:")
    assert declared().one("prod-registry-pull").urn in app.depends_on
    named = declared(login_server="acmeimages-h4sh.azurecr.io").one("prod-compute-chat")
    assert str(input_at(named, "template.containers.0.image")).startswith("acmeimages-h4sh.azurecr.io/chat@sha256:")


def test_a_private_endpoint_leads_to_the_registry_unless_its_public_address_is_used() -> None:
    private, public = declared(), declared(private_endpoint=False)
    endpoint = private.one("prod-registry-endpoint")
    assert input_at(endpoint, "privateLinkServiceConnections.0.privateLinkServiceId") == REGISTRY
    assert "prod-network-registry-zone" in {each.name for each in private.custom}
    names = {each.name for each in public.custom}
    assert not {"prod-registry-endpoint", "prod-network-registry-zone"} & names
    assert "prod-registry-pull" in names


def test_the_deployer_imports_through_a_private_endpoint_and_pushes_otherwise() -> None:
    for private, role in ((True, roles.ACR_IMPORT), (False, roles.ACR_PUSH)):
        assignment = declared(private_endpoint=private).one("prod-registry-deployer")
        assert str(assignment.inputs["roleDefinitionId"]).endswith(role)
        assert assignment.inputs["scope"] == REGISTRY


def test_the_registry_itself_is_neither_declared_nor_logged() -> None:
    inventory = declared()
    assert inventory.of_type("containerregistry:Registry") == ()
    assert not [each.name for each in inventory.custom if each.name == "prod-registry-diagnostics"]


def test_apps_of_a_standby_location_pull_from_the_same_registry() -> None:
    inventory = declared(WARM)
    assert inventory.of_type("containerregistry:Registry") == ()
    pulls = [each for each in inventory.of_type("authorization:RoleAssignment") if each.name.endswith("-registry-pull")]
    assert {each.inputs["scope"] for each in pulls} == {REGISTRY}
    assert len({each.inputs["roleAssignmentName"] for each in pulls}) == len(pulls) == 2
    endpoints = [
        each for each in inventory.of_type("network:PrivateEndpoint") if each.name.endswith("-registry-endpoint")
    ]
    assert len(endpoints) == 2


def test_credentials_are_not_needed() -> None:
    notes = {each.key: each for each in all_adjustments(spec_of(existing()))}
    assert "services.chat.image" not in notes
    assert notes["registry.existing.azure.registry_id"].effect is Effect.PARTIAL
    assert "approves a private endpoint" in notes["registry.existing.azure.registry_id"].reason


def test_a_push_does_not_open_a_registry_of_others() -> None:
    class NoShell:
        def output(self, command: CliCommand) -> str:
            raise AssertionError(command)

        succeeds = stream = output

    spec = spec_of(existing())
    stack = DeployedStack("prod", spec)
    assert open_registry(stack, NoShell()) is False  # type: ignore[arg-type]
    assert close_if_open(stack, NoShell()) is None  # type: ignore[arg-type]
    (login,) = command_line("azure").registry_login(spec, "prod")
    assert login.stdin is not None
    assert login.stdin.arguments[-2:] == ("--subscription", OTHER)
    assert "acmeImages" in login.stdin.arguments

"""Identities and their role assignments: one role on one resource."""

from providers.azure.base import roles
from providers.contract.diagnostics import Effect
from tests.azure.plans import adjustments, base_plan, context_of
from tests.planning import DROP


def test_every_service_has_a_separate_identity() -> None:
    names = {r.name for r in base_plan().of_type("managedidentity:UserAssignedIdentity")}
    assert {f"prod-identity-service-{name}" for name in ("gateway", "chat", "worker")} <= names


def test_only_one_identity_pulls_images() -> None:
    assignments = base_plan().of_type("authorization:RoleAssignment")
    pullers = [each for each in assignments if "-pull>" in str(each.inputs["principalId"])]
    assert [each.name for each in pullers] == ["prod-registry-pull"]


def test_a_role_assignment_has_a_principal_type_so_that_a_new_identity_is_accepted() -> None:
    assignments = base_plan().of_type("authorization:RoleAssignment")
    assert len(assignments) > 8
    assert all(each.inputs["principalType"] == "ServicePrincipal" for each in assignments)


def test_the_name_of_a_role_assignment_is_known_in_a_preview() -> None:
    for assignment in base_plan("unknown").of_type("authorization:RoleAssignment"):
        assert assignment.inputs["roleAssignmentName"] == context_of().guid(assignment.name)
        assert assignment.options["deleteBeforeReplace"] is True


def test_no_role_is_assigned_on_the_group_or_the_subscription() -> None:
    for assignment in base_plan().of_type("authorization:RoleAssignment"):
        scope = str(assignment.inputs["scope"])
        assert scope.startswith("<") and "ResourceGroup" not in scope


def test_the_deployer_is_trusted_for_one_environment_of_one_repository() -> None:
    credential = base_plan().one("prod-identity-deployer-github")
    assert credential.inputs["subject"] == "repo:acme/agents:environment:prod"
    assert credential.inputs["issuer"] == "https://token.actions.githubusercontent.com"
    assert credential.inputs["audiences"] == ["api://AzureADTokenExchange"]


def test_the_deployer_imports_images_and_reads_no_secret() -> None:
    assignments = base_plan().of_type("authorization:RoleAssignment")
    deployers = [each for each in assignments if "prod-identity-deployer>" in str(each.inputs["principalId"])]
    assert [each.name for each in deployers] == ["prod-registry-deployer"]
    assert str(deployers[0].inputs["roleDefinitionId"]).endswith(roles.ACR_IMPORT)


def test_without_a_deployer_there_is_no_federated_credential() -> None:
    assert not base_plan(deployer=DROP).of_type("managedidentity:FederatedIdentityCredential")


def test_the_credential_for_immutable_subjects_is_reported() -> None:
    reported = adjustments()["deployer.github"]
    assert reported.effect is Effect.PARTIAL
    assert "repo:acme@<owner id>/agents@<repository id>:environment:prod" in reported.reason

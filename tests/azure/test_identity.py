"""Identities and the rights they are given: one role on one resource, named for ever."""

from providers.azure.base import roles as rights
from providers.azure.limits import LIMITS
from tests.azure.laid import context_of, laid, spec_of


def test_every_service_has_an_identity_of_its_own() -> None:
    names = {r.name for r in laid().of_type("managedidentity:UserAssignedIdentity")}
    assert {f"prod-identity-service-{name}" for name in ("gateway", "chat", "worker")} <= names


def test_no_service_shares_the_identity_that_pulls() -> None:
    pullers = [g for g in laid().of_type("authorization:RoleAssignment") if "-pull>" in str(g.inputs["principalId"])]
    assert [g.name for g in pullers] == ["prod-registry-pull"]


def test_a_role_names_a_service_principal_so_that_a_new_identity_is_not_looked_up() -> None:
    grants = laid().of_type("authorization:RoleAssignment")
    assert len(grants) > 8
    assert all(grant.inputs["principalType"] == "ServicePrincipal" for grant in grants)


def test_a_roles_name_is_known_before_anything_stands() -> None:
    for grant in laid("unknown").of_type("authorization:RoleAssignment"):
        assert grant.inputs["roleAssignmentName"] == context_of().guid(grant.name)
        assert grant.options["deleteBeforeReplace"] is True


def test_no_role_is_given_on_the_group_or_the_subscription() -> None:
    for grant in laid().of_type("authorization:RoleAssignment"):
        scope = str(grant.inputs["scope"])
        assert scope.startswith("<") and "ResourceGroup" not in scope


def test_the_deployer_is_trusted_for_one_environment_of_one_repository() -> None:
    credential = laid().one("prod-identity-deployer-github")
    assert credential.inputs["subject"] == "repo:acme/agents:environment:prod"
    assert credential.inputs["issuer"] == "https://token.actions.githubusercontent.com"
    assert credential.inputs["audiences"] == ["api://AzureADTokenExchange"]


def test_the_deployer_brings_images_and_reads_no_secret() -> None:
    grants = laid().of_type("authorization:RoleAssignment")
    deployers = [g for g in grants if "prod-identity-deployer>" in str(g.inputs["principalId"])]
    assert [g.name for g in deployers] == ["prod-registry-deployer"]
    assert str(deployers[0].inputs["roleDefinitionId"]).endswith(rights.ACR_IMPORT)


def test_without_a_deployer_nobody_is_trusted() -> None:
    assert not laid(deployer=None).of_type("managedidentity:FederatedIdentityCredential")


def test_immutable_subjects_are_told() -> None:
    (found,) = [each for each in LIMITS.adjustments(spec_of()) if each.key == "deployer.github"]
    assert "repo:acme@<owner id>/agents@<repository id>:environment:prod" in found.reason

"""Key vault and its secrets, each with its own readers."""

import pytest

from automation.plan.inventory import Secret
from providers.azure.base import roles
from tests.azure.plans import SECRET, base_plan, depends_on, error_keys, input_at, refusals, revealed_inputs


def test_the_vault_has_no_public_access_and_cannot_be_purged() -> None:
    vault = base_plan().one("prod-vault")
    assert input_at(vault, "properties.enableRbacAuthorization") is True
    assert input_at(vault, "properties.enablePurgeProtection") is True
    assert input_at(vault, "properties.softDeleteRetentionInDays") == 90
    assert input_at(vault, "properties.publicNetworkAccess") == "Disabled"
    assert input_at(vault, "properties.networkAcls.defaultAction") == "Deny"


def test_the_vaults_name_ends_in_random_digits() -> None:
    assert base_plan().one("prod-vault").inputs["vaultName"] == "prod-kv-<random:RandomId prod-vault-name>.hex"


def test_a_value_is_a_secret_of_one_resource() -> None:
    secret = base_plan().one("prod-secrets-OPENAI_API_KEY")
    assert isinstance(input_at(secret, "properties.value"), Secret)
    assert SECRET in str(revealed_inputs(secret))
    other = "prod-secrets-OS_SECURITY_KEY"
    assert [r.name for r in base_plan().custom if SECRET in str(revealed_inputs(r))] == [secret.name, other]


def test_a_secret_name_is_valid_in_a_vault() -> None:
    assert base_plan().one("prod-secrets-OPENAI_API_KEY").inputs["secretName"] == "prod-secrets-openai-api-key"


def test_a_reader_has_a_role_on_this_secret_only() -> None:
    assignment = base_plan().one("prod-secrets-OPENAI_API_KEY-read-by-gateway")
    assert assignment.inputs["scope"] == "<keyvault:Secret prod-secrets-OPENAI_API_KEY>.id"
    assert str(assignment.inputs["roleDefinitionId"]).endswith(roles.SECRETS_USER)
    assert "prod-identity-service-gateway" in depends_on(assignment)


def test_only_services_that_list_a_secret_read_it() -> None:
    readers = {r.name for r in base_plan().custom if r.name.startswith("prod-secrets-OPENAI_API_KEY-read-by-")}
    assert readers == {"prod-secrets-OPENAI_API_KEY-read-by-gateway"}


def test_a_removed_secret_stays_in_the_vault_because_deletion_needs_data_access() -> None:
    assert base_plan().one("prod-secrets-OPENAI_API_KEY").options["retainOnDelete"] is True


@pytest.mark.parametrize("variable", ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "SECRETS_VERSION"])
def test_a_variable_that_the_platform_sets_is_refused(variable: str) -> None:
    (refusal,) = refusals({f"services.gateway.environment.{variable}": "x"})
    assert str(refusal) == f"services.gateway.environment: the platform sets {variable} on Azure. Use another name."


def test_variables_of_the_models_may_be_set_by_the_user() -> None:
    for service in ("gateway", "chat"):
        assert error_keys({f"services.{service}.environment": {"AZURE_OPENAI_ENDPOINT": "x"}}) == []

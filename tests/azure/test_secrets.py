"""The vault and its secrets: each with its own readers, none in the open."""

import pytest

from automation.plan.inventory import Secret
from providers.azure.base import roles as rights
from providers.azure.limits import LIMITS
from tests.azure.laid import SECRET, at, depends_on, laid, opened, spec_of


def test_the_vault_is_closed_and_cannot_be_purged() -> None:
    vault = laid().one("prod-vault")
    assert at(vault, "properties.enableRbacAuthorization") is True
    assert at(vault, "properties.enablePurgeProtection") is True
    assert at(vault, "properties.softDeleteRetentionInDays") == 90
    assert at(vault, "properties.publicNetworkAccess") == "Disabled"
    assert at(vault, "properties.networkAcls.defaultAction") == "Deny"


def test_the_vaults_name_ends_in_digits_of_its_own() -> None:
    assert laid().one("prod-vault").inputs["vaultName"] == "prod-kv-<random:RandomId prod-vault-name>.hex"


def test_a_value_is_secret_and_stored_once() -> None:
    secret = laid().one("prod-secrets-OPENAI_API_KEY")
    assert isinstance(at(secret, "properties.value"), Secret)
    assert SECRET in str(opened(secret))
    assert [r.name for r in laid().custom if SECRET in str(opened(r))] == [secret.name]


def test_a_name_suits_the_vault() -> None:
    assert laid().one("prod-secrets-OPENAI_API_KEY").inputs["secretName"] == "prod-secrets-openai-api-key"


def test_a_reader_may_read_this_secret_and_no_other() -> None:
    grant = laid().one("prod-secrets-OPENAI_API_KEY-read-by-gateway")
    assert grant.inputs["scope"] == "<keyvault:Secret prod-secrets-OPENAI_API_KEY>.id"
    assert str(grant.inputs["roleDefinitionId"]).endswith(rights.SECRETS_USER)
    assert "prod-identity-service-gateway" in depends_on(grant)


def test_only_who_lists_a_secret_reads_it() -> None:
    readers = {r.name for r in laid().custom if r.name.startswith("prod-secrets-OPENAI_API_KEY-read-by-")}
    assert readers == {"prod-secrets-OPENAI_API_KEY-read-by-gateway"}


def test_a_dropped_secret_stays_in_the_vault_because_deleting_needs_a_way_in() -> None:
    assert laid().one("prod-secrets-OPENAI_API_KEY").options["retainOnDelete"] is True


@pytest.mark.parametrize("variable", ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_OPENAI_ENDPOINT", "SECRETS_VERSION"])
def test_a_variable_that_the_platform_sets_cannot_be_set_by_the_user(variable: str) -> None:
    (refusal,) = LIMITS.refusals(spec_of({f"services.gateway.environment.{variable}": "x"}), "prod")
    assert str(refusal) == (
        f'services.gateway.environment: "{variable}" is a variable the platform sets on Azure; choose another name.'
    )


def test_a_service_without_models_may_use_the_endpoints_variable() -> None:
    assert LIMITS.refusals(spec_of({"services.chat.environment": {"AZURE_OPENAI_ENDPOINT": "x"}}), "prod") == []

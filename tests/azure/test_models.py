"""Managed models: deployed, private, asked by identity."""

from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers.azure.base import roles as rights
from providers.azure.base.model_deployments import ModelDeployment, parse_model
from providers.azure.limits import LIMITS
from tests.azure.laid import at, depends_on, laid, spec_of


def variables(plan: Inventory, service: str) -> dict[str, object]:
    container = cast(
        "dict[str, object]", at(plan.one(f"prod-compute-{service}", "app:ContainerApp"), "template.containers.0")
    )
    return {each["name"]: each.get("value") for each in cast("list[dict[str, str]]", container["env"])}


def test_the_account_has_no_keys_and_no_public_address() -> None:
    account = laid().one("prod-models")
    assert account.inputs["kind"] == "OpenAI"
    assert at(account, "properties.disableLocalAuth") is True
    assert at(account, "properties.publicNetworkAccess") == "Disabled"
    assert at(account, "properties.customSubDomainName") == account.inputs["accountName"]


def test_each_model_has_a_deployment_of_its_name() -> None:
    deployment = laid().one("prod-models-gpt-4.1")
    assert deployment.inputs["deploymentName"] == at(deployment, "properties.model.name") == "gpt-4.1"
    assert at(deployment, "properties.versionUpgradeOption") == "OnceNewDefaultVersionAvailable"


def test_a_pinned_model_stays_at_its_version() -> None:
    deployment = laid(azure__models=("gpt-4.1@2025-04-14",)).one("prod-models-gpt-4.1")
    assert at(deployment, "properties.model.version") == "2025-04-14"
    assert at(deployment, "properties.versionUpgradeOption") == "NoAutoUpgrade"


def test_the_account_is_changed_by_one_at_a_time() -> None:
    plan = laid(azure__models=("gpt-4.1", "gpt-4.1-mini"))
    assert "prod-models-gpt-4.1" in depends_on(plan.one("prod-models-gpt-4.1-mini"))
    assert "prod-models-gpt-4.1-mini" in depends_on(plan.one("prod-models-endpoint"))


def test_only_services_that_use_models_may_ask_them() -> None:
    grants = [r for r in laid().of_type("authorization:RoleAssignment") if r.name.startswith("prod-models-")]
    assert [grant.name for grant in grants] == ["prod-models-gateway"]
    assert str(grants[0].inputs["roleDefinitionId"]).endswith(rights.OPENAI_USER)


def test_nobody_uses_models_so_there_is_no_account() -> None:
    assert not laid(services__gateway__uses=("database", "cache", "storage")).of_type("cognitiveservices:Account")


def test_a_name_may_carry_a_version() -> None:
    assert parse_model("o4-mini") == ModelDeployment("o4-mini", None)
    assert parse_model("gpt-4.1@2025-04-14") == ModelDeployment("gpt-4.1", "2025-04-14")


@pytest.mark.parametrize("model", ["/subscriptions/x", "gpt 4", "-gpt", "gpt-4.1@"])
def test_what_is_no_name_is_refused(model: str) -> None:
    (refusal,) = LIMITS.refusals(spec_of({"azure.models": [model]}), "prod")
    assert refusal.key == "azure.models"


def test_a_model_listed_twice_is_refused() -> None:
    (refusal,) = LIMITS.refusals(spec_of({"azure.models": ["gpt-4.1", "gpt-4.1@2025-04-14"]}), "prod")
    assert "is listed twice" in str(refusal)


def test_where_requests_are_answered_is_told() -> None:
    (found,) = [each for each in LIMITS.adjustments(spec_of()) if each.key == "azure.models"]
    assert "50 000 tokens a minute" in found.reason


def test_a_service_that_uses_models_is_told_where_they_answer(prod: Inventory) -> None:
    endpoint = "<cognitiveservices:Account prod-models>.properties.endpoint"
    assert variables(prod, "gateway")["AZURE_OPENAI_ENDPOINT"] == endpoint
    assert "AZURE_OPENAI_ENDPOINT" not in variables(prod, "chat")


def test_every_service_is_told_which_identity_is_its_own(prod: Inventory) -> None:
    for name in ("gateway", "chat", "worker"):
        client = f"<managedidentity:UserAssignedIdentity prod-identity-service-{name}>.clientId"
        assert variables(prod, name)["AZURE_CLIENT_ID"] == client

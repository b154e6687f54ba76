"""Azure OpenAI: deployments, private access, authentication by identity."""

import pytest

from automation.plan.inventory import Inventory
from providers.azure.base import roles
from providers.azure.base.limits import ModelDeployment, parse_model
from tests.azure.plans import adjustments, base_plan, depends_on, error_keys, input_at, refusals, variables


def test_the_account_has_no_keys_and_no_public_access() -> None:
    account = base_plan().one("prod-models")
    assert account.inputs["kind"] == "OpenAI"
    assert input_at(account, "properties.disableLocalAuth") is True
    assert input_at(account, "properties.publicNetworkAccess") == "Disabled"
    assert input_at(account, "properties.customSubDomainName") == account.inputs["accountName"]


def test_each_model_has_a_deployment_with_its_name() -> None:
    deployment = base_plan().one("prod-models-gpt-5.4-mini")
    assert deployment.inputs["deploymentName"] == input_at(deployment, "properties.model.name") == "gpt-5.4-mini"
    assert input_at(deployment, "properties.versionUpgradeOption") == "OnceNewDefaultVersionAvailable"


def test_a_pinned_model_is_not_upgraded() -> None:
    deployment = base_plan(azure__models=("gpt-5.4-mini@2026-03-17",)).one("prod-models-gpt-5.4-mini")
    assert input_at(deployment, "properties.model.version") == "2026-03-17"
    assert input_at(deployment, "properties.versionUpgradeOption") == "NoAutoUpgrade"


def test_changes_of_the_account_are_serialized() -> None:
    plan = base_plan(azure__models=("gpt-5.4-mini", "gpt-5.4-nano"))
    assert "prod-models-gpt-5.4-mini" in depends_on(plan.one("prod-models-gpt-5.4-nano"))
    assert "prod-models-gpt-5.4-nano" in depends_on(plan.one("prod-models-endpoint"))


def test_only_services_that_use_models_have_a_role_on_the_account() -> None:
    assignments = base_plan().of_type("authorization:RoleAssignment")
    users = [each for each in assignments if each.name.startswith("prod-models-")]
    assert [each.name for each in users] == ["prod-models-gateway"]
    assert str(users[0].inputs["roleDefinitionId"]).endswith(roles.OPENAI_USER)


def test_without_a_service_that_uses_models_there_is_no_account() -> None:
    plan = base_plan(services__gateway__uses=("database", "cache", "storage"))
    assert not plan.of_type("cognitiveservices:Account")


def test_the_name_of_a_model_may_have_a_version() -> None:
    assert parse_model("o4-mini") == ModelDeployment("o4-mini", None)
    assert parse_model("gpt-5.4-mini@2026-03-17") == ModelDeployment("gpt-5.4-mini", "2026-03-17")


@pytest.mark.parametrize("model", ["/subscriptions/x", "gpt 4", "-gpt", "gpt-5.4-mini@"])
def test_an_invalid_name_of_a_model_is_refused(model: str) -> None:
    assert error_keys({"azure.models": [model]}) == ["azure.models"]


def test_a_model_that_is_listed_twice_is_refused() -> None:
    (refusal,) = refusals({"azure.models": ["gpt-5.4-mini", "gpt-5.4-mini@2026-03-17"]})
    assert refusal.key == "azure.models" and refusal.problem.startswith("gpt-5.4-mini is listed twice")


def test_capacity_and_processing_location_of_models_are_reported() -> None:
    reason = adjustments()["azure.models"].reason
    assert "50 000 tokens per minute" in reason and "data at rest stays in westus3" in reason


def test_only_services_that_use_models_receive_the_endpoint(prod: Inventory) -> None:
    endpoint = "<cognitiveservices:Account prod-models>.properties.endpoint"
    assert variables(prod, "gateway")["AZURE_OPENAI_ENDPOINT"] == endpoint
    assert "AZURE_OPENAI_ENDPOINT" not in variables(prod, "chat")


def test_every_service_receives_the_client_id_of_its_identity(prod: Inventory) -> None:
    for name in ("gateway", "chat", "worker"):
        client_id = f"<managedidentity:UserAssignedIdentity prod-identity-service-{name}>.clientId"
        assert variables(prod, name)["AZURE_CLIENT_ID"] == client_id


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4o-mini@2024-07-18"])
def test_a_retired_model_is_reported_with_a_current_one(model: str) -> None:
    reason = adjustments({"azure.models": [model]})["azure.models"].reason
    assert reason.startswith(f"{model.partition('@')[0]} was retired on 2026-10") and "use gpt-5.4-mini" in reason
    assert not refusals({"azure.models": [model]}) and "retired" not in adjustments()["azure.models"].reason

"""Who acts: one account a service, a deployer without a key, rights as narrow as Google Cloud lets them be."""

from typing import cast

from automation.plan.inventory import Inventory
from tests.gcp.lighter import lighter

PROJECT_RIGHT = "projects:IAMMember"


def roles(plan: Inventory, account: str) -> set[object]:
    member = f"<serviceaccount:Account {account}>.member"
    return {right.inputs["role"] for right in plan.of_type(PROJECT_RIGHT) if right.inputs["member"] == member}


def test_every_service_has_an_account_of_its_own(prod: Inventory) -> None:
    accounts = {account.inputs["accountId"] for account in prod.of_type("serviceaccount:Account")}
    assert accounts == {"prod-gateway", "prod-chat", "prod-worker", "prod-deployer"}


def test_no_account_has_a_key(prod: Inventory) -> None:
    assert not prod.of_type("serviceaccount:Key")


def test_a_service_may_add_telemetry_to_the_project_and_nothing_else(prod: Inventory) -> None:
    telemetry = {"roles/logging.logWriter", "roles/monitoring.metricWriter", "roles/cloudtrace.agent"}
    assert roles(prod, "prod-identity-worker") == telemetry


def test_only_users_of_models_may_invoke_them(prod: Inventory) -> None:
    role = "<projects:IAMCustomRole prod-identity-models>.name"
    holders = [right.name for right in prod.of_type(PROJECT_RIGHT) if right.inputs["role"] == role]
    assert holders == ["prod-identity-gateway-models"]
    assert not lighter().of_type("projects:IAMCustomRole")


def test_invoking_is_all_that_a_user_of_models_may_do(prod: Inventory) -> None:
    assert prod.one("prod-identity-models").inputs["permissions"] == ["aiplatform.endpoints.predict"]


def test_a_copy_starts_after_its_rights_stand(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway", "cloudrunv2:Service")
    assert prod.one("prod-identity-gateway-models").urn in service.depends_on


def test_no_primitive_role_is_given(prod: Inventory) -> None:
    given = {str(r.inputs["role"]) for r in prod.custom if "role" in r.inputs and "member" in r.inputs}
    assert given
    assert not {role for role in given if role in ("roles/owner", "roles/editor", "roles/viewer") or "dmin" in role}


def test_only_jobs_of_the_repository_and_environment_are_let_in(prod: Inventory) -> None:
    provider = prod.one("prod-identity-github-provider").inputs
    assert provider["attributeCondition"] == "assertion.repository == 'acme/agents' && assertion.environment == 'prod'"
    assert cast("dict[str, str]", provider["attributeMapping"])["attribute.repository"] == "assertion.repository"
    assert provider["oidc"] == {"issuerUri": "https://token.actions.githubusercontent.com"}


def test_only_principals_of_the_repository_act_as_the_deployer(prod: Inventory) -> None:
    right = prod.one("prod-identity-deployer-github").inputs
    assert right["role"] == "roles/iam.workloadIdentityUser"
    assert str(right["member"]).startswith("principalSet://iam.googleapis.com/<iam:WorkloadIdentityPool ")
    assert str(right["member"]).endswith("/attribute.repository/acme/agents")


def test_the_deployer_acts_as_each_service_and_holds_nothing_on_the_project(prod: Inventory) -> None:
    acts = {r.inputs["serviceAccountId"] for r in prod.of_type("serviceaccount:IAMMember")
            if r.inputs["role"] == "roles/iam.serviceAccountUser"}  # fmt: skip
    assert acts == {f"<serviceaccount:Account prod-identity-{name}>.name" for name in ("gateway", "chat", "worker")}
    assert not roles(prod, "prod-identity-deployer")


def test_the_deployer_rolls_out_each_service_by_a_right_on_it(prod: Inventory) -> None:
    for name in ("gateway", "chat", "worker"):
        right = prod.one(f"prod-compute-{name}-deployer").inputs
        assert (right["role"], right["name"]) == ("roles/run.developer", f"prod-{name}")


def test_without_a_deployer_there_is_no_pool() -> None:
    assert not lighter().of_type("iam:WorkloadIdentityPool")
    assert not [r for r in lighter().custom if "deployer" in r.name]

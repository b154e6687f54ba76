"""Service accounts, their grants, and the deployer."""

from automation.plan.inventory import Inventory
from tests.gcp.plans import development, text_at

PROJECT_GRANT = "projects:IAMMember"


def roles(plan: Inventory, account: str) -> set[object]:
    member = f"<serviceaccount:Account {account}>.member"
    return {grant.inputs["role"] for grant in plan.of_type(PROJECT_GRANT) if grant.inputs["member"] == member}


def test_every_service_has_a_separate_account(prod: Inventory) -> None:
    accounts = {account.inputs["accountId"] for account in prod.of_type("serviceaccount:Account")}
    assert accounts == {"prod-gateway", "prod-chat", "prod-worker", "prod-deployer"}


def test_no_account_has_a_key(prod: Inventory) -> None:
    assert not prod.of_type("serviceaccount:Key")


def test_a_service_may_write_telemetry_and_has_no_other_role(prod: Inventory) -> None:
    telemetry = {"roles/logging.logWriter", "roles/monitoring.metricWriter", "roles/cloudtrace.agent"}
    assert roles(prod, "prod-identity-worker") == telemetry


def test_only_users_of_models_may_invoke_them(prod: Inventory) -> None:
    role = "<projects:IAMCustomRole prod-identity-models>.name"
    holders = [grant.name for grant in prod.of_type(PROJECT_GRANT) if grant.inputs["role"] == role]
    assert holders == ["prod-identity-gateway-models"]
    assert not development().of_type("projects:IAMCustomRole")


def test_users_of_models_have_only_the_invoke_permission(prod: Inventory) -> None:
    assert prod.one("prod-identity-models").inputs["permissions"] == ["aiplatform.endpoints.predict"]


def test_a_replica_starts_after_its_grants(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway", "cloudrunv2:Service")
    assert prod.one("prod-identity-gateway-models").urn in service.depends_on


def test_no_basic_or_admin_role_is_granted(prod: Inventory) -> None:
    granted = {str(r.inputs["role"]) for r in prod.custom if "role" in r.inputs and "member" in r.inputs}
    assert granted
    assert not {role for role in granted if role in ("roles/owner", "roles/editor", "roles/viewer") or "dmin" in role}


def test_only_jobs_of_the_repository_and_environment_are_accepted(prod: Inventory) -> None:
    provider = prod.one("prod-identity-github-provider").inputs
    assert provider["attributeCondition"] == "assertion.repository == 'acme/agents' && assertion.environment == 'prod'"
    assert text_at(provider, "attributeMapping", "attribute.repository") == "assertion.repository"
    assert provider["oidc"] == {"issuerUri": "https://token.actions.githubusercontent.com"}


def test_only_principals_of_the_repository_may_act_as_the_deployer(prod: Inventory) -> None:
    grant = prod.one("prod-identity-deployer-github").inputs
    assert grant["role"] == "roles/iam.workloadIdentityUser"
    assert str(grant["member"]).startswith("principalSet://iam.googleapis.com/<iam:WorkloadIdentityPool ")
    assert str(grant["member"]).endswith("/attribute.repository/acme/agents")


def test_the_deployer_may_act_as_each_service_and_has_no_project_role(prod: Inventory) -> None:
    accounts = {r.inputs["serviceAccountId"] for r in prod.of_type("serviceaccount:IAMMember")
            if r.inputs["role"] == "roles/iam.serviceAccountUser"}  # fmt: skip
    assert accounts == {f"<serviceaccount:Account prod-identity-{name}>.name" for name in ("gateway", "chat", "worker")}
    assert not roles(prod, "prod-identity-deployer")


def test_the_deployer_has_a_grant_on_each_service(prod: Inventory) -> None:
    for name in ("gateway", "chat", "worker"):
        grant = prod.one(f"prod-compute-{name}-deployer").inputs
        assert (grant["role"], grant["name"]) == ("roles/run.developer", f"prod-{name}")


def test_without_a_deployer_there_is_no_pool() -> None:
    assert not development().of_type("iam:WorkloadIdentityPool")
    assert not [r for r in development().custom if "deployer" in r.name]

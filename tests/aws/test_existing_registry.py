"""Repositories of ECR that exist already: permissions to pull and to push, and what the owner of another account must allow."""

from collections.abc import Mapping

from automation.plan.inventory import Inventory
from components.adjustments import adjustments
from providers import command_line
from tests.aws.plans import changed, spec_of
from tests.aws.readers import statements
from tests.aws.test_registry import PULL, image_of

OTHER = "arn:aws:ecr:eu-west-1:444455556666:repository/team/worker"
REPOSITORIES = {"chat": "team/chat", "worker": OTHER}
EXISTING: Mapping[str, object] = {"registry.existing": {"aws": {"repositories": REPOSITORIES}}}
WARM: Mapping[str, object] = {"recovery": {"mode": "warm", "standby_region": "us-east-1"}}
OWN = "arn:aws:ecr:us-west-2:111122223333:repository/team/chat"


def declared(changes: Mapping[str, object] | None = None) -> Inventory:
    return changed({**EXISTING, **(changes or {})})


def test_each_execution_role_may_pull_its_repository_and_no_other() -> None:
    inventory = declared()
    for name, repository in (("chat", OWN), ("worker", OTHER)):
        policy = inventory.one(f"prod-registry-{name}-pull")
        assert policy.inputs["role"] == f"<iam:Role prod-identity-{name}-execution>.name"
        token, pull = statements(policy)
        assert (token["Action"], token["Resource"]) == ("ecr:GetAuthorizationToken", "*")
        assert (pull["Action"], pull["Resource"]) == (PULL, repository)


def test_services_run_the_pinned_images_of_both_accounts() -> None:
    inventory = declared()
    assert image_of(inventory, "prod", "chat").startswith(
        "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/chat@sha256:"
    )
    assert image_of(inventory, "prod", "worker").startswith("444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/worker@")


def test_the_deployer_pushes_to_these_repositories_and_no_other() -> None:
    push = next(
        each for each in statements(declared().one("prod-identity-deployer-policy")) if "ecr:PutImage" in each["Action"]
    )
    assert push["Resource"] == [OWN, OTHER]


def test_the_plan_names_the_account_whose_policies_must_let_this_one_pull() -> None:
    notes = {each.key: each for each in adjustments(spec_of(EXISTING))}
    reason = notes["registry.existing.aws.repositories"].reason
    assert notes["registry.existing.aws.repositories"].requested == "team/worker"
    assert reason.startswith("the repository policies in account 444455556666 must let account 111122223333 pull")
    assert not [each for each in notes if each in ("services.chat.image", "services.worker.image")]


def test_docker_logs_in_to_each_account_and_region() -> None:
    hosts = [login.arguments[-1] for login in command_line("aws").registry_login(spec_of(EXISTING), "prod")]
    assert hosts == ["111122223333.dkr.ecr.us-west-2.amazonaws.com", "444455556666.dkr.ecr.eu-west-1.amazonaws.com"]
    regions = [
        login.stdin.arguments[-1]
        for login in command_line("aws").registry_login(spec_of(EXISTING), "prod")
        if login.stdin
    ]
    assert regions == ["us-west-2", "eu-west-1"]


def test_a_standby_region_pulls_from_the_same_repositories_and_has_none_of_its_own() -> None:
    inventory = declared(WARM)
    assert inventory.of_type("ecr:Repository") == ()
    pulls = [each for each in inventory.of_type("iam:RolePolicy") if each.name.endswith("-registry-chat-pull")]
    assert len(pulls) == 2
    assert {statements(each)[1]["Resource"] for each in pulls} == {OWN}
    reasons = [each.reason for each in adjustments(spec_of({**EXISTING, **WARM})) if each.key == "recovery.mode"]
    assert any("111122223333.dkr.ecr.us-west-2.amazonaws.com" in each and "are not copied" in each for each in reasons)

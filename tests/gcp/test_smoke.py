"""Smoke test of a new Cloud Run revision: when its URL is on, what is refused, and the job that sends the request."""

import json
from collections.abc import Mapping

import pytest

from automation.plan.inventory import Inventory
from providers.contract.cli import CliFailure, DeployedResource, DeployedStack
from providers.contract.rollout import RolloutPosition
from providers.contract.smoke import smoke_script
from providers.gcp.compute.rollout import CONTROL, SERVICE_TYPE
from tests.gcp.plans import diagnostics, spec_of
from tests.gcp.test_cli import FakeShell
from tests.planning import plan, production

SMOKE = {"path": "/ready", "expect_status": 204}
CANARY = {"services.gateway.rollout": {"strategy": "canary", "smoke": SMOKE}}
PRIVATE = {"services.chat.rollout": {"strategy": "canary", "smoke": SMOKE}}
BEFORE = RolloutPosition("prod-gateway-00007", 0)
TAG_URL = "https://next---prod-gateway-1a2b-uc.a.run.app"
SPLIT = json.dumps(
    {
        "status": {
            "traffic": [
                {"revisionName": "prod-gateway-00007", "percent": 100},
                {"revisionName": "prod-gateway-00008", "tag": "next", "url": TAG_URL},
            ]
        }
    }
)
ENDED = {
    "executions describe": "2026-11-28T11:00:00Z",
    "services describe": SPLIT,
    "jobs execute": "prod-gateway-run-1a2b3c4d-x1\n",
}


def task(*, succeeded: bool) -> str:
    """Return the task in the answer of Cloud Run."""
    conditions = [{"type": "Completed", "status": "True" if succeeded else "False"}]
    return json.dumps([{"status": {"conditions": conditions, "lastAttemptResult": {"exitCode": 1}}}])


def default_url_is_off(inventory: Inventory, service: str) -> object:
    """Return whether the default URL of a service is disabled."""
    (found,) = [each for each in inventory.resources if each.name == f"prod-compute-{service}"]
    return found.inputs["defaultUriDisabled"]


@pytest.mark.parametrize(
    ("position", "is_off"),
    [
        (None, True),
        (BEFORE, False),
        (RolloutPosition("prod-gateway-00007", 10), True),
        (RolloutPosition("prod-gateway-00007", 100), True),
        (RolloutPosition("prod-gateway-00007", 0, "held"), True),
    ],
)
def test_the_urls_of_a_routed_service_are_on_during_its_smoke_test_alone(
    position: RolloutPosition | None, is_off: bool
) -> None:
    inventory = plan(production(CANARY, cloud="gcp"), positions={"gateway": position} if position else None)
    assert default_url_is_off(inventory, "gateway") is is_off
    (gateway,) = [each for each in inventory.resources if each.name == "prod-compute-gateway"]
    assert gateway.inputs["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"


def test_without_a_smoke_test_the_urls_stay_off() -> None:
    canary = {"services.gateway.rollout": {"strategy": "canary"}}
    assert default_url_is_off(plan(production(canary, cloud="gcp"), positions={"gateway": BEFORE}), "gateway") is True


def test_a_private_service_without_callers_is_refused() -> None:
    messages = [str(each) for each in diagnostics({**PRIVATE, "services.gateway.calls": []})]
    assert (
        "services.chat.rollout.smoke: not supported on gcp: only its callers may invoke a private service, and it has "
        "none. Remove it, and test the same in health.path, which a new revision must answer before any request."
    ) in messages
    assert not any("smoke" in str(each) for each in diagnostics({**CANARY, **PRIVATE}))


def resource(service: str, **outputs: object) -> DeployedResource:
    """Return a Cloud Run service in the state."""
    interface = {"network": "net", "subnetwork": "sub", "tags": [f"prod-{service}"]}
    template = {
        "serviceAccount": f"prod-{service}@acme-agents.iam.gserviceaccount.com",
        "encryptionKey": "key",
        "vpcAccess": {"networkInterfaces": [interface]},
    }
    return DeployedResource(f"prod-compute-{service}", SERVICE_TYPE, service, {"template": template, **outputs})


def stack(changes: Mapping[str, object]) -> DeployedStack:
    """Return production in the state."""
    chat = resource("chat", customAudiences=["https://prod-chat-1.us-central1.run.app"])
    return DeployedStack("prod", spec_of(changes), (resource("gateway"), chat))


def option(shell: FakeShell, name: str) -> str:
    """Return the value of an option of the command that creates the job."""
    (create,) = [each for each in shell.commands if "create" in each.arguments]
    (value,) = [each for each in create.arguments if each.startswith(f"--{name}=")]
    return value.removeprefix(f"--{name}=")


def test_a_job_in_the_network_of_the_service_sends_the_request_and_is_deleted() -> None:
    shell = FakeShell({**ENDED, "tasks list": task(succeeded=True)})
    assert CONTROL.smoke_test(stack(CANARY), "gateway", "/ready", 204, shell) == ""
    assert [words for words in shell.verbs if "jobs" in words] == [
        "run jobs describe", "run jobs create", "run jobs execute", "run jobs executions describe",
        "run jobs executions tasks list", "run jobs delete",
    ]  # fmt: skip
    assert option(shell, "image") == "docker.io/curlimages/curl:8.11.1"
    assert option(shell, "args") == f"^~^-c~{smoke_script()}"
    assert option(shell, "set-env-vars") == f"^|^SMOKE_URL={TAG_URL}/ready|SMOKE_STATUS=204"
    assert option(shell, "service-account").startswith("prod-gateway@")
    assert option(shell, "network-tags") == "^|^prod-gateway"


def test_the_job_of_a_private_service_is_one_of_its_callers_and_has_a_token_for_its_audience() -> None:
    shell = FakeShell({**ENDED, "tasks list": task(succeeded=True)})
    assert CONTROL.smoke_test(stack(PRIVATE), "chat", "/ready", 204, shell) == ""
    assert option(shell, "service-account").startswith("prod-gateway@")
    assert option(shell, "set-env-vars").endswith("/identity?audience=https://prod-chat-1.us-central1.run.app")
    assert "Authorization: Bearer" in option(shell, "args")


def test_another_status_is_the_reason_of_the_abort() -> None:
    log = "2026-11-28T11:00:00Z  smoke-status 503\n"
    shell = FakeShell({**ENDED, "tasks list": task(succeeded=False), "logging read": log})
    assert CONTROL.smoke_test(stack(CANARY), "gateway", "/ready", 204, shell) == "/ready answered 503, not 204"
    assert shell.verbs[-1] == "run jobs delete"


def test_a_job_that_a_killed_test_left_is_deleted_first() -> None:
    shell = FakeShell({**ENDED, "tasks list": task(succeeded=True)}, existing=("jobs describe",))
    CONTROL.smoke_test(stack(CANARY), "gateway", "/ready", 204, shell)
    assert [words for words in shell.verbs if "jobs" in words][:3] == [
        "run jobs describe", "run jobs delete", "run jobs create",
    ]  # fmt: skip


def test_a_job_that_does_not_end_is_deleted_and_the_failure_says_so() -> None:
    shell = FakeShell({**ENDED, "executions describe": ""})
    with pytest.raises(CliFailure, match="did not end"):
        CONTROL.smoke_test(stack(CANARY), "gateway", "/ready", 204, shell)
    assert shell.verbs[-1] == "run jobs delete"


def test_the_health_path_is_not_tested_again() -> None:
    shell = FakeShell()
    assert CONTROL.smoke_test(stack(CANARY), "gateway", "/health", 200, shell) == ""
    assert not shell.commands


def test_a_revision_without_a_url_fails_the_test() -> None:
    shell = FakeShell({"services describe": json.dumps({"status": {"traffic": []}})})
    assert (
        CONTROL.smoke_test(stack(CANARY), "gateway", "/ready", 204, shell) == "the new revision has no URL of its own"
    )

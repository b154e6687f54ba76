"""Smoke test of a new Container Apps revision: what is refused, and the job that sends the request."""

import pytest

from providers.azure.compute.rollout import APP_TYPE, CONTROL
from providers.azure.compute.smoke import smoke_document
from providers.contract.cli import CliFailure, DeployedResource, DeployedStack
from providers.contract.smoke import smoke_script
from tests.azure.fake_shell import ENVIRONMENT_ID, RESOURCES, FakeShell, stack
from tests.azure.plans import refusals, spec_of

CANARY = {"services.gateway.rollout": {"strategy": "canary", "smoke": {"path": "/ready", "expect_status": 204}}}
OUTPUTS = {
    "latestRevisionFqdn": "prod-gateway--0000008.words-1a2b.westus3.azurecontainerapps.io",
    "environmentId": ENVIRONMENT_ID,
    "workloadProfileName": "Consumption",
}
CREATED = {"provisioningState": ["Succeeded\n"], "job start": ["smoke-x1\n"]}


def deployed() -> DeployedStack:
    """Return production in the state."""
    logs = next(each for each in RESOURCES if each.name == "prod-logs")
    return stack(spec_of(CANARY), (DeployedResource("prod-compute-gateway", APP_TYPE, "gateway", OUTPUTS), logs))


def smoke(shell: FakeShell, path: str = "/ready", status: int = 204) -> str:
    """Run the smoke test of the gateway."""
    return CONTROL.smoke_test(deployed(), "gateway", path, status, shell)


def test_a_job_in_the_environment_sends_the_request_and_is_deleted() -> None:
    shell = FakeShell({**CREATED, "properties.status": ["Processing\n", "Succeeded\n"]})
    assert smoke(shell) == ""
    (put,) = shell.with_part("rest --method put")
    assert "/providers/Microsoft.App/jobs/smoke-" in put
    assert "containerapp job delete --name smoke-" in shell.commands[-1]


def test_the_job_requests_the_address_of_the_new_revision_without_identity_and_secrets() -> None:
    document = smoke_document("westus3", OUTPUTS, "/ready", 204)
    assert document == {
        "location": "westus3",
        "properties": {
            "environmentId": ENVIRONMENT_ID,
            "workloadProfileName": "Consumption",
            "configuration": {
                "triggerType": "Manual",
                "replicaTimeout": 600,
                "replicaRetryLimit": 0,
                "manualTriggerConfig": {"parallelism": 1, "replicaCompletionCount": 1},
            },
            "template": {
                "containers": [
                    {
                        "name": "smoke",
                        "image": "quay.io/curl/curl:8.11.1",
                        "command": ["/bin/sh", "-c"],
                        "args": [smoke_script()],
                        "env": [
                            {"name": "SMOKE_URL", "value": f"https://{OUTPUTS['latestRevisionFqdn']}/ready"},
                            {"name": "SMOKE_STATUS", "value": "204"},
                        ],
                        "resources": {"cpu": 0.25, "memory": "0.5Gi"},
                    }
                ]
            },
        },
    }


def test_another_status_is_the_reason_of_the_abort() -> None:
    shell = FakeShell({**CREATED, "properties.status": ["Failed\n"], "ContainerAppConsoleLogs": ["smoke-status 503\n"]})
    assert smoke(shell) == "/ready answered 503, not 204"
    assert "containerapp job delete" in shell.commands[-1]


def test_a_job_that_cannot_be_created_is_deleted_and_the_failure_says_so() -> None:
    shell = FakeShell({"provisioningState": ["Failed\n"]})
    with pytest.raises(CliFailure, match="could not be created"):
        smoke(shell)
    assert "containerapp job delete" in shell.commands[-1]


def test_a_job_that_does_not_end_is_deleted_and_the_failure_says_so() -> None:
    shell = FakeShell({**CREATED, "properties.status": ["Running\n"]})
    with pytest.raises(CliFailure, match="did not end within 2400 s"):
        smoke(shell)
    assert "containerapp job delete" in shell.commands[-1]


def test_the_health_path_is_not_tested_again() -> None:
    shell = FakeShell()
    assert smoke(shell, "/health", 200) == ""
    assert not shell.commands


def test_without_egress_the_image_cannot_be_pulled() -> None:
    messages = [str(each) for each in refusals({**CANARY, "network.egress": "none"})]
    assert (
        "services.gateway.rollout.smoke: not supported on azure: the image that sends the request is in a public registry, "
        "and network.egress is none. Remove it, and test the same in health.path, which a new revision must answer before "
        "any request."
    ) in messages
    assert not any("smoke" in str(each) for each in refusals(CANARY))

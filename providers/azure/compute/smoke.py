"""Smoke test of a new Container Apps revision: a job in the environment sends a request to the revision's address. Pure.

An internal environment admits nothing from outside, so this machine does not reach a revision, but every container in the
environment does: Microsoft Learn, "Communicate between container apps". The address is that of the revision, which the app
reports; labels of an app without external ingress were not reachable for some time (microsoft/azure-container-apps#445). The
job is deleted after the test.
"""

from providers.azure.cli_commands import az, context_of, required
from providers.azure.naming import salt
from providers.azure.tasks import Document, awaited_status, create_job, read_output, start_execution
from providers.contract.cli import DeployedStack, JsonObject, OutputReader, Shell
from providers.contract.egress import names_leave
from providers.contract.smoke import CURL_VERSION, smoke_failure, smoke_script, smoke_variables
from providers.contract.spec import Platform

IMAGE = f"quay.io/curl/curl:{CURL_VERSION}"
MAX_SECONDS = 600
SUCCEEDED = "Succeeded"
OUTPUTS = OutputReader("Container App")


def smoke_problem(spec: Platform) -> str:
    """Return why no smoke test can be sent; empty where one can."""
    if spec.network.egress == "none":
        return "the image that sends the request is in a public registry, and network.egress is none"
    if not names_leave(spec):
        return "the image that sends the request is in a public registry, and network.egress_control is names"
    return ""


def smoke_document(location: str, app: JsonObject, path: str, expect_status: int) -> Document:
    """Return the job as Resource Manager expects it, in the environment of an app; without identity and secrets."""
    url = f"https://{OUTPUTS.text(app, 'latestRevisionFqdn')}{path}"
    variables = smoke_variables(url, expect_status)
    container: Document = {
        "name": "smoke",
        "image": IMAGE,
        "command": ["/bin/sh", "-c"],
        "args": [smoke_script()],
        "env": [{"name": name, "value": value} for name, value in variables.items()],
        "resources": {"cpu": 0.25, "memory": "0.5Gi"},
    }
    return {
        "location": location,
        "properties": {
            "environmentId": OUTPUTS.text(app, "environmentId"),
            "workloadProfileName": OUTPUTS.text(app, "workloadProfileName"),
            "configuration": {
                "triggerType": "Manual",
                "replicaTimeout": MAX_SECONDS,
                "replicaRetryLimit": 0,
                "manualTriggerConfig": {"parallelism": 1, "replicaCompletionCount": 1},
            },
            "template": {"containers": [container]},
        },
    }


def run_smoke_test(stack: DeployedStack, service: str, path: str, expect_status: int, shell: Shell) -> str:
    """Run the job and delete it; return why the test failed, empty on success.

    The name is fixed by service: a job that a killed test left behind is replaced and deleted by the next one.
    """
    context = context_of(stack.spec, stack.name)
    app = required(stack, "app:ContainerApp", f"{stack.active_name}-compute-{service}")
    job = f"smoke-{salt(context, f'smoke/{service}')}"
    document = smoke_document(context.region, app.outputs, path, expect_status)
    address = ("--name", job, "--resource-group", context.group)
    try:
        create_job(context, job, document, shell)
        execution = start_execution(context, job, shell)
        if awaited_status(context, job, execution, shell, MAX_SECONDS) == SUCCEEDED:
            return ""
        return smoke_failure(path, expect_status, read_output(stack, execution, shell, MAX_SECONDS))
    finally:
        # a failed deletion must not hide the result
        shell.succeeds(az(context, "containerapp", "job", "delete", *address, "--yes", "--output", "none"))

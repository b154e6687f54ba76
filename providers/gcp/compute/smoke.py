"""Smoke test of a new Cloud Run revision: a job in the network of the stack sends a request to the URL of its tag. Pure.

A service accepts requests from the networks of its project and from the load balancer only (Cloud Run documentation,
"Restrict network ingress for Cloud Run"), so this machine does not reach a revision. A routed service needs no token; the
job of a private one runs as one of its callers, which may invoke it. The job is deleted after the test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack, OutputReader, Shell
from providers.contract.rollout import RolloutPosition
from providers.contract.smoke import CURL_VERSION, NO_HEADER, smoke_failure, smoke_script, smoke_variables
from providers.contract.spec import Service
from providers.contract.spec.defaults import is_list
from providers.gcp.cli import context_of, read_logs
from providers.gcp.cli_executions import LOG_DELAY_SECONDS, POLL_SECONDS, JobExecutions
from providers.gcp.cli_job import RUN_TYPES, access_options, label_option, list_option, pairs
from providers.gcp.naming import job_name

IMAGE = f"docker.io/curlimages/curl:{CURL_VERSION}"
"""Cloud Run pulls public images of Docker Hub outside the network: Cloud Run documentation, "Deploying container images"."""
MAX_SECONDS = 600
IDENTITY_URL = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience="
"""ID token of the job's account: Cloud Run documentation, "Authenticating service-to-service"."""
OUTPUTS = OutputReader("Cloud Run service")


def opens_default_url(service: Service, position: RolloutPosition | None) -> bool:
    """Return whether the service has its run.app URLs at a position: for a smoke test, before the first request.

    A disabled default URL disables those of tags too. `ingress` still admits the networks of the project alone.
    """
    before = position is not None and position.phase == "stepping" and position.percent == 0
    return before and service.rollout.smoke is not None


def smoke_problem(callers: tuple[str, ...], service: Service) -> str:
    """Return why no smoke test reaches a new revision; empty where one does."""
    if service.path is None and not callers:
        return "only its callers may invoke a private service, and it has none"
    return ""


@dataclass(frozen=True)
class SmokeJob:
    """Job that requests one URL of a service's new revision."""

    stack: DeployedStack
    service: str
    url: str
    expect_status: int

    def run(self, path: str, shell: Shell) -> str:
        """Execute the job and delete it; return why the test failed, empty on success."""
        executions = self._executions
        if shell.succeeds(executions.command("describe", executions.job)):
            # a test that was killed left it
            shell.output(self._delete())
        try:
            shell.output(self.create_command(path))
            execution = executions.start(shell)
            self._wait(shell, execution)
            if executions.exit_code(shell, execution) == 0:
                return ""
            shell.sleep(LOG_DELAY_SECONDS)
            output = shell.output(read_logs(self.stack, executions.entries(execution)))
            return smoke_failure(path, self.expect_status, output)
        finally:
            # a failed deletion must not hide the result; the next test of the service deletes the job
            shell.succeeds(self._delete())

    def create_command(self, path: str) -> CliCommand:
        """Command that creates the job."""
        audience = self._audience
        header = f"printf 'Authorization: Bearer '; {_FETCH_IDENTITY}" if audience else NO_HEADER
        variables: Mapping[str, str] = smoke_variables(f"{self.url}{path}", self.expect_status)
        if audience:
            variables = {**variables, "SMOKE_IDENTITY_URL": f"{IDENTITY_URL}{audience}"}
        return self._executions.command(
            "create",
            self._executions.job,
            f"--image={IMAGE}",
            "--command=/bin/sh",
            list_option("args", ("-c", smoke_script(header))),
            list_option("set-env-vars", pairs(variables)),
            *access_options(OUTPUTS.mapping(self._sender.outputs, "template")),
            "--cpu=1",
            "--memory=512Mi",
            "--tasks=1",
            "--max-retries=0",
            f"--task-timeout={MAX_SECONDS}s",
            label_option(context_of(self.stack.spec, self.stack.name)),
        )

    @property
    def _executions(self) -> JobExecutions:
        digest = sha256(f"smoke {self.service}".encode()).hexdigest()[:8]
        name = job_name(self.stack.active_name, self.service, digest)
        return JobExecutions(context_of(self.stack.spec, self.stack.name), f"services.{self.service}", name)

    @property
    def _is_private(self) -> bool:
        return self.stack.spec.services[self.service].path is None

    @property
    def _sender(self) -> DeployedResource:
        """Service whose account and network the job has: of a private service its first caller."""
        name = self.stack.spec.callers_of(self.service)[0] if self._is_private else self.service
        return _run_resource(self.stack, name)

    @property
    def _audience(self) -> str:
        """Audience of the token for a private service; the URL of a tag is none."""
        if not self._is_private:
            return ""
        audiences = _run_resource(self.stack, self.service).outputs.get("customAudiences")
        if not is_list(audiences) or not audiences:
            raise OUTPUTS.missing("customAudiences")
        return str(audiences[0])

    def _delete(self) -> CliCommand:
        return self._executions.command("delete", self._executions.job, "--quiet")

    def _wait(self, shell: Shell, execution: str) -> None:
        for _ in range(MAX_SECONDS * 2 // POLL_SECONDS):
            if self._executions.has_ended(shell, execution):
                return
            shell.sleep(POLL_SECONDS)
        fix = f"look at `gcloud run jobs executions describe {execution}`"
        raise CliFailure(f"services.{self.service}.rollout.smoke", f"the task {execution} did not end", fix)


_FETCH_IDENTITY = 'curl --silent --max-time 30 --header "Metadata-Flavor: Google" "$SMOKE_IDENTITY_URL"'


def _run_resource(stack: DeployedStack, service: str) -> DeployedResource:
    name = f"{stack.active_name}-compute-{service}"
    found = next((each for token in RUN_TYPES if (each := stack.resource(token, name))), None)
    if found is None:
        raise stack.not_deployed(service)
    return found

"""Commands of AWS through the AWS CLI, version 2. Pure.

Names of repositories and log groups are known before a deployment; what a task needs (cluster, subnets, security groups and
task definition) is in the outputs of its ECS service. Each operation on a stack first compares the account of the login with
that of the stack, because another account would answer that nothing exists.
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import partial

from providers.aws.base.existing_registry import used_repositories
from providers.aws.base.image_sources import repository_name
from providers.aws.cli_job import run_job
from providers.aws.context import AwsContext
from providers.contract.cli import (
    CliCommand,
    CliFailure,
    CliProgram,
    CloudCli,
    DataClient,
    DeployedResource,
    DeployedStack,
    LogQuery,
    OutputReader,
    Shell,
    StateBackend,
)
from providers.contract.data_clients import private_store
from providers.contract.diagnostics import InvalidConfiguration, Unsupported, listed
from providers.contract.existing_registry import stored_addresses
from providers.contract.images import own_images
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw, is_list, is_mapping

PROGRAMS = (
    CliProgram(
        name="aws",
        check=("aws", "--version"),
        install=(
            "install version 2 of the AWS CLI "
            "(https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html) and run aws configure or aws sso login"
        ),
    ),
)
NO_PAGER = {"AWS_PAGER": ""}
"""Version 2 shows output on a terminal in `less` unless this is empty."""
ACCOUNT_FIX = "set AWS_PROFILE to a profile of the stack's account, or run aws sso login"
OUTPUTS = OutputReader("ECS service")
SERVICE_TYPE = "aws:ecs/service:Service"
LOG_GROUP_TYPE = "aws:cloudwatch/logGroup:LogGroup"
WAITS = 36
"""`aws ecs wait` polls for ten minutes, so a task may take six hours."""
LOG_DELAY_SECONDS = 5
"""Time until CloudWatch Logs returns the last lines of a stopped task."""
STATE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?")
"""Name that, with its suffix, fits in the 63 characters of a bucket's name."""


class AwsCli:
    """Commands of AWS; see `providers.contract.cli.CloudCli` for each method."""

    @property
    def programs(self) -> Sequence[CliProgram]:
        """See `CloudCli.programs`."""
        return PROGRAMS

    @property
    def keeps_images_on_host(self) -> bool:
        """See `CloudCli.keeps_images_on_host`."""
        return False

    def repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """See `CloudCli.repositories`."""
        return {**repository_addresses(home_context(spec, stack)), **stored_addresses(spec)}

    def standby_repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """See `CloudCli.standby_repositories`."""
        return {
            service: address
            for context in standby_contexts(spec, stack)
            for service, address in repository_addresses(context).items()
        }

    def registry_login(self, spec: Platform, stack: str) -> Sequence[CliCommand]:
        """See `CloudCli.registry_login`; the token is valid for twelve hours."""
        own = [home_context(spec, stack), *standby_contexts(spec, stack)]
        hosts = {each.host: AwsContext(spec, stack, each.region) for each in used_repositories(spec)}
        hosts = hosts or {context.registry_host: context for context in own}
        return tuple(
            CliCommand(
                ("docker", "login", "--username", "AWS", "--password-stdin", host),
                stdin=aws(context, "ecr", "get-login-password"),
            )
            for host, context in hosts.items()
        )

    def open_registry(self, stack: DeployedStack, shell: Shell) -> bool:
        """See `CloudCli.open_registry`; ECR accepts every authenticated client."""
        return False

    def close_registry(self, stack: DeployedStack, shell: Shell) -> None:
        """See `CloudCli.close_registry`."""

    def after_update(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """See `CloudCli.after_update`."""
        return ()

    def logs(self, stack: DeployedStack, query: LogQuery, shell: Shell) -> int:
        """See `CloudCli.logs`; lines of sidecars are in other streams of the same log group."""
        job = stack.spec.jobs.get(query.service)
        service = job.service if job is not None else query.service
        context = checked_context(stack, shell)
        if stack.resource(LOG_GROUP_TYPE, f"{stack.active_name}-compute-{service}-log") is None:
            raise stack.not_deployed(query.service)
        streams = ("--log-stream-name-prefix", f"{query.service}/{query.service}/")
        since = ("--since", f"{query.since_seconds}s", "--format", "short", *(("--follow",) if query.follow else ()))
        return shell.stream(aws(context, "logs", "tail", _log_group(context, service), *streams, *since))

    def run(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """See `CloudCli.run`; the output is printed when the command has ended."""
        context = checked_context(stack, shell)
        deployed = _deployed(stack, service)
        task = _started_task(shell.output(run_task(context, deployed, service, command)), service)
        cluster = OUTPUTS.text(deployed.outputs, "cluster")
        try:
            ended = _ended_task(context, cluster, task, service, shell)
        except KeyboardInterrupt:
            shell.succeeds(aws(context, "ecs", "stop-task", "--cluster", cluster, "--task", task))
            raise
        shell.sleep(LOG_DELAY_SECONDS)
        shell.stream(_output_of_task(context, task, service))
        return _exit_code(ended, service)

    def run_job(self, stack: DeployedStack, job: str, shell: Shell) -> int:
        """See `CloudCli.run_job`; the output is printed when the job has ended."""
        stack.require_job(job)
        context = checked_context(stack, shell)
        return run_job(stack, context, job, shell, partial(json_command, context))

    def exec(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """See `CloudCli.exec`.

        ECS Exec does not support a read-only root file system (Amazon ECS developer guide, "Monitor containers with ECS
        Exec", considerations), so services do not enable it.
        """
        context = checked_context(stack, shell)
        deployed = _deployed(stack, service)
        if deployed.outputs.get("enableExecuteCommand") is not True:
            problem = "ECS Exec needs a writable root file system, and containers have a read-only one"
            fix = (
                f"run agent-platform run {stack.name} {service} -- {shlex.join(command)}, which starts a new task with the "
                "service's image, environment and access"
            )
            raise InvalidConfiguration([Unsupported("aws", f"services.{service}", problem, fix)])
        cluster = ("--cluster", OUTPUTS.text(deployed.outputs, "cluster"))
        query = ("--desired-status", "RUNNING", "--query", "taskArns[0]", "--output", "text")
        task = shell.output(aws(context, "ecs", "list-tasks", *cluster, "--service-name", deployed.id, *query)).strip()
        if task in ("", "None"):
            raise CliFailure(
                f"services.{service}", "no replica is running", f"read agent-platform logs {stack.name} {service}"
            )
        terminal = ("--container", service, "--interactive", "--command", shlex.join(command))
        return shell.stream(aws(context, "ecs", "execute-command", *cluster, "--task", task, *terminal))

    def open_data(self, stack: DeployedStack, client: DataClient, arguments: Sequence[str], shell: Shell) -> int:
        """See `CloudCli.open_data`; a task is started in the network of the service, without a terminal."""
        raise private_store("aws", stack, client)

    def state_backend(self, spec: Platform, name: str) -> StateBackend:
        """See `CloudCli.state_backend`."""
        if not STATE_NAME.fullmatch(name):
            fix = "use up to 48 lower-case letters, digits and hyphens, starting and ending with a letter or digit"
            raise CliFailure("--create-state", f"{json.dumps(name)} cannot be part of the name of a bucket", fix)
        context = home_context(spec, name)
        bucket, alias = f"{name}-pulumi-state", f"alias/{name}-pulumi"
        return StateBackend(
            url=f"s3://{bucket}?region={context.region}",
            secrets_provider=f"awskms://{alias}?region={context.region}",
            commands=(
                _account_check(context),
                *_key_commands(context, alias, name),
                *_bucket_commands(context, bucket, alias),
            ),
        )


def aws(
    context: AwsContext, *arguments: str, stdin: CliCommand | None = None, unless: CliCommand | None = None
) -> CliCommand:
    """Command of the AWS CLI in the region of the stack."""
    return CliCommand(("aws", *arguments, "--region", context.region), stdin=stdin, unless=unless, environment=NO_PAGER)


def standby_contexts(spec: Platform, stack: str) -> tuple[AwsContext, ...]:
    """Standby region of the stack; empty without copies."""
    return () if spec.standby_region is None else (AwsContext(spec, stack, spec.standby_region),)


def repository_addresses(context: AwsContext) -> dict[str, str]:
    """Address without tag of each image in the stack's own registry in a region, by service."""
    host = context.registry_host
    images = own_images(context.spec).items()
    return {service: f"{host}/{repository_name(context.stack, image.name)}" for service, image in images}


def run_task(context: AwsContext, deployed: DeployedResource, service: str, command: Sequence[str]) -> CliCommand:
    """Command that starts one task of a service with another command; its subnets and groups are those of the service."""
    network = OUTPUTS.mapping(deployed.outputs, "networkConfiguration")
    addresses = {
        "subnets": network.get("subnets"),
        "securityGroups": network.get("securityGroups"),
        "assignPublicIp": "DISABLED",
    }
    overrides = {"containerOverrides": [{"name": service, "command": list(command)}]}
    return aws(
        context,
        *("ecs", "run-task", "--cluster", OUTPUTS.text(deployed.outputs, "cluster")),
        *(
            "--task-definition",
            OUTPUTS.text(deployed.outputs, "taskDefinition"),
            "--launch-type",
            "FARGATE",
            "--count",
            "1",
        ),
        *("--network-configuration", json.dumps({"awsvpcConfiguration": addresses})),
        *("--overrides", json.dumps(overrides), "--started-by", "agent-platform", "--output", "json"),
    )


def json_command(context: AwsContext, *arguments: str) -> CliCommand:
    """Command whose answer is JSON, whatever format the profile has, unless it prints logs."""
    return aws(context, *arguments, *(() if arguments[0] == "logs" else ("--output", "json")))


def context_of(spec: Platform, stack: str) -> AwsContext:
    """Context of the region of a stack that serves, whatever account the AWS CLI is logged in to."""
    return AwsContext(spec, stack, spec.active_region)


def home_context(spec: Platform, stack: str) -> AwsContext:
    """Context of the home region of a stack, which has the registry and the drills."""
    return AwsContext(spec, stack, spec.home_region)


def _log_group(context: AwsContext, service: str) -> str:
    return context.log_group("services", service)


def checked_context(stack: DeployedStack, shell: Shell, *, home: bool = False) -> AwsContext:
    """Context of the region that serves, or of the home region, after a comparison of the login's account with the stack's."""
    context = (home_context if home else context_of)(stack.spec, stack.name)
    caller = shell.output(_caller(context)).strip()
    if caller != context.account_id:
        problem = f"the AWS CLI is logged in to account {caller}, and the stack is in account {context.account_id}"
        raise CliFailure("aws.account_id", problem, ACCOUNT_FIX)
    return context


def _caller(context: AwsContext) -> CliCommand:
    """Command that prints the account of the login."""
    return aws(context, "sts", "get-caller-identity", "--query", "Account", "--output", "text")


def _account_check(context: AwsContext) -> CliCommand:
    """Lookup before commands that would create resources in the account of the login, whichever it is."""
    problem = f"the AWS CLI is not logged in to account {context.account_id} of the stack"
    failure = CliFailure("aws.account_id", problem, ACCOUNT_FIX)
    return CliCommand(("grep", "-x", context.account_id), stdin=_caller(context), failure=failure)


def _deployed(stack: DeployedStack, service: str) -> DeployedResource:
    resource = stack.resource(SERVICE_TYPE, f"{stack.active_name}-compute-{service}")
    if resource is None:
        raise stack.not_deployed(service)
    return resource


def _started_task(answer: str, service: str) -> str:
    """ARN of the task in the answer of `run-task`, which also succeeds when no task starts."""
    document: object = json.loads(answer)
    if not is_mapping(document):
        raise CliFailure(f"services.{service}", "the answer of aws ecs run-task is no object", "update the AWS CLI")
    tasks = document.get("tasks")
    if is_list(tasks) and tasks and is_mapping(tasks[0]):
        return OUTPUTS.text(tasks[0], "taskArn")
    failures = document.get("failures")
    reasons = [str(each.get("reason", "unknown")) for each in failures if is_mapping(each)] if is_list(failures) else []
    problem = f"no task started: {listed(reasons, 'and') or 'AWS states no reason'}"
    raise CliFailure(f"services.{service}", problem, "run the same command again in a minute")


def _ended_task(context: AwsContext, cluster: str, task: str, service: str, shell: Shell) -> Raw:
    """Description of a task once it has stopped."""
    address = ("--cluster", cluster, "--tasks", task)
    for _ in range(WAITS):
        waited = shell.succeeds(aws(context, "ecs", "wait", "tasks-stopped", *address))
        described: object = json.loads(
            shell.output(aws(context, "ecs", "describe-tasks", *address, "--query", "tasks[0]", "--output", "json"))
        )
        if is_mapping(described) and (waited or described.get("lastStatus") == "STOPPED"):
            return described
    problem = f"the task still runs after {WAITS // 6} hours"
    stop = aws(context, "ecs", "stop-task", "--cluster", cluster, "--task", task)
    raise CliFailure(f"services.{service}", problem, f"wait for it, or stop it: {shlex.join(stop.arguments)}")


def _output_of_task(context: AwsContext, task: str, service: str) -> CliCommand:
    """Command that prints the lines of a stopped task; the stream is `<prefix>/<container>/<task id>`."""
    stream = f"{service}/{service}/{task.rpartition('/')[2]}"
    # a list of one for each event: text output prints each list on its own line
    lines = ("--query", "events[*].[message]", "--output", "text")
    names = ("--log-group-name", _log_group(context, service), "--log-stream-names", stream)
    return aws(context, "logs", "filter-log-events", *names, *lines)


def _exit_code(task: Raw, service: str) -> int:
    """Exit code of the service's container; a task that did not start has none."""
    containers = task.get("containers")
    named = (
        [each for each in containers if is_mapping(each) and each.get("name") == service] if is_list(containers) else []
    )
    code = named[0].get("exitCode") if named else None
    if isinstance(code, int):
        return code
    reason = next(
        (str(text) for text in (task.get("stoppedReason"), *(each.get("reason") for each in named)) if text), ""
    )
    problem = f"the task stopped before its command ended: {reason.rstrip('.') or 'AWS states no reason'}"
    raise CliFailure(f"services.{service}", problem, "read the service's logs, then run the same command again")


def _key_commands(context: AwsContext, alias: str, name: str) -> tuple[CliCommand, ...]:
    """Key that encrypts the stack's secrets; the id of a key is only known from an answer, so `xargs` appends it."""
    exists = aws(context, "kms", "describe-key", "--key-id", alias)
    create = aws(
        context,
        *("kms", "create-key", "--description", f"Encrypts the secrets of Pulumi stacks of {name}"),
        *("--query", "KeyMetadata.KeyId", "--output", "text"),
    )
    found = aws(context, "kms", "describe-key", "--key-id", alias, "--query", "KeyMetadata.KeyId", "--output", "text")
    region = ("--region", context.region)
    name_it = ("xargs", "aws", "kms", "create-alias", "--alias-name", alias, *region, "--target-key-id")
    rotate_it = ("xargs", "aws", "kms", "enable-key-rotation", *region, "--key-id")
    return (
        CliCommand(name_it, stdin=create, unless=exists, environment=NO_PAGER),
        CliCommand(rotate_it, stdin=found, environment=NO_PAGER),
    )


def _bucket_commands(context: AwsContext, bucket: str, alias: str) -> tuple[CliCommand, ...]:
    """Bucket with versions, the key's encryption and no public access."""
    exists = aws(context, "s3api", "head-bucket", "--bucket", bucket)
    # us-east-1 is the default location, which the API does not accept as a constraint
    location = (
        ()
        if context.region == "us-east-1"
        else ("--create-bucket-configuration", f"LocationConstraint={context.region}")
    )
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": alias}
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}]}
    blocked = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    return (
        aws(context, "s3api", "create-bucket", "--bucket", bucket, *location, unless=exists),
        aws(
            context,
            "s3api",
            "put-public-access-block",
            "--bucket",
            bucket,
            "--public-access-block-configuration",
            blocked,
        ),
        aws(
            context,
            "s3api",
            "put-bucket-versioning",
            "--bucket",
            bucket,
            "--versioning-configuration",
            "Status=Enabled",
        ),
        aws(
            context,
            *("s3api", "put-bucket-encryption", "--bucket", bucket),
            *("--server-side-encryption-configuration", json.dumps(encryption)),
        ),
    )


CLI: CloudCli = AwsCli()

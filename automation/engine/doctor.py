"""Checks before a deployment: collects the facts about a stack once and runs every check on them."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from automation.engine.checks import account, backend, cloud, existing_resources, images, project, recovery, tools, zone
from automation.engine.cloud_queries import QueryAnswers, run_queries
from automation.engine.credentials import CLOUDS
from automation.engine.findings import CheckInput, Finding, RunCli, failed, ok, unknown
from automation.engine.installation import EngineLocation, EngineMissing, engine_command, language_host
from automation.engine.network import fetch, is_reachable
from automation.engine.running_stack import running_results
from automation.engine.target import CloudTarget, target_of
from automation.local.state import local_state
from automation.plan.build import plan_of
from automation.processes import CompletedCommand, run_command
from automation.render.dry_run import object_results
from automation.stack.document import Stack, read_stack, stack_names
from automation.stack.folder import project_folder
from automation.urn import Urn
from providers import host_checks
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.preflight import CheckResult
from providers.contract.region_specs import is_warm

PLANNED_CLOUDS = ("aws", "azure")
"""Clouds with a check that depends on the resources of the plan."""
PARALLEL_CHECKS = 8
"""Checks that wait for the network at the same time."""
TOOL_VARIABLES = {
    "AWS_PAGER": "",
    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
    "AZURE_CORE_COLLECT_TELEMETRY": "no",
}
"""Variables with which the clouds' command lines neither page nor ask."""
Check = Callable[[CheckInput], Finding]
StackCheck = Callable[[CheckInput, Stack], Finding]

CHECKS: tuple[Check, ...] = (
    project.check_stack_file,
    project.check_virtualenv,
    project.check_cli,
    project.check_language_host,
    backend.check_backend,
    backend.check_secrets_provider,
)
STACK_CHECKS: tuple[StackCheck, ...] = (
    project.check_secrets,
    project.check_plugins,
    tools.check_docker,
    tools.check_command_line,
    images.check_hosted_images,
    images.check_own_images,
    cloud.check_credentials,
    cloud.check_identity,
    zone.check_zone,
    zone.check_delegation,
    existing_resources.check_existing_network,
    existing_resources.check_existing_registry,
    existing_resources.check_existing_stores,
)
"""Checks that need a valid stack file."""


def check_stack(
    name: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Check that a stack can be deployed; raises InvalidConfiguration when there is no stack of that name."""
    project, variables = project_folder(folder), os.environ if environment is None else environment
    state = local_state(project, name, name, variables)
    if state is not None:
        state.create()
        variables = {**variables, **state.environment(variables)}
    return findings_of(collect(name, project, variables))


def findings_of(facts: CheckInput) -> tuple[Finding, ...]:
    """Run every check, in the order in which the findings are printed."""
    stack = facts.stack
    bound = [partial(check, facts) for check in CHECKS]
    if stack is not None:
        checks = (*stack_checks(stack.spec.cloud), *recovery.recovery_checks(stack))
        bound += [partial(check, facts, stack) for check in checks]
    with ThreadPoolExecutor(PARALLEL_CHECKS) as pool:
        findings = tuple(pool.map(_run, bound))
    return (*findings, *(finding for result in facts.host_results for finding in _host_findings(result)))


def _run(check: Callable[[], Finding]) -> Finding:
    return check()


def stack_checks(name: str) -> tuple[StackCheck, ...]:
    """Return the checks of a valid stack on a cloud."""
    return (*STACK_CHECKS, *account.ACCOUNT_CHECKS.get(name, ()), *cloud.quota_checks(name))


def collect(name: str, folder: Path, environment: Mapping[str, str]) -> CheckInput:
    """Collect the input of the checks; the cloud is queried when there is an engine and a valid stack file."""
    stack, errors = _read(folder, name)
    location, engine_error = _engine(folder, environment)
    planned, standby_planned = _planned(folder, stack)
    return CheckInput(
        name=name,
        folder=folder,
        environment=environment,
        home=Path(environment.get("HOME") or Path.home()),
        stack=stack,
        errors=errors,
        engine=location,
        engine_error=engine_error,
        language_host=language_host(location, environment) if location else None,
        run=_runner(location, folder, environment),
        is_reachable=is_reachable,
        fetch=fetch,
        run_tool=_tool_runner(folder, environment),
        answers=_answers(location, environment, stack),
        standby_answers=_standby_answers(location, environment, stack),
        planned=planned,
        standby_planned=standby_planned,
        host_results=_host_results(stack, folder, environment) if stack else (),
    )


def _host_results(stack: Stack, folder: Path, environment: Mapping[str, str]) -> tuple[CheckResult, ...]:
    results = host_checks(stack.spec.cloud).preflight(stack.spec, stack.name, environment)
    objects = () if any(result.diagnostics for result in results) else _object_results(stack, folder, environment)
    return *results, *objects, *running_results(stack, folder, environment)


def _object_results(stack: Stack, folder: Path, environment: Mapping[str, str]) -> tuple[CheckResult, ...]:
    try:
        return object_results(stack, folder, environment)
    # The program is the project's own and may raise anything; `plan` prints the error.
    except Exception:
        return ()


def _host_findings(result: CheckResult) -> Iterator[Finding]:
    for diagnostic in result.diagnostics:
        yield failed(result.subject, f"{diagnostic.key}: {diagnostic.problem}", diagnostic.fix)
    if result.fix:
        yield unknown(result.subject, result.observed, result.fix)
    elif not result.diagnostics:
        yield ok(result.subject, result.observed)


def _read(folder: Path, name: str) -> tuple[Stack | None, tuple[str, ...]]:
    try:
        return read_stack(folder, name), ()
    except InvalidConfiguration as invalid:
        # A stack without a file is an error of the command line, not of the file.
        if name not in stack_names(folder):
            raise
        return None, tuple(str(diagnostic) for diagnostic in invalid.diagnostics)


def _engine(folder: Path, environment: Mapping[str, str]) -> tuple[EngineLocation | None, EngineMissing | None]:
    try:
        return engine_command(folder, environment), None
    except EngineMissing as missing:
        return None, missing


def _runner(location: EngineLocation | None, folder: Path, environment: Mapping[str, str]) -> RunCli:
    if location is None:
        return lambda _arguments, _timeout_seconds: CompletedCommand(None, "", "")
    quiet = {**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    program = [location.command, "--non-interactive", "--color", "never"]
    return lambda arguments, timeout_seconds: run_command([*program, *arguments], folder, quiet, timeout_seconds)


def _tool_runner(folder: Path, environment: Mapping[str, str]) -> RunCli:
    variables = {**environment, **TOOL_VARIABLES}
    return lambda arguments, timeout_seconds: run_command(arguments, folder, variables, timeout_seconds)


def _answers(location: EngineLocation | None, environment: Mapping[str, str], stack: Stack | None) -> QueryAnswers:
    if location is None or stack is None or stack.spec.cloud not in CLOUDS:
        return QueryAnswers({}, {})
    return run_queries(location, environment, stack.spec.cloud, query_target(stack))


def _standby_answers(
    location: EngineLocation | None, environment: Mapping[str, str], stack: Stack | None
) -> QueryAnswers:
    region = stack.spec.standby_region if stack else None
    return (
        _answers(location, environment, recovery.in_region(stack, region)) if stack and region else QueryAnswers({}, {})
    )


def query_target(stack: Stack) -> CloudTarget:
    """Return the target of the queries with the names that they ask about."""
    spec = stack.spec
    subjects = {
        "zone": zone.zone_name(stack),
        "models": " ".join(spec.models if spec.users_of("models") else ()),
        **({"registry": account.azure_registry(stack)} if spec.azure else {}),
        **_zone_subjects(stack),
    }
    return replace(target_of(spec, stack.name), subjects={key: value for key, value in subjects.items() if value})


def _zone_subjects(stack: Stack) -> Mapping[str, str]:
    """Return the place of the DNS zone."""
    place = zone.zone_place(stack)
    return {"dns_account": place.account, "dns_group": place.group, "dns_role": place.role}


def _planned(folder: Path, stack: Stack | None) -> tuple[Mapping[str, int] | None, Mapping[str, int] | None]:
    """Count the planned resources by type, and those of the standby region; None when the program fails.

    Only for a cloud whose quotas are compared with them.
    """
    if stack is None or stack.spec.cloud not in PLANNED_CLOUDS:
        return {}, {}
    try:
        planned = plan_of(stack, folder).inventory.custom
    # The program is the project's own and may raise anything; `plan` prints the error.
    except Exception:
        return None, None
    everything = Counter(resource.type for resource in planned)
    if not is_warm(stack.spec):  # after a loss, all of it is built there
        return everything, everything
    provider = f"{stack.name}-{stack.spec.standby_region}"
    there = Counter(each.type for each in planned if Urn.of_provider(each.provider or "").name == provider)
    return everything - there, there

"""The doctor: gathers a case and has every check look at it."""

import os
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from automation.engine.case import Case, Run, place_of
from automation.engine.checks import findings
from automation.engine.cloud_queries import QueryAnswers, run_queries
from automation.engine.credentials import CLOUDS
from automation.engine.findings import Finding
from automation.engine.locate import EngineLocation, EngineMissing, engine_command, language_host
from automation.engine.run import Ran, run_limited
from automation.stack.document import Stack, read_stack, stack_names
from providers import host_checks
from providers.contract.diagnostics import InvalidConfiguration

COUNTED = ("aws",)
"""Clouds with a quota that counts resources of the plan."""
REACH_SECONDS = 5.0
"""For a download's host to answer."""


def doctor(stack: str, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """What stands in the way of deploying a stack; raises InvalidConfiguration where there is no such stack."""
    return findings(case_of(stack, folder or Path.cwd(), os.environ if environment is None else environment))


def case_of(name: str, folder: Path, environment: Mapping[str, str]) -> Case:
    """Everything the checks look at; asks the cloud where there is an engine and a stack file without mistakes."""
    stack, mistakes = _read(folder, name)
    engine, without = _engine(folder, environment)
    return Case(
        name=name,
        folder=folder,
        environment=environment,
        home=Path(environment.get("HOME") or Path.home()),
        stack=stack,
        mistakes=mistakes,
        engine=engine,
        without_engine=without,
        language_host=language_host(engine, environment) if engine else None,
        run=_runner(engine, folder, environment),
        reachable=reachable,
        answers=_answers(engine, environment, stack),
        declared=_declared(folder, stack),
        seen=host_checks(stack.spec.cloud).preflight(stack.spec, name, environment) if stack else (),
    )


def _read(folder: Path, name: str) -> tuple[Stack | None, tuple[str, ...]]:
    try:
        return read_stack(folder, name), ()
    except InvalidConfiguration as invalid:
        # a stack without a file is a mistake of the command, not of the file
        if name not in stack_names(folder):
            raise
        return None, tuple(str(refusal) for refusal in invalid.diagnostics)


def _engine(folder: Path, environment: Mapping[str, str]) -> tuple[EngineLocation | None, str]:
    try:
        return engine_command(folder, environment), ""
    except EngineMissing as missing:
        return None, str(missing)


def _runner(engine: EngineLocation | None, folder: Path, environment: Mapping[str, str]) -> Run:
    if engine is None:
        return lambda _arguments, _seconds: Ran(None, "", "")
    quiet = {**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    program = [engine.command, "--non-interactive", "--color", "never"]
    return lambda arguments, seconds: run_limited([*program, *arguments], folder, quiet, seconds)


def _answers(engine: EngineLocation | None, environment: Mapping[str, str], stack: Stack | None) -> QueryAnswers:
    if engine is None or stack is None or stack.spec.cloud not in CLOUDS:
        return QueryAnswers({}, {})
    return run_queries(engine, environment, stack.spec.cloud, place_of(stack.spec, stack.name))


def _declared(folder: Path, stack: Stack | None) -> Mapping[str, int] | None:
    """The plan's resources by type, where a quota of the cloud counts them."""
    if stack is None or stack.spec.cloud not in COUNTED:
        return {}
    from automation.plan.build import plan_of

    try:
        return Counter(resource.type for resource in plan_of(stack, folder).inventory.custom)
    # The program is the project's own and may raise anything; `plan` shows it whole.
    except Exception:
        return None


def reachable(url: str) -> bool:
    """True when a URL's host answers that it has it."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310  # the scheme is ours
    try:
        with urllib.request.urlopen(request, timeout=REACH_SECONDS) as answer:  # noqa: S310
            return answer.status < 400
    except (OSError, urllib.error.URLError):
        return False

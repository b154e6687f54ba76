"""Answers of an account to the questions of the audit, through the command line of the cloud."""

from collections.abc import Mapping
from pathlib import Path

from automation.audit.evaluation import LiveAnswers
from automation.deploy.errors import DeploymentFailed
from automation.shell import LocalShell
from automation.stack.document import Stack
from providers import command_line, live_audit
from providers.contract.cli import DeployedStack, Shell
from providers.contract.diagnostics import ConfigError
from providers.contract.live_audit import CloudLiveAudit, LiveQuery, answer_of

OPTION = "--live"


def ask_account(stack: Stack, folder: Path, environment: Mapping[str, str] | None = None) -> LiveAnswers:
    """Return what the account of a stack answers; without a login or a state, that is one of the unanswered questions."""
    from automation.deploy.deployment import Deployment
    from automation.services.operations import deployed_stack

    answers, shell = LiveAnswers(), LocalShell(command_line(stack.spec.cloud).programs, folder, environment or {})
    try:
        deployed = deployed_stack(Deployment(stack.name, folder, environment=environment))
    except DeploymentFailed as failure:
        _fail(answers, failure)
        deployed = DeployedStack(stack.name, stack.spec)
    return ask(deployed, shell, answers)


def ask(deployed: DeployedStack, shell: Shell, answers: LiveAnswers) -> LiveAnswers:
    """Ask the account of the login about itself and about deployed resources, when it is the account of the stack."""
    live = live_audit(deployed.spec.cloud)
    if live is None:
        return answers
    try:
        problem = wrong_account(live, deployed, shell)
    except DeploymentFailed as failure:
        _fail(answers, failure)
        return answers
    if problem is not None:
        answers.fail(problem)
        return answers
    for query in live.queries(deployed):
        _ask_one(query, shell, answers)
    return answers


def wrong_account(live: CloudLiveAudit, deployed: DeployedStack, shell: Shell) -> ConfigError | None:
    """Return the error of a login to another account than that of the stack."""
    found, expected = shell.output(live.account(deployed)).strip(), live.expected(deployed)
    if found.lower() == expected.lower():
        return None
    problem = f"the login is of {found or 'no account'}, and the stack is in {expected}"
    return ConfigError(live.key, problem, "log in to the account of the stack")


def _ask_one(query: LiveQuery, shell: Shell, answers: LiveAnswers) -> None:
    try:
        answer = answer_of(shell.output(query.command))
    except DeploymentFailed as failure:
        if not query.absent or query.absent not in failure.log + failure.problem:
            _fail(answers, failure)
            return
        answer = None
    for found in query.read(answer):
        answers.add(found)


def _fail(answers: LiveAnswers, failure: DeploymentFailed) -> None:
    answers.fail(ConfigError(OPTION, failure.problem, failure.fix))

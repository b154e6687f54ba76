"""Operations and states of a project with two regions."""

import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from automation.deploy.deployment import Deployment
from automation.deploy.events import OnEvent
from automation.failover.stack_failover import StackFailover
from automation.plan.inventory import Value
from tests.engine.project import STACK, EngineProject

CIPHERTEXT = re.compile(r'"ciphertext": "[^"]*"')


@contextmanager
def _phase(_title: str) -> Generator[OnEvent]:
    yield lambda _event: None


def failover_of(project: EngineProject) -> StackFailover:
    """Operations of a new process."""
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    return StackFailover(deployment, lambda _line: None, _phase)


def by_urn(project: EngineProject) -> Mapping[str, Mapping[str, Value]]:
    """Return the resources of the state."""
    return {str(each["urn"]): each for each in project.state()}


def differing(before: Mapping[str, Mapping[str, Value]], after: Mapping[str, Mapping[str, Value]]) -> set[str]:
    """Return the URNs of the resources whose inputs differ, without encrypted values, which differ in each export."""

    def text(of: Mapping[str, Value]) -> str:
        return CIPHERTEXT.sub("", json.dumps(of.get("inputs"), sort_keys=True))

    return {urn for urn in after if text(after[urn]) != text(before[urn])}

"""States of a project with two regions, and what a failover of it needs beside a shell."""

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
def phase(_title: str) -> Generator[OnEvent]:
    """Ignore the events of an update."""
    yield lambda _event: None


def failover_of(project: EngineProject) -> StackFailover:
    """Operations of a new process."""
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    return StackFailover(deployment, lambda _line: None, phase)


def by_urn(project: EngineProject) -> Mapping[str, Mapping[str, Value]]:
    """Return the resources of the state."""
    return {str(each["urn"]): each for each in project.state()}


def inputs_by_urn(project: EngineProject) -> Mapping[str, Mapping[str, str]]:
    """Return the inputs of each resource in the state as JSON, without encrypted values, which differ in each export."""
    return {
        urn: {key: CIPHERTEXT.sub("", json.dumps(value, sort_keys=True)) for key, value in _inputs(each).items()}
        for urn, each in by_urn(project).items()
    }


def _inputs(resource: Mapping[str, Value]) -> Mapping[str, Value]:
    inputs = resource.get("inputs")
    return inputs if isinstance(inputs, Mapping) else {}


def differing(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> dict[str, set[str]]:
    """Return the names of inputs that differ by URN; a resource that one of both lacks has all of its own."""
    found = {
        urn: {key for key in {*left, *right} if left.get(key) != right.get(key)}
        for urn in {*before, *after}
        for left, right in [(before.get(urn, {}), after.get(urn, {}))]
    }
    return {urn: keys for urn, keys in found.items() if keys or (urn in before) != (urn in after)}

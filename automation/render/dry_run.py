"""Check of every object of a stack by the API server, which stores nothing.

The provider creates objects without a strict check of their fields, so a misspelt one of a custom resource would be dropped in
silence. The check also runs the admission of the cluster: quotas, policies, webhooks, Pod Security.
"""

from collections.abc import Mapping
from pathlib import Path

from automation.render.documents import stream_of
from automation.render.manifests import writable_manifests
from automation.render.secrets import with_placeholders
from automation.stack.document import Stack
from providers import host_checks
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.preflight import CheckResult


def object_results(stack: Stack, folder: Path, environment: Mapping[str, str]) -> tuple[CheckResult, ...]:
    """Return the results for the objects that the stack declares; none on a target without such a check."""
    check = host_checks(stack.spec.cloud).check_objects
    if check is None:
        return ()
    # the plan loads the SDK of the cloud, which no other check needs
    from automation.plan.build import plan_of

    manifests = with_placeholders(writable_manifests(plan_of(stack, folder).inventory))
    return tuple(check(stack.spec, stream_of(manifests), environment))


def refuse_rejected_objects(stack: Stack, folder: Path, environment: Mapping[str, str]) -> None:
    """Raise InvalidConfiguration for objects that the API server would not accept."""
    diagnostics = [each for result in object_results(stack, folder, environment) for each in result.diagnostics]
    if diagnostics:
        raise InvalidConfiguration(diagnostics)

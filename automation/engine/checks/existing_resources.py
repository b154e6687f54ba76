"""Checks of what exists already: the network and the registry of others, by the command line of the cloud.

The update reads the network as well, and refuses it by the same functions; without the command line, it is the first to refuse it.
"""

from collections.abc import Callable, Iterator, Mapping

from automation.engine.checks.evidence import COMMAND_TIMEOUT_SECONDS, shown
from automation.engine.descriptions import NotRead, Reader, aws, azure, gcp
from automation.engine.dns import is_public
from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.stack.document import Stack
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.existing_registry import existing_registry
from providers.contract.existing_stores import existing_stores

Read = Callable[[Reader, Stack], Iterator[ConfigError]]
NETWORKS: Mapping[str, Read] = {"aws": aws.network_errors, "gcp": gcp.network_errors, "azure": azure.network_errors}
REGISTRIES: Mapping[str, Read] = {
    "aws": aws.registry_errors,
    "gcp": gcp.registry_errors,
    "azure": azure.registry_errors,
}


def check_existing_network(facts: CheckInput, stack: Stack) -> Finding:
    """Check zones, routes, sizes and delegations of the existing network."""
    subject, read = "existing network", NETWORKS.get(stack.spec.cloud)
    if stack.spec.network.existing is None or read is None:
        return ok(subject, "the platform creates its own")
    return _found(
        facts,
        stack,
        subject,
        read,
        "zones, routes and sizes fit",
        "the update reads it, and stops where it does not fit",
    )


def check_existing_registry(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the existing registry can be read, and that it has what pulls need."""
    subject, read = "existing registry", REGISTRIES.get(stack.spec.cloud)
    if existing_registry(stack.spec) is None:
        return ok(subject, "no registry of others")
    if read is None:
        return ok(subject, "a login of docker reads it; see hosted images and own images")
    return _found(facts, stack, subject, read, "it can be read", "the login may not describe it, or it does not exist")


def check_existing_stores(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the host names of existing data stores resolve; connections are those of the services."""
    subject, stores = "existing data stores", existing_stores(stack.spec)
    if not stores:
        return ok(subject, "none")
    public = {store.server.host: is_public(store.server.host, facts.fetch) for store in stores}
    hidden = [host for host, answer in public.items() if not answer]
    if hidden:
        fix = f"check from the network of the services, with `dig +short {hidden[0]}`"
        why = "public resolvers do not know it, as a private name, or none answers"
        return unknown(subject, f"{', '.join(hidden)}: {why}", fix)
    return ok(subject, f"{', '.join(public)} resolve; a connection is tried by the services alone")


def _found(facts: CheckInput, stack: Stack, subject: str, read: Read, fits: str, otherwise: str) -> Finding:
    def run(command: tuple[str, ...]) -> str | None:
        completed = facts.run_tool(command, COMMAND_TIMEOUT_SECONDS)
        return completed.stdout if completed.exit_code == 0 else None

    try:
        errors = tuple(read(Reader(run), stack))
    except InvalidConfiguration as invalid:
        errors = invalid.diagnostics
    except NotRead as answer:
        return unknown(
            subject,
            f"{answer.command[0]} returned nothing that can be read: {otherwise}",
            f"run `{shown(answer.command)}`",
        )
    if errors:
        problems = "; ".join(f"{error.key}: {error.problem}" for error in errors)
        return failed(subject, problems, "; ".join(dict.fromkeys(error.fix for error in errors)))
    return ok(subject, fits)

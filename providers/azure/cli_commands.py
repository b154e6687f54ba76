"""Command lines of the Azure CLI and of docker, built from the names of a stack. Pure.

Every command names its subscription, so that the default of the user's login does not matter. Names are those that the
program declares; ids come from the state. Resource Manager calls without a specific command use `az rest`, which needs
no extension.
"""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from providers.azure.context import AzureContext
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack, Shell
from providers.contract.failover import PROBE_SECONDS
from providers.contract.spec import Platform

MANAGEMENT_URL = "https://management.azure.com"
HEADER = "join('', ['Authorization: Bearer ', accessToken])"


def context_of(spec: Platform, stack: str) -> AzureContext:
    """Return the context of the location that serves; raises CliFailure for a stack file without an azure block."""
    return context_in(spec, stack, spec.active_region)


def home_context(spec: Platform, stack: str) -> AzureContext:
    """Return the context of the home location, which has the entry, the drills and the registry that images are pushed to."""
    return context_in(spec, stack, spec.home_region)


def context_in(spec: Platform, stack: str, location: str) -> AzureContext:
    """Return the context of a location of a stack."""
    if spec.azure is None:
        raise CliFailure("azure", "the block is missing", "set subscription_id, tenant_id and location")
    return AzureContext(spec, stack, location)


def az(context: AzureContext, *arguments: str, stdin: CliCommand | None = None) -> CliCommand:
    """Return a command of the Azure CLI in the stack's subscription."""
    return CliCommand(("az", *arguments, "--subscription", context.subscription_id), stdin=stdin)


def rest_put(path: str, version: str, body: Mapping[str, object] | str) -> CliCommand:
    """Return the call that creates or updates a resource; `body` is a document, or `@` and a file."""
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    url = f"{MANAGEMENT_URL}{path}?api-version={version}"
    return CliCommand(("az", "rest", "--method", "put", "--url", url, "--body", text, "--output", "none"))


def rest(method: str, path: str, version: str, body: Mapping[str, object] | None = None) -> CliCommand:
    """Return a call of Resource Manager whose answer is a document."""
    url = f"{MANAGEMENT_URL}{path}?api-version={version}"
    content = () if body is None else ("--body", json.dumps(body, separators=(",", ":")))
    return CliCommand(("az", "rest", "--method", method, "--url", url, *content, "--output", "json"))


def required(stack: DeployedStack, type_token: str, name: str) -> DeployedResource:
    """Return a deployed resource; raises CliFailure when the state has none."""
    resource = stack.resource(f"azure-native:{type_token}", name)
    if resource is None:
        raise CliFailure("stack", f"{name} is not deployed", f"run agent-platform up {stack.name}")
    return resource


def lines(text: str) -> Sequence[str]:
    """Return the lines of an answer in the format tsv; no line when it is empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def question(context: AzureContext, path: str, version: str, **parameters: str) -> CliCommand:
    """Return the command that reads a resource within seconds; it fails when nothing answers, and for an answer that is an error.

    The Azure CLI has no time limit for a request, so it returns the token alone, which `curl` reads from its standard input: it is in
    no argument, and in no file. Resource Manager is in every location; the provider of a resource is in that of the resource.
    """
    query = urlencode({"api-version": version, **parameters}, quote_via=quote)
    token = az(context, "account", "get-access-token", "--query", HEADER, "--output", "tsv")
    limits = ("--silent", "--show-error", "--fail", "--max-time", str(PROBE_SECONDS))
    return CliCommand(("curl", *limits, "--header", "@-", f"{MANAGEMENT_URL}{path}?{query}"), stdin=token)


def answer(shell: Shell, command: CliCommand) -> object:
    """Return the document that a command prints; None without one."""
    return json.loads(shell.output(command) or "null")

"""Requests to Resource Manager that end within seconds, as the questions of a failover must.

The Azure CLI has no time limit for a request, so it gives the token alone, which `curl` reads from its standard input: it is in
no argument, and in no file. Resource Manager is in every location; the provider of a resource is in that of the resource.
"""

import json
from urllib.parse import quote, urlencode

from providers.azure.cli_commands import MANAGEMENT_URL, az
from providers.azure.context import AzureContext
from providers.contract.cli import CliCommand, Shell
from providers.contract.failover import PROBE_SECONDS

HEADER = "join('', ['Authorization: Bearer ', accessToken])"


def question(context: AzureContext, path: str, version: str, **parameters: str) -> CliCommand:
    """Return the command that reads a resource; it fails when nothing answers in time, and for an answer that is an error."""
    query = urlencode({"api-version": version, **parameters}, quote_via=quote)
    token = az(context, "account", "get-access-token", "--query", HEADER, "--output", "tsv")
    limits = ("--silent", "--show-error", "--fail", "--max-time", str(PROBE_SECONDS))
    return CliCommand(("curl", *limits, "--header", "@-", f"{MANAGEMENT_URL}{path}?{query}"), stdin=token)


def answer(shell: Shell, command: CliCommand) -> object:
    """Return the document that a command prints; None without one."""
    return json.loads(shell.output(command) or "null")

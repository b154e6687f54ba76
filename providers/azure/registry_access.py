"""Registry of the stack from a machine outside its network: addresses, login, and a temporary network rule.

With private endpoints the registry has no public access. A push opens it for one address and closes it again
(docs/adr/0014-azure-open-the-registry-for-one-address.md); what an interrupted push leaves open is closed by the next push
and after the next update. The registry itself names the address from which a machine reaches it, when it denies it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from providers.azure.base.existing_registry import registry_of_others
from providers.azure.cli_commands import az, home_context, lines
from providers.azure.context import AzureContext
from providers.azure.naming import registry_name
from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.existing_registry import stored_addresses
from providers.contract.images import own_images
from providers.contract.spec import Platform

TOKEN_USERNAME = "00000000-0000-0000-0000-000000000000"  # noqa: S105  # user name of every registry token
"""Microsoft Learn, "Authenticate with an Azure container registry", az acr login with --expose-token."""
DENIED_ADDRESS = re.compile(r"client with IP (?:'|\\u0027)(?P<address>[0-9A-Fa-f.:]+)")
"""Answer of a registry's firewall, with the quotes as JSON escapes (https://github.com/docker/build-push-action/issues/1214)."""
ENABLED = "Enabled"
POLL_SECONDS = 10
MAX_POLLS = 30
"""A network rule takes effect within minutes."""


def login_server(context: AzureContext) -> str:
    """`prodimages1a2b3c.azurecr.io`: host name of the stack's registry."""
    return f"{registry_name(context)}.azurecr.io"


def locations(spec: Platform, stack: str) -> Iterator[AzureContext]:
    """Yield the contexts of the locations with a registry: the home location, and the standby location if it has one."""
    home = home_context(spec, stack)
    yield home
    if spec.standby_region is not None:
        yield replace(home, region=spec.standby_region)


def repositories(spec: Platform, stack: str) -> Mapping[str, str]:
    """Return the address of each image in the stack's registry, by service."""
    return {**_repositories(next(locations(spec, stack))), **stored_addresses(spec)}


def standby_repositories(spec: Platform, stack: str) -> Mapping[str, str]:
    """Return the address of each image in the registry of the standby location, by service."""
    _home, *standby = locations(spec, stack)
    return _repositories(standby[0]) if standby else {}


def _repositories(context: AzureContext) -> Mapping[str, str]:
    server = login_server(context)
    return {name: f"{server}/{image.name}" for name, image in own_images(context.spec).items()}


def login_commands(spec: Platform, stack: str) -> tuple[CliCommand, ...]:
    """Return the docker logins with a token of three hours each, which passes from one program to the other."""
    existing = registry_of_others(spec)
    if existing is not None:
        return (_login_to(existing.name, existing.login_server, existing.subscription_id),)
    contexts = locations(spec, stack)
    return tuple(_login_to(registry_name(each), login_server(each), each.subscription_id) for each in contexts)


def _login_to(name: str, server: str, subscription_id: str) -> CliCommand:
    arguments = ("acr", "login", "--name", name, "--expose-token", "--query", "accessToken", "--output", "tsv")
    login = ("docker", "login", server, "--username", TOKEN_USERNAME, "--password-stdin")
    return CliCommand(login, stdin=CliCommand(("az", *arguments, "--subscription", subscription_id)))


def open_registry(stack: DeployedStack, shell: Shell) -> bool:
    """Open the registries for the address of this machine; False when they are reachable, and for one of others, which stays as it is."""
    if not stack.spec.network.private_endpoints or registry_of_others(stack.spec) is not None:
        return False
    # a list: each registry is opened; after a failure the caller closes all of them
    return any([_open(context, shell) for context in locations(stack.spec, stack.name)])


def _open(context: AzureContext, shell: Shell) -> bool:
    address = _denied_address(context, shell)
    if address is None:
        # a machine in the network, or an interrupted push whose rule is still there and is to be closed now
        return _accesses(context, shell)[0] == ENABLED
    if ":" in address:
        problem = f"the registry sees this machine at the IPv6 address {address}, and its rules accept IPv4 only"
        raise CliFailure("registry", problem, "push over IPv4, or from a machine inside the network")
    # denied by default, so that only the address has access, which needs a role as well
    shell.output(_update(context, public=True))
    shell.output(_rule(context, "add", address))
    for _ in range(MAX_POLLS):
        if _denied_address(context, shell) is None:
            return True
        shell.sleep(POLL_SECONDS)
    _close(context, shell)
    problem = f"its network rule for {address} has no effect after {POLL_SECONDS * MAX_POLLS} s"
    raise CliFailure("registry", problem, "repeat the command; a machine with several addresses needs a fixed one")


def close_registry(stack: DeployedStack, shell: Shell) -> None:
    """Remove every network rule of the registries and their public access; nothing to do when they have neither."""
    close_if_open(stack, shell)


def close_if_open(stack: DeployedStack, shell: Shell) -> str | None:
    """Close the registries and return the addresses that could reach them; None when they were closed."""
    if not stack.spec.network.private_endpoints or not own_images(stack.spec):
        return None
    closed = [_close(context, shell) for context in locations(stack.spec, stack.name)]
    opened = dict.fromkeys(addresses for addresses in closed if addresses is not None)
    return ", ".join(opened) or None


def _close(context: AzureContext, shell: Shell) -> str | None:
    if not shell.succeeds(_show(context, "--output", "none")):
        return None
    access, *addresses = _accesses(context, shell)
    if access != ENABLED and not addresses:
        return None
    for address in addresses:
        shell.output(_rule(context, "remove", address))
    shell.output(_update(context, public=False))
    return ", ".join(addresses) or "no address"


def closing_commands(context: AzureContext) -> tuple[CliCommand, CliCommand]:
    """Return what `close_if_open` does as commands for a terminal, which `doctor` prints: every rule, then the access."""
    addresses = _show(context, "--query", "networkRuleSet.ipRules[].ipAddressOrRange", "--output", "tsv")
    *remove, _ = _rule(context, "remove", "").arguments
    return CliCommand(("xargs", "-r", "-n1", *remove), stdin=addresses), _update(context, public=False)


def _show(context: AzureContext, *options: str) -> CliCommand:
    named = ("--name", registry_name(context), "--resource-group", context.group)
    return az(context, "acr", "show", *named, *options)


def _accesses(context: AzureContext, shell: Shell) -> Sequence[str]:
    """Public network access, `Enabled` or `Disabled`, and the addresses of the network rules."""
    query = "[publicNetworkAccess, networkRuleSet.ipRules[].ipAddressOrRange] | []"
    return lines(shell.output(_show(context, "--query", query, "--output", "tsv")))


def _denied_address(context: AzureContext, shell: Shell) -> str | None:
    """Address that the registry denies; None when it requires a login instead."""
    # the name of a registry that has just been created may not resolve yet
    retries = ("--retry", "6", "--retry-delay", "10", "--retry-all-errors")
    url = f"https://{login_server(context)}/v2/"
    answer = shell.output(CliCommand(("curl", "--silent", "--show-error", *retries, url)))
    match = DENIED_ADDRESS.search(answer)
    return match["address"] if match else None


def _update(context: AzureContext, *, public: bool) -> CliCommand:
    """Public access and export together: the API accepts disabled export only without public access."""
    enabled = "true" if public else "false"
    return az(
        context,
        *("acr", "update", "--name", registry_name(context), "--resource-group", context.group),
        *("--public-network-enabled", enabled, "--default-action", "Deny", "--allow-exports", enabled),
        *("--output", "none"),
    )


def _rule(context: AzureContext, verb: str, address: str) -> CliCommand:
    named = ("--name", registry_name(context), "--resource-group", context.group)
    command = az(context, "acr", "network-rule", verb, *named, "--output", "none")
    return CliCommand((*command.arguments, "--ip-address", address))

"""Commands that let the standby location serve after the loss of the home location, with `recovery.mode: warm`. Pure.

A forced switchover skips every check of the lost server, which follows the new primary when its location answers again. The
origins of Front Door change last.
"""

from collections.abc import Iterator

from providers.azure.context import AzureContext
from providers.azure.naming import app_name, data_account, profile_name, server_name
from providers.azure.recovery.commands import az, group
from providers.contract.recovery_plan import CloudCommand, CloudSteps, RecoverySite, Step

DELAY = ("--metric", "physical_replication_delay_in_seconds", "--aggregation", "Maximum", "--interval", "PT1M")


def warm_steps(site: RecoverySite, detect: Step) -> CloudSteps:
    """Return the steps for a lost region whose standby region runs; `site` is the stack in its home region."""
    there = AzureContext(site.spec, site.stack, site.standby)
    has_database = site.spec.database is not None
    adopt = Step(
        "Jobs have no schedule until the state knows of this: run `agent-platform failover` later, which takes over what the commands "
        "changed."
    )
    return CloudSteps(
        detect=(detect,),
        assess=(_delay(site, there),) if has_database else (),
        without_tool=(
            *((_objects(site, there),) if site.spec.storage is not None else ()),
            *((_promotion(site, there),) if has_database else ()),
            _full_size(site, there),
            *((_origins(site),) if site.spec.public else ()),
            adopt,
        ),
    )


def _delay(site: RecoverySite, there: AzureContext) -> Step:
    kind = ("--resource-type", "Microsoft.DBforPostgreSQL/flexibleServers", "--resource-group", there.group)
    shown = az(site, "monitor", "metrics", "list", "--resource", server_name(there), *kind, *DELAY)
    return Step(
        f"Delay of the replica in {there.region}, in seconds: what was written after it is lost.",
        commands=(shown, _role(site, there)),
    )


def _role(site: RecoverySite, there: AzureContext) -> CloudCommand:
    """Command that prints the role of the server; a promoted one is `Primary`."""
    of = ("--resource-group", there.group, "--name", server_name(there), "--query", "[state,replicationRole]")
    return az(site, "postgres", "flexible-server", "show", *of)


def _promotion(site: RecoverySite, there: AzureContext) -> Step:
    of = ("--resource-group", there.group, "--name", server_name(there))
    how = ("--promote-mode", "switchover", "--promote-option", "forced", "--yes")
    text = (
        f"Promote the replica in {there.region}. The old server becomes a replica when its region answers again, so what it has not "
        "sent is lost."
    )
    promote = az(site, "postgres", "flexible-server", "replica", "promote", *of, *how)
    return Step(text, commands=(promote, _role(site, there)))


def _objects(site: RecoverySite, there: AzureContext) -> Step:
    """Step that lets services write objects; nothing but replication writes to a container that receives copies."""
    of = ("--account-name", data_account(there), "--resource-group", there.group)
    find = az(
        site,
        "storage",
        "account",
        "or-policy",
        "list",
        *of,
        "--query",
        "[0].policyId",
        "--output",
        "tsv",
        sets="POLICY",
    )
    remove = az(site, "storage", "account", "or-policy", "remove", *of, "--policy-id", "$POLICY")
    return Step(
        f"End the copies of objects to {there.region}, so that services there can write.", commands=(find, remove)
    )


def _full_size(site: RecoverySite, there: AzureContext) -> Step:
    return Step(f"Run every service in {there.region} at its full size.", commands=tuple(_sizes(site, there)))


def _sizes(site: RecoverySite, there: AzureContext) -> Iterator[CloudCommand]:
    for name, service in site.spec.services.items():
        bounds = service.replicas
        size = ("--min-replicas", str(bounds.min), "--max-replicas", str(bounds.max))
        of = ("--name", app_name(site.stack, name), "--resource-group", there.group)
        yield az(site, "containerapp", "update", *of, *size, "--output", "none")


def _origins(site: RecoverySite) -> Step:
    """Step that moves requests; the entry is in the resource group of the home location."""
    of = ("--profile-name", profile_name(site.stack), "--resource-group", group(site))
    commands: list[CloudCommand] = []
    for location, state, priority in ((site.standby, "Enabled", "1"), (site.region, "Disabled", "2")):
        for service in site.spec.public:
            origin = ("--origin-group-name", service, "--origin-name", location)
            change = ("--enabled-state", state, "--priority", priority, "--output", "none")
            commands.append(az(site, "afd", "origin", "update", *of, *origin, *change))
    text = f"Let Front Door lead to {site.standby}; a change takes minutes to reach every edge location."
    return Step(text, commands=tuple(commands))

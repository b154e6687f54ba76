"""Recovery of the database and of a region on Azure. Pure.

A dropped server is revived under its name, so the state, which has it by its path, needs no change.
"""

from providers.azure.naming import KEY_NAME
from providers.azure.recovery.commands import az, find_account, group, open_account, server
from providers.azure.recovery.warm import warm_steps
from providers.contract.recovery_plan import CloudCommand, CloudSteps, RecoverySite, Step

CONTAINER = "objects"
FLEXIBLE = ("postgres", "flexible-server")
SERVER_STATE = "[state,availabilityZone,highAvailability.state,highAvailability.standbyAvailabilityZone]"


def server_state(site: RecoverySite) -> CloudCommand:
    """Command that prints the state and the zones of the server."""
    return _server(site, "show", server(site), "--query", SERVER_STATE)


def backups(site: RecoverySite, *arguments: str) -> CloudCommand:
    """Command that lists the backups of the server."""
    return az(
        site, *FLEXIBLE, "backup", "list", "--resource-group", group(site), "--server-name", server(site), *arguments
    )


def zone_steps(site: RecoverySite) -> tuple[Step, ...]:
    """Steps for a database whose zone is lost."""
    spec = site.spec.database
    if spec is None:
        return ()
    if spec.high_availability:
        text = "If the database has not failed over after five minutes, force it; connections are closed for about a minute."
        return (Step(text, commands=(_server(site, "restart", server(site), "--failover", "Forced"),)),)
    text = "The database has no standby. Restore it into another zone beside the old server, and continue as for lost rows."
    return (Step(text, commands=(*_place(site), _restore(site, "--zone", "$OTHER_ZONE"))),)


def database_steps(site: RecoverySite) -> CloudSteps:
    """Steps for a dropped server."""
    log = az(
        site, "monitor", "activity-log", "list", "--resource-group", group(site), "--offset", "5d", "--query",
        "[?operationName.value=='Microsoft.DBforPostgreSQL/flexibleServers/delete'].[eventTimestamp,caller,resourceId]",
    )  # fmt: skip
    revive = Step(
        "Revive the server under its name within 5 days. Its address and its path are the same.",
        commands=(
            *_place(site),
            _server(
                site, "revive-dropped", server(site), "--source-server", _server_id(site), "--location", site.region,
                "--subnet", "$SUBNET", "--private-dns-zone", "$DNS_ZONE", "--yes",
            ),
        ),
    )  # fmt: skip
    return CloudSteps(
        detect=(Step("An error here states that the server does not exist.", commands=(server_state(site),)),),
        assess=(Step("When and by whom it was deleted.", commands=(log,)),),
        recover=(revive,),
        without_tool=(revive,),
    )


def rows_steps(site: RecoverySite) -> CloudSteps:
    """Steps for lost or wrong rows."""
    restore = Step(
        "Restore the database beside that of the stack, to the time before the fault.",
        commands=(*_place(site), _restore(site, "--restore-time", "$RESTORE_TIME"), _address(site)),
    )
    listed = backups(site, "--query", "[].[name,completedTime]")
    delete = _server(site, "delete", _beside(site), "--yes")
    return CloudSteps(
        assess=(Step("Backups; the logs after them reach to about 5 min ago.", commands=(listed,)),),
        recover=(restore,),
        verify=(Step("Delete the server beside it when the rows are right.", commands=(delete,)),),
        without_tool=(restore,),
    )


def region_steps(site: RecoverySite) -> CloudSteps:
    """Steps for a lost region."""
    shown = az(site, "group", "show", "--name", group(site), "--query", "properties.provisioningState")
    detect = Step("The region does not answer; compare with https://azure.status.microsoft.", commands=(shown,))
    if site.spec.recovery.mode == "warm":
        return warm_steps(site, detect)
    if not site.standby:
        return CloudSteps(detect=(detect,))
    steps = (*_objects(site), *_geo_restore(site))
    return CloudSteps(detect=(detect,), after=steps, without_tool=steps)


def _new_group(site: RecoverySite) -> str:
    """Name of the resource group of the new stack in the standby location."""
    return f"$NEW_STACK-agents-{site.standby}"


def _objects(site: RecoverySite) -> tuple[Step, ...]:
    """Steps that copy the objects of the standby location into the account of the new stack there."""
    if site.spec.storage is None:
        return ()
    copies, there = f"{site.stack}-agents-{site.standby}", _new_group(site)
    find = (find_account(site, copies, "COPIES"), find_account(site, there, "ACCOUNT"))
    login, folder = ("--auth-mode", "login"), "."
    download = ("--account-name", "$COPIES", "--source", CONTAINER, "--destination", folder)
    upload = ("--account-name", "$ACCOUNT", "--destination", CONTAINER, "--source", folder)
    copy = Step(
        f"In an empty folder: copy the objects from the account in {site.standby} into that of the new stack.",
        commands=(
            az(site, "storage", "blob", "download-batch", *download, *login),
            az(site, "storage", "blob", "upload-batch", *upload, *login),
        ),
    )
    found = Step("Accounts of the copies and of the new stack.", commands=find)
    return (found, open_account(site, "$COPIES", copies), open_account(site, "$ACCOUNT", there), copy)


def _geo_restore(site: RecoverySite) -> tuple[Step, ...]:
    """Steps that restore the database in the standby location."""
    if site.spec.database is None:
        return ()
    other = _new_group(site)
    subnet = az(
        site, "network", "vnet", "list", "--resource-group", other, "--query",
        "[0].subnets[?contains(name, 'database')].id | [0]", "--output", "tsv", sets="SUBNET",
    )  # fmt: skip
    zone = az(
        site, "network", "private-dns", "zone", "list", "--resource-group", other, "--query",
        "[?contains(name, 'postgres')].id | [0]", "--output", "tsv", sets="DNS_ZONE",
    )  # fmt: skip
    restore = az(
        site, *FLEXIBLE, "geo-restore", "--resource-group", other, "--name", _beside(site), "--source-server",
        _server_id(site), "--location", site.standby, "--subnet", "$SUBNET", "--private-dns-zone", "$DNS_ZONE",
        *_key_options(site), "--yes",
    )  # fmt: skip
    return (
        Step(
            f"Restore the geo-redundant backup in {site.standby}, in the network of the new stack.",
            commands=(subnet, zone, *_find_key(site, other), restore, _address(site, other)),
        ),
        Step(
            "If that backup is of no use: restore the newest weekly backup of the vault as files, in the portal under Backup "
            f"vaults, {site.stack}-recovery-vault, Restore to secondary region, and load them with pg_restore."
        ),
    )


def _server(site: RecoverySite, action: str, name: str, *arguments: str) -> CloudCommand:
    return az(site, *FLEXIBLE, action, "--resource-group", group(site), "--name", name, *arguments)


def _server_id(site: RecoverySite) -> str:
    block = site.spec.azure
    subscription = block.subscription_id if block else ""
    kind = "Microsoft.DBforPostgreSQL/flexibleServers"
    return f"/subscriptions/{subscription}/resourceGroups/{group(site)}/providers/{kind}/{server(site)}"


def _has_key(site: RecoverySite) -> bool:
    return site.spec.azure is not None and site.spec.azure.customer_managed_keys


def _key_options(site: RecoverySite) -> tuple[str, ...]:
    """Options of a restore with the key that `_find_key` found."""
    key = f"https://$VAULT.vault.azure.net/keys/{KEY_NAME}"
    return ("--identity", "$KEY_IDENTITY", "--key", key) if _has_key(site) else ()


def _find_key(site: RecoverySite, resource_group: str) -> tuple[CloudCommand, ...]:
    """Commands that find the identity and the vault of the key of a stack; none with keys of Microsoft."""
    if not _has_key(site):
        return ()
    of, text = ("--resource-group", resource_group, "--query"), ("--output", "tsv")
    identities = "[?contains(name, 'vault-data-key')].id | [0]"
    return (
        az(site, "identity", "list", *of, identities, *text, sets="KEY_IDENTITY"),
        az(site, "keyvault", "list", *of, "[?contains(name, '-kv-')].name | [0]", *text, sets="VAULT"),
    )


def _beside(site: RecoverySite) -> str:
    return f"{server(site)}-restored"


def _place(site: RecoverySite) -> tuple[CloudCommand, ...]:
    """Commands that find the subnet of the database and its private DNS zone."""
    subnets = f"[].subnets[] | [?starts_with(name, '{site.stack}-network-database')].id | [0]"
    zones = "[?contains(name, 'postgres')].id | [0]"
    of = ("--resource-group", group(site), "--query")
    return (
        az(site, "network", "vnet", "list", *of, subnets, "--output", "tsv", sets="SUBNET"),
        az(site, "network", "private-dns", "zone", "list", *of, zones, "--output", "tsv", sets="DNS_ZONE"),
    )


def _restore(site: RecoverySite, *arguments: str) -> CloudCommand:
    place = ("--subnet", "$SUBNET", "--private-dns-zone", "$DNS_ZONE", "--yes")
    return _server(site, "restore", _beside(site), "--source-server", server(site), *arguments, *place)


def _address(site: RecoverySite, resource_group: str = "") -> CloudCommand:
    shown = ("--query", "fullyQualifiedDomainName", "--output", "tsv")
    of = ("--resource-group", resource_group or group(site), "--name", _beside(site))
    return az(site, *FLEXIBLE, "show", *of, *shown, sets="RESTORED_HOST")

"""Commands of the Azure CLI for each failure of a stack on Azure, with the names of the stack. Pure."""

from collections.abc import Iterator, Mapping

from providers.azure.recovery.commands import account, az, find_vault, group, open_account, open_vault
from providers.azure.recovery.costs import costs
from providers.azure.recovery.database import (
    backups,
    database_steps,
    region_steps,
    rows_steps,
    server_state,
    zone_steps,
)
from providers.azure.recovery.promises import PROMISES
from providers.contract.recovery_plan import (
    BackupQuestion,
    CloudCommand,
    CloudRecovery,
    CloudSteps,
    Incident,
    RecoverySite,
    Step,
    StepsOf,
    Variable,
)

REGISTRY, CACHE = "azure-native:containerregistry:Registry", "azure-native:redisenterprise:RedisEnterprise"
CONTAINER = "azure-native:storage:BlobContainer"
KEYED_BY_LOGIN = ("--auth-mode", "login")
COPIES = {
    "azure-native:dbforpostgresql:Server": "automated backups of the database",
    "azure-native:storage:BlobServiceProperties": "versions and soft-deleted blobs",
    "azure-native:storage:ObjectReplicationPolicy": "copies of objects",
    "azure-native:dataprotection:BackupInstance": "weekly backups of the database in a vault",
}


def variables(site: RecoverySite) -> Iterator[Variable]:
    """Variables that the operator sets."""
    yield Variable("MY_ADDRESS", "public IPv4 address of your machine", "203.0.113.7")
    yield Variable(
        "STATE_ACCOUNT", "storage account of the Pulumi state, from AZURE_STORAGE_ACCOUNT", "acmepulumistate"
    )
    yield Variable("STATE_CONTAINER", "container of the Pulumi state; `pulumi whoami --verbose` prints it", "state")
    yield Variable("STATE_VAULT", "vault of the key in `secretsprovider` of the stack file", "acme-pulumi")
    yield Variable("STATE_KEY", "name of that key", "pulumi")
    if site.spec.database:
        yield Variable("OTHER_ZONE", "availability zone that is not lost", "2")
    if site.spec.storage:
        yield Variable("VERSION", "version of the blob, from the step before", "2026-01-31T10:00:00.0000000Z")


def questions(site: RecoverySite) -> Iterator[BackupQuestion]:
    """Questions for the newest backups."""
    if site.spec.database and site.spec.database.backup.retention_days:
        yield BackupQuestion("database", (backups(site, "--query", "[].completedTime", "--output", "json"),))


def _zone(site: RecoverySite) -> CloudSteps:
    apps = az(
        site, "containerapp", "list", "--resource-group", group(site), "--query", "[].[name,properties.runningStatus]"
    )
    detect = Step("State of the services; compare with https://azure.status.microsoft.", commands=(apps,))
    assess = (Step("State and zones of the database.", commands=(server_state(site),)),) if site.spec.database else ()
    return CloudSteps(detect=(detect,), assess=assess, recover=zone_steps(site), without_tool=zone_steps(site))


def _subscription(site: RecoverySite) -> CloudSteps:
    block = site.spec.azure
    subscription = block.subscription_id if block else ""
    # without --subscription, which this command does not have
    state = CloudCommand(("az", "account", "list", "--all", "--query", f"[?id=='{subscription}'].state"))
    text = (
        "The account administrator reactivates a cancelled subscription within 90 days in the portal, under Subscriptions. "
        "The Azure CLI has no command for it. Check every part afterwards."
    )
    return CloudSteps(
        detect=(Step("State of the subscription: `Disabled` or `Warned` after it was cancelled.", commands=(state,)),),
        recover=(Step(text),),
        without_tool=(Step(text),),
    )


def _bucket(site: RecoverySite) -> CloudSteps:
    name = site.name_of(CONTAINER, f"{site.stack}-storage-objects", "containerName") if site.declared(CONTAINER) else ""
    of = ("--account-name", account(site), "--container-name", name, *KEYED_BY_LOGIN)
    listed = az(
        site, "storage", "blob", "list", *of, "--prefix", "$OBJECT", "--include", "dv", "--query",
        "[].[name,versionId,deleted,properties.lastModified]",
    )  # fmt: skip
    undelete = az(site, "storage", "blob", "undelete", *of, "--name", "$OBJECT")
    copy = az(
        site, "storage", "blob", "copy", "start", "--account-name", account(site), "--destination-container", name,
        "--destination-blob", "$OBJECT", "--source-uri",
        f"https://{account(site)}.blob.core.windows.net/{name}/$OBJECT?versionId=$VERSION", *KEYED_BY_LOGIN,
    )  # fmt: skip
    restore = (
        open_account(site),
        Step(
            "Restore a deleted blob; an overwritten one is copied from its version.", commands=(listed, undelete, copy)
        ),
    )
    exists = az(
        site,
        "storage",
        "account",
        "show",
        "--name",
        account(site),
        "--resource-group",
        group(site),
        "--query",
        "statusOfPrimary",
    )
    return CloudSteps(
        detect=(Step("State of the storage account.", commands=(exists,)),), recover=restore, without_tool=restore
    )


def _cache(site: RecoverySite) -> CloudSteps:
    names = [site.name_of(CACHE, f"{site.stack}-{cache.part}", "clusterName") for cache in site.spec.all_caches]
    states = [
        az(
            site, "resource", "show", "--resource-group", group(site), "--name", name, "--resource-type",
            "Microsoft.Cache/redisEnterprise", "--query", "properties.resourceState",
        )
        for name in names
    ]  # fmt: skip
    return CloudSteps(
        detect=(Step("State of the cache.", commands=tuple(states)),),
        assess=(Step("`up` creates an empty cache: queued jobs and cached values are lost."),),
    )


def _secret(site: RecoverySite) -> CloudSteps:
    name = f"{site.stack}-secrets-{site.spec.secrets[0]}".lower().replace("_", "-")
    listed = az(
        site, "keyvault", "secret", "list-deleted", "--vault-name", "$VAULT", "--query", "[].[name,deletedDate]"
    )
    recover = az(site, "keyvault", "secret", "recover", "--vault-name", "$VAULT", "--name", name)
    restore = (open_vault(site), Step(f"Recover the deleted secret, such as {name}.", commands=(listed, recover)))
    return CloudSteps(
        detect=(Step("The vault of the stack.", commands=(find_vault(site),)),), recover=restore, without_tool=restore
    )


def _service(site: RecoverySite) -> CloudSteps:
    query = "[].[name,properties.runningStatus,properties.latestReadyRevisionName]"
    apps = az(site, "containerapp", "list", "--resource-group", group(site), "--query", query)
    return CloudSteps(detect=(Step("Services and their newest ready revision.", commands=(apps,)),))


def _registry(site: RecoverySite) -> CloudSteps:
    name = site.name_of(REGISTRY, f"{site.stack}-registry", "registryName")
    shown = az(site, "acr", "show", "--name", name, "--resource-group", group(site), "--query", "provisioningState")
    return CloudSteps(detect=(Step("State of the registry.", commands=(shown,)),))


def _vault(site: RecoverySite) -> CloudSteps:
    # a stack with copies has a second vault, in its standby location
    vaults = f"[?starts_with(name, '{site.stack}-kv-') && properties.location=='{site.region}']"
    query = f"{vaults}.[name,properties.deletionDate,properties.scheduledPurgeDate]"
    deleted = az(site, "keyvault", "list-deleted", "--query", query)
    find = az(site, "keyvault", "list-deleted", "--query", f"{vaults}.name | [0]", "--output", "tsv", sets="VAULT")
    recover = az(site, "keyvault", "recover", "--name", "$VAULT", "--location", site.region)
    restore = Step(
        "Recover the vault with its secrets. Databases and objects need none of its keys.", commands=(find, recover)
    )
    return CloudSteps(
        detect=(Step("Vault of the stack, and whether it is deleted.", commands=(find_vault(site), deleted)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def _state(site: RecoverySite) -> CloudSteps:
    state = f".pulumi/stacks/agent-platform/{site.stack}.json"
    of = ("--account-name", "$STATE_ACCOUNT", "--container-name", "$STATE_CONTAINER", *KEYED_BY_LOGIN)
    listed = az(
        site, "storage", "blob", "list", *of, "--prefix", state, "--include", "dv", "--query",
        "[].[versionId,deleted,properties.lastModified]",
    )  # fmt: skip
    restore = Step(
        "Container exists: restore the deleted state, and continue with `refresh`.",
        commands=(az(site, "storage", "blob", "undelete", *of, "--name", state),),
    )
    return CloudSteps(
        assess=(Step("Versions of the state, if its container still exists.", commands=(listed,)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def _secrets_key(site: RecoverySite) -> CloudSteps:
    deleted = az(
        site, "keyvault", "key", "list-deleted", "--vault-name", "$STATE_VAULT", "--query", "[].[kid,deletedDate]"
    )
    restore = Step(
        "Key of Key Vault: recover it, and its vault before it; nothing else is needed.",
        commands=(az(site, "keyvault", "key", "recover", "--vault-name", "$STATE_VAULT", "--name", "$STATE_KEY"),),
    )
    return CloudSteps(
        assess=(Step("Deleted keys of the vault.", commands=(deleted,)),), recover=(restore,), without_tool=(restore,)
    )


def _by_hand(site: RecoverySite) -> CloudSteps:
    listed = az(
        site,
        "postgres",
        "flexible-server",
        "list",
        "--resource-group",
        group(site),
        "--query",
        "[].[name,state,replicationRole]",
    )
    return CloudSteps(
        detect=(Step("Servers of the stack's resource group.", commands=(listed,)),),
        assess=(
            Step(
                "A server cannot be renamed. With the name of the stack's server, `refresh` finds it. With another name, copy "
                "its rows into the stack's server, as for lost rows."
            ),
        ),
    )


STEPS: Mapping[Incident, StepsOf] = {
    Incident.ZONE: _zone,
    Incident.REGION: region_steps,
    Incident.ACCOUNT: _subscription,
    Incident.DATABASE: database_steps,
    Incident.ROWS: rows_steps,
    Incident.BUCKET: _bucket,
    Incident.CACHE: _cache,
    Incident.SECRET: _secret,
    Incident.SERVICE: _service,
    Incident.REGISTRY: _registry,
    Incident.KEY: _vault,
    Incident.STATE: _state,
    Incident.SECRETS_KEY: _secrets_key,
    Incident.BY_HAND: _by_hand,
}

RECOVERY = CloudRecovery(
    promises=PROMISES,
    steps=STEPS,
    registry=REGISTRY,
    variables=variables,
    costs=costs,
    questions=questions,
    copies=COPIES,
)

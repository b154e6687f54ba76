"""Commands of the Azure CLI that the recovery plan shares. Pure."""

from providers.contract.recovery_plan import CloudCommand, RecoverySite, Step

GROUP, SERVER = "azure-native:resources:ResourceGroup", "azure-native:dbforpostgresql:Server"
ACCOUNT = "azure-native:storage:StorageAccount"
AFTERWARDS = "`agent-platform up` closes it again."


def az(site: RecoverySite, *arguments: str, sets: str = "") -> CloudCommand:
    """Command of the Azure CLI in the subscription of the stack."""
    subscription = site.spec.azure.subscription_id if site.spec.azure else ""
    return CloudCommand(("az", *arguments, "--subscription", subscription), sets)


def group(site: RecoverySite) -> str:
    """Name of the resource group."""
    return site.name_of(GROUP, f"{site.stack}-account", "resourceGroupName")


def find_account(site: RecoverySite, resource_group: str, sets: str) -> CloudCommand:
    """Command that finds the storage account of the objects in a resource group, and not that of flow logs."""
    query = ("--query", "[?contains(name, 'data')].name | [0]", "--output", "tsv")
    return az(site, "storage", "account", "list", "--resource-group", resource_group, *query, sets=sets)


def server(site: RecoverySite) -> str:
    """Name of the database server."""
    return site.name_of(SERVER, f"{site.stack}-database", "serverName")


def account(site: RecoverySite) -> str:
    """Name of the storage account of the objects."""
    return site.name_of(ACCOUNT, f"{site.stack}-storage", "accountName")


def find_vault(site: RecoverySite) -> CloudCommand:
    """Command that finds the key vault of the stack."""
    query = f"[?starts_with(name, '{site.stack}-kv-')].name | [0]"
    return az(
        site, "keyvault", "list", "--resource-group", group(site), "--query", query, "--output", "tsv", sets="VAULT"
    )


def open_vault(site: RecoverySite) -> Step:
    """Step that opens the vault for one address."""
    of = ("--name", "$VAULT", "--resource-group", group(site))
    return Step(
        f"The vault is closed to the internet: open it for your address; you need the role Key Vault Secrets Officer. {AFTERWARDS}",
        commands=(
            find_vault(site),
            az(site, "keyvault", "network-rule", "add", *of, "--ip-address", "$MY_ADDRESS"),
            az(site, "keyvault", "update", *of, "--public-network-access", "Enabled"),
        ),
    )


def open_account(site: RecoverySite, name: str = "", resource_group: str = "") -> Step:
    """Step that opens a storage account for one address: that of the stack, or another."""
    name, of = name or account(site), ("--resource-group", resource_group or group(site))
    rule = ("storage", "account", "network-rule", "add", *of, "--account-name", name, "--ip-address", "$MY_ADDRESS")
    access = ("storage", "account", "update", *of, "--name", name, "--public-network-access", "Enabled")
    return Step(
        "The storage account is closed to the internet: open it for your address; you need the role Storage Blob Data Owner. "
        f"{AFTERWARDS}",
        commands=(az(site, *rule), az(site, *access)),
    )

"""Storage account and key for the Pulumi state, outside the resource groups of the stacks. Pure.

The account has versions, no keys and no anonymous access: the engine logs in with Microsoft Entra ID, as the user of `az
login` or the identity of a workflow. The key is created through the Resource Manager, which returns an existing key: `az
keyvault key create` would add a version, which cannot decrypt what the first one has encrypted.
"""

from dataclasses import replace

from providers.azure.base.limits import LOCATIONS_WITH_ZONES
from providers.azure.cli_commands import az, rest_put
from providers.azure.context import AzureContext
from providers.azure.naming import MAX_CHARACTERS, SALT_LENGTH
from providers.contract.cli import CliCommand, CliFailure, StateBackend
from providers.contract.naming import STACK_PATTERN, salt_of

CONTAINER = "state"
KEY = "pulumi"
KEY_BITS = 3072
VAULT_API_VERSION = "2024-11-01"
DELETED_DAYS = 30
"""Days in which a deleted or overwritten state can be restored."""
ROLES = {"storage": "Storage Blob Data Contributor", "vault": "Key Vault Crypto User"}
"""Reading and writing the state; encrypting and decrypting with the key, not changing it."""


def state_backend(context: AzureContext, name: str) -> StateBackend:
    """Return the backend that is named after `name`; raises CliFailure for a name that is too long."""
    digits = salt_of(context.subscription_id, "state", name, length=SALT_LENGTH)
    account, vault = f"{name.replace('-', '')}{digits}", f"{name}-{digits}"
    excess = max(len(account) - MAX_CHARACTERS["storage account"], len(vault) - MAX_CHARACTERS["key vault"])
    if not STACK_PATTERN.fullmatch(name):
        fix = "use lower-case letters, digits and single hyphens, beginning with a letter"
        raise CliFailure("login", f"{name} cannot be a part of the names of a storage account and a vault", fix)
    if excess > 0:
        raise CliFailure("login", f"{name} is too long for the name of a vault", f"shorten it by {excess} characters")
    group = f"/subscriptions/{context.subscription_id}/resourceGroups/{name}"
    vault_id = f"{group}/providers/Microsoft.KeyVault/vaults/{vault}"
    return StateBackend(
        url=f"azblob://{CONTAINER}?storage_account={account}",
        secrets_provider=f"azurekeyvault://{vault}.vault.azure.net/keys/{KEY}",
        commands=(
            *(_register(context, namespace) for namespace in ("Microsoft.Storage", "Microsoft.KeyVault")),
            _group(context, name),
            _vault(context, name, vault),
            *_storage(context, name, account),
            _grant(context, ROLES["storage"], f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"),
            _grant(context, ROLES["vault"], vault_id),
            rest_put(f"{vault_id}/keys/{KEY}", VAULT_API_VERSION, {"properties": {"kty": "RSA", "keySize": KEY_BITS}}),
        ),
    )


def _register(context: AzureContext, namespace: str) -> CliCommand:
    return az(context, "provider", "register", "--namespace", namespace, "--wait")


def _group(context: AzureContext, name: str) -> CliCommand:
    create = az(context, "group", "create", "--name", name, "--location", context.region, "--output", "none")
    return replace(create, unless=az(context, "group", "show", "--name", name, "--output", "none"))


def _storage(context: AzureContext, group: str, account: str) -> tuple[CliCommand, ...]:
    redundancy = "Standard_ZRS" if context.region in LOCATIONS_WITH_ZONES else "Standard_GRS"
    named = ("--name", account, "--resource-group", group)
    create = az(
        context,
        *("storage", "account", "create", *named),
        *("--location", context.region, "--kind", "StorageV2", "--sku", redundancy, "--min-tls-version", "TLS1_2"),
        *("--https-only", "true", "--allow-blob-public-access", "false", "--allow-shared-key-access", "false"),
        *("--output", "none"),
    )
    return (
        replace(create, unless=az(context, "storage", "account", "show", *named, "--output", "none")),
        az(
            context,
            *("storage", "account", "blob-service-properties", "update", "--account-name", account),
            *("--resource-group", group, "--enable-versioning", "true", "--enable-delete-retention", "true"),
            *("--delete-retention-days", str(DELETED_DAYS), "--output", "none"),
        ),
        # through the Resource Manager: the role on the data takes effect minutes after its assignment
        az(
            context,
            *("storage", "container-rm", "create", "--name", CONTAINER, "--storage-account", account),
            *("--resource-group", group, "--output", "none"),
        ),
    )


def _vault(context: AzureContext, group: str, vault: str) -> CliCommand:
    """Vault that accepts roles only, not access policies; a deleted one keeps its name for 90 days."""
    named = ("--name", vault, "--resource-group", group)
    create = az(
        context,
        *("keyvault", "create", *named, "--location", context.region, "--enable-rbac-authorization", "true"),
        *("--enable-purge-protection", "true", "--output", "none"),
    )
    return replace(create, unless=az(context, "keyvault", "show", *named, "--output", "none"))


def _grant(context: AzureContext, role: str, scope: str) -> CliCommand:
    """Role of the user of `az login`, whose object id is read from standard input; an existing assignment is kept."""
    user = CliCommand(("az", "ad", "signed-in-user", "show", "--query", "id", "--output", "tsv"))
    return az(
        context,
        *("role", "assignment", "create", "--assignee-object-id", "@-", "--assignee-principal-type", "User"),
        *("--role", role, "--scope", scope, "--output", "none"),
        stdin=user,
    )

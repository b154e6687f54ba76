"""Stateful resource types of Azure, the revisions of an app, and the passwords that can be rotated.

An app with one active revision keeps the old revision until the new one is ready, and permanently if it never is.
"""

from providers.azure.base.key_limits import MICROSOFT_KEY_CHOICE, OWN_KEY_CHOICE
from providers.azure.database.sizes import disk_gib
from providers.azure.recovery.limits import GEO_BACKUP
from providers.contract.database_disk import DatabaseDisk
from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    STORES_TO_EXISTING,
    ReplacingChange,
    ResourceTraits,
    RotatablePassword,
    ServiceType,
    StatefulType,
    to_existing_registry,
)
from providers.contract.spec import DatabaseSpec

ENVIRONMENT_STAYS = "an environment cannot move to another subnet"
SERVER_STAYS = "a database server cannot move to another subnet"
FAILED = ("provisioningState", ("Failed", "Canceled"))


def database_disk(database: DatabaseSpec) -> DatabaseDisk:
    """Return the disk of the database server."""
    return DatabaseDisk("azure-native:dbforpostgresql:Server", "storage.storageSizeGB", disk_gib(database))


RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType("azure-native:resources:ResourceGroup", "every resource in the group"),
        StatefulType("azure-native:dbforpostgresql:Server", "the database server and its backups"),
        StatefulType("azure-native:dbforpostgresql:Database", "the database"),
        StatefulType("azure-native:storage:StorageAccount", "the objects of the account, in all versions"),
        StatefulType("azure-native:storage:BlobContainer", "the objects of the container, in all versions"),
        StatefulType("azure-native:keyvault:Vault", "the secrets of the vault in all versions, and its name"),
        StatefulType("azure-native:keyvault:Secret", "a secret in all versions"),
        StatefulType("azure-native:keyvault:Key", "everything that is encrypted with the key"),
        StatefulType("azure-native:network:VirtualNetwork", "the network and every address in it"),
        StatefulType("azure-native:network:Subnet", "a subnet and the addresses in it"),
        StatefulType("azure-native:network:PublicIPAddress", "an address that third parties may allow"),
        StatefulType("azure-native:app:ManagedEnvironment", "the environment of all apps and their addresses"),
        StatefulType("azure-native:redisenterprise:RedisEnterprise", "the cache and its contents"),
        StatefulType("azure-native:redisenterprise:Database", "the contents of the cache"),
        StatefulType("azure-native:containerregistry:Registry", "the images that services run and a rollback needs"),
        StatefulType("azure-native:dataprotection:BackupVault", "long-term backups of the database"),
        StatefulType("azure-native:dataprotection:BackupInstance", "the long-term backups of a database server"),
        StatefulType("azure-native:cdn:Profile", "the entry and its addresses"),
        StatefulType("azure-native:network:ApplicationGateway", "the entry; its address stays"),
        StatefulType("azure-native:cdn:AFDEndpoint", "the entry address that DNS records refer to"),
    ),
    running=(
        ServiceType("azure-native:app:ContainerApp", "latestRevisionName", "latestReadyRevisionName", failed=FAILED),
    ),
    losing=(
        *STORES_TO_EXISTING,
        *to_existing_registry("azure-native:containerregistry:Registry"),
        ReplacingChange(
            "azure.location", "*", "a resource cannot move to another location; create a new stack there instead"
        ),
        ReplacingChange(
            "azure.standby_location", "*", "copies cannot move to another location; those there are deleted"
        ),
        ReplacingChange(
            "azure.entry",
            "azure-native:cdn:Profile",
            "the other entry is created first; the record of the domain then leads to it, and the old entry is deleted last",
        ),
        ReplacingChange("azure.entry", "azure-native:cdn:AFDEndpoint", "it is a part of Front Door"),
        *(
            ReplacingChange("network.existing", type_token, why)
            for type_token, why in (
                ("azure-native:network:VirtualNetwork", "the platform's own network is not part of an existing one"),
                ("azure-native:network:Subnet", "the subnets of the platform's own network are not in an existing one"),
                (
                    "azure-native:network:PublicIPAddress",
                    "connections leave existing subnets by the gateway of their owner",
                ),
                ("azure-native:app:ManagedEnvironment", ENVIRONMENT_STAYS),
                ("azure-native:dbforpostgresql:Server", SERVER_STAYS),
            )
        ),
        *(
            ReplacingChange(f"network.existing.azure{field}", "azure-native:app:ManagedEnvironment", ENVIRONMENT_STAYS)
            for field in ("", ".container_apps_subnet_id")
        ),
        *(
            ReplacingChange(f"network.existing.azure{field}", "azure-native:dbforpostgresql:Server", SERVER_STAYS)
            for field in ("", ".database_subnet_id")
        ),
        ReplacingChange("azure.tenant_id", "azure-native:keyvault:Vault", "a vault cannot move to another tenant"),
        ReplacingChange(
            "network.zones",
            "azure-native:app:ManagedEnvironment",
            "the zone redundancy of an environment cannot be changed",
        ),
    ),
    passwords=(
        RotatablePassword(DATABASE_PASSWORD, "Database", "database"),
        RotatablePassword(
            CACHE_PASSWORD,
            "Cache",
            "cache",
            refused="Azure generates the keys of the cache; regenerate the primary key (`az redisenterprise database "
            "regenerate-key --resource-group {stack}-agents-{region} --cluster-name $(az redisenterprise list "
            "--resource-group {stack}-agents-{region} --query \"sort_by([?starts_with(name, '{stack}-{cache}-')], "
            '&length(name))[0].name" --output tsv) --key-type Primary`), then run '
            "`agent-platform up {stack}`, which stores it and restarts the services that use it",
        ),
    ),
    database_version=("azure-native:dbforpostgresql:Server", "version"),
    # the settings of a server say nothing about its role, so an update alone never moves it
    replica_source=("azure-native:dbforpostgresql:Server", ""),
    disk=database_disk,
    creation_choices=(GEO_BACKUP, OWN_KEY_CHOICE, MICROSOFT_KEY_CHOICE),
)

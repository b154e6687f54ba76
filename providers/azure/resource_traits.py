"""What holds something on Azure, which revision an app runs, which password can be made anew.

An app with one active revision keeps the old one until the new one is ready, and for good when it never is.
"""

from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    ReplacingChange,
    ResourceTraits,
    RotatablePassword,
    ServiceType,
    StatefulType,
)

FAILED = ("provisioningState", ("Failed", "Canceled"))

RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType("azure-native:resources:ResourceGroup", "everything that stands in the group"),
        StatefulType("azure-native:dbforpostgresql:Server", "the database server and its backups"),
        StatefulType("azure-native:dbforpostgresql:Database", "the database"),
        StatefulType("azure-native:storage:StorageAccount", "the objects of the account, in all versions"),
        StatefulType("azure-native:storage:BlobContainer", "the objects of the container, in all versions"),
        StatefulType("azure-native:keyvault:Vault", "the secrets of the vault in all versions, and its name"),
        StatefulType("azure-native:keyvault:Secret", "a secret in all versions"),
        StatefulType("azure-native:network:VirtualNetwork", "the network and the addresses of all that stands in it"),
        StatefulType("azure-native:network:Subnet", "a part of the network and the addresses in it"),
        StatefulType("azure-native:network:PublicIPAddress", "the address that others see and may have allowed"),
        StatefulType("azure-native:app:ManagedEnvironment", "the place of all apps and the addresses they have there"),
        StatefulType("azure-native:redisenterprise:RedisEnterprise", "the cache and its contents"),
        StatefulType("azure-native:redisenterprise:Database", "the contents of the cache"),
        StatefulType("azure-native:containerregistry:Registry", "the images that services run and a rollback needs"),
        StatefulType("azure-native:cdn:Profile", "the entry and its addresses"),
        StatefulType("azure-native:cdn:AFDEndpoint", "the entry address that names point at"),
    ),
    running=(
        ServiceType("azure-native:app:ContainerApp", "latestRevisionName", "latestReadyRevisionName", failed=FAILED),
    ),
    losing=(
        ReplacingChange(
            "azure.location", "*", "everything in a location is made anew in another one; begin a new stack instead"
        ),
        ReplacingChange("azure.tenant_id", "azure-native:keyvault:Vault", "a vault belongs to its directory for life"),
        ReplacingChange(
            "network.zones", "azure-native:app:ManagedEnvironment", "an environment spans zones or not for life"
        ),
    ),
    passwords=(
        RotatablePassword(DATABASE_PASSWORD, "Database", "database"),
        RotatablePassword(
            CACHE_PASSWORD,
            "Cache",
            "cache",
            refused="Azure makes the keys of the cache by itself; let it make the first one anew (`az redisenterprise "
            "database regenerate-key --key-type Primary`), then run `agent-platform up`, which stores it and restarts "
            "the services that use it",
        ),
    ),
)

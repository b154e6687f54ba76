"""What holds something on Azure, which revision an app runs, which password can be made anew.

An app with one active revision keeps the old one until the new one is ready, and for good when it never is.
"""

from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    Losing,
    Operations,
    Password,
    Running,
    Stateful,
)

FAILED = ("provisioningState", ("Failed", "Canceled"))

OPERATIONS = Operations(
    stateful=(
        Stateful("azure-native:resources:ResourceGroup", "everything that stands in the group"),
        Stateful("azure-native:dbforpostgresql:Server", "the database server and its backups"),
        Stateful("azure-native:dbforpostgresql:Database", "the database"),
        Stateful("azure-native:storage:StorageAccount", "the objects of the account, in all versions"),
        Stateful("azure-native:storage:BlobContainer", "the objects of the container, in all versions"),
        Stateful("azure-native:keyvault:Vault", "the secrets of the vault in all versions, and its name"),
        Stateful("azure-native:keyvault:Secret", "a secret in all versions"),
        Stateful("azure-native:network:VirtualNetwork", "the network and the addresses of all that stands in it"),
        Stateful("azure-native:network:Subnet", "a part of the network and the addresses in it"),
        Stateful("azure-native:network:PublicIPAddress", "the address that others see and may have allowed"),
        Stateful("azure-native:app:ManagedEnvironment", "the place of all apps and the addresses they have there"),
        Stateful("azure-native:redisenterprise:RedisEnterprise", "the cache and its contents"),
        Stateful("azure-native:redisenterprise:Database", "the contents of the cache"),
        Stateful("azure-native:containerregistry:Registry", "the images that services run and a rollback needs"),
        Stateful("azure-native:cdn:Profile", "the entry and its addresses"),
        Stateful("azure-native:cdn:AFDEndpoint", "the entry address that names point at"),
    ),
    running=(Running("azure-native:app:ContainerApp", "latestRevisionName", "latestReadyRevisionName", failed=FAILED),),
    losing=(
        Losing(
            "azure.location", "*", "everything in a location is made anew in another one; begin a new stack instead"
        ),
        Losing("azure.tenant_id", "azure-native:keyvault:Vault", "a vault belongs to its directory for life"),
        Losing("network.zones", "azure-native:app:ManagedEnvironment", "an environment spans zones or not for life"),
    ),
    passwords=(
        Password(DATABASE_PASSWORD, "Database", "database"),
        Password(
            CACHE_PASSWORD,
            "Cache",
            "cache",
            refused="Azure makes the keys of the cache by itself; let it make the first one anew (`az redisenterprise "
            "database regenerate-key --key-type Primary`), then run `agent-platform up`, which stores it and restarts "
            "the services that use it",
        ),
    ),
)

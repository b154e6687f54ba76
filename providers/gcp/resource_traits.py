"""Stateful types, service revisions, replacing changes and rotatable passwords on Google Cloud.

Cloud Run creates a revision at once and sends it no traffic before it is ready; until then the previous one serves.
"""

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

PASSWORD_CHANGE_SECONDS = 24 * 3600
"""Minimum time between two password changes of a user, set by the database's password policy."""
FAILED = ("terminalConditions[0].state", ("CONDITION_FAILED",))


def database_disk(database: DatabaseSpec) -> DatabaseDisk:
    """Return the disk of the database server."""
    return DatabaseDisk("gcp:sql/databaseInstance:DatabaseInstance", "settings.diskSize", database.storage_gib)


RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType("gcp:sql/databaseInstance:DatabaseInstance", "the database server and its backups"),
        StatefulType("gcp:sql/database:Database", "the database"),
        StatefulType("gcp:storage/bucket:Bucket", "the objects of the bucket, in all versions"),
        StatefulType("gcp:kms/cryptoKey:CryptoKey", "the key of everything that is encrypted with it"),
        StatefulType("gcp:kms/keyRing:KeyRing", "the keys of everything that is encrypted with them"),
        StatefulType("gcp:compute/network:Network", "the network and the addresses of everything in it"),
        StatefulType("gcp:compute/subnetwork:Subnetwork", "a part of the network and the addresses in it"),
        StatefulType(
            "gcp:servicenetworking/connection:Connection", "the connection from the network to database and cache"
        ),
        StatefulType("gcp:compute/address:Address", "an address that external services may have allowed"),
        StatefulType(
            "gcp:compute/globalAddress:GlobalAddress", "an address or range that DNS records and networks refer to"
        ),
        StatefulType("gcp:redis/instance:Instance", "the contents of the cache"),
        StatefulType("gcp:secretmanager/secret:Secret", "a secret in all versions"),
        StatefulType("gcp:artifactregistry/repository:Repository", "the images that services run and a rollback needs"),
    ),
    running=(
        ServiceType("gcp:cloudrunv2/service:Service", "latestCreatedRevision", "latestReadyRevision", failed=FAILED),
        ServiceType(
            "gcp:cloudrunv2/workerPool:WorkerPool", "latestCreatedRevision", "latestReadyRevision", failed=FAILED
        ),
    ),
    losing=(
        *STORES_TO_EXISTING,
        *to_existing_registry("gcp:artifactregistry/repository:Repository"),
        ReplacingChange("gcp.region", "*", "everything is recreated in the new region; create a new stack instead"),
        ReplacingChange("gcp.standby_region", "*", "copies cannot move to another region; those there are deleted"),
        ReplacingChange("network.cidr", "gcp:compute/subnetwork:Subnetwork", "a range can grow in place, but not move"),
        *(
            ReplacingChange("network.existing", type_token, why)
            for type_token, why in (
                ("gcp:compute/network:Network", "the platform's own network is not part of an existing one"),
                (
                    "gcp:compute/subnetwork:Subnetwork",
                    "the subnet of the platform's own network is not in an existing one",
                ),
                ("gcp:compute/address:Address", "connections leave an existing network by the Cloud NAT of its owner"),
                ("gcp:compute/globalAddress:GlobalAddress", "an existing network has an allocated range of its owner"),
                ("gcp:servicenetworking/connection:Connection", "an existing network has a peering of its owner"),
                (
                    "gcp:sql/databaseInstance:DatabaseInstance",
                    "the platform does not move a database to another network",
                ),
                ("gcp:redis/instance:Instance", "the network of a Memorystore instance cannot be changed"),
            )
        ),
        ReplacingChange(
            "network.standby_cidr", "gcp:compute/subnetwork:Subnetwork", "a range can grow in place, but not move"
        ),
        ReplacingChange("network.zones", "gcp:compute/address:Address", "each zone has a fixed outbound address"),
        *(
            ReplacingChange(key, "gcp:redis/instance:Instance", "the tier of a Memorystore instance cannot be changed")
            for key in ("cache.high_availability", "caches.<name>.high_availability")
        ),
    ),
    passwords=(
        RotatablePassword(
            DATABASE_PASSWORD,
            "Database",
            "database",
            pause_seconds=PASSWORD_CHANGE_SECONDS,
            refused_in_standby="the user belongs to the instance of {region}, which is a replica; run `agent-platform failback {stack}` "
            "first",
        ),
        RotatablePassword(
            CACHE_PASSWORD,
            "Cache",
            "cache",
            refused="Memorystore generates it, and generates a new one only when AUTH is disabled and enabled again, "
            "which leaves the cache open in between",
        ),
    ),
    database_version=("gcp:sql/databaseInstance:DatabaseInstance", "databaseVersion"),
    disk=database_disk,
    replica_source=("gcp:sql/databaseInstance:DatabaseInstance", ""),
)

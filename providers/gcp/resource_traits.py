"""What holds something on Google Cloud, which revision a service runs, which password can be made anew.

Cloud Run makes a revision at once and sends no traffic to it before it is ready: the old one goes on when it is not.
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

PASSWORD_CHANGE_SECONDS = 24 * 3600
"""How long Cloud SQL keeps a user from changing a password again; the database's password policy asks for it."""
FAILED = ("terminalConditions[0].state", ("CONDITION_FAILED",))

RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType("gcp:sql/databaseInstance:DatabaseInstance", "the database server and its backups"),
        StatefulType("gcp:sql/database:Database", "the database"),
        StatefulType("gcp:storage/bucket:Bucket", "the objects of the bucket, in all versions"),
        StatefulType("gcp:kms/cryptoKey:CryptoKey", "the key of everything that is encrypted with it"),
        StatefulType("gcp:kms/keyRing:KeyRing", "the keys of everything that is encrypted with them"),
        StatefulType("gcp:compute/network:Network", "the network and the addresses of all that stands in it"),
        StatefulType("gcp:compute/subnetwork:Subnetwork", "a part of the network and the addresses in it"),
        StatefulType("gcp:servicenetworking/connection:Connection", "the way from the network to database and cache"),
        StatefulType("gcp:compute/address:Address", "an address that others see and may have allowed"),
        StatefulType(
            "gcp:compute/globalAddress:GlobalAddress", "an address or a range that names and networks point at"
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
        ReplacingChange(
            "gcp.region", "*", "everything in a region is made anew in another one; begin a new stack instead"
        ),
        ReplacingChange(
            "network.cidr", "gcp:compute/subnetwork:Subnetwork", "a range grows in place, and does not move"
        ),
        ReplacingChange(
            "network.zones", "gcp:compute/address:Address", "each zone has a way out of its own, with its address"
        ),
        ReplacingChange("cache.high_availability", "gcp:redis/instance:Instance", "Memorystore has a tier for life"),
    ),
    passwords=(
        RotatablePassword(DATABASE_PASSWORD, "Database", "database", pause_seconds=PASSWORD_CHANGE_SECONDS),
        RotatablePassword(
            CACHE_PASSWORD,
            "Cache",
            "cache",
            refused="Memorystore makes it by itself, and another one only when AUTH is switched off and on again, "
            "which leaves the cache open in between",
        ),
    ),
)

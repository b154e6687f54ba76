"""What holds something on this machine.

No row tells which revision runs: a copy is made anew for every change, and an update waits until it is well, so a copy
that stands is the one that was asked for.
"""

from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    ResourceTraits,
    RotatablePassword,
    StatefulType,
)

RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType(
            "docker:index/volume:Volume", "what the database, the cache, the object store or Prometheus wrote"
        ),
        StatefulType("tls:index/privateKey:PrivateKey", "a key that clients of the entry were told to trust"),
    ),
    running=(),
    passwords=(
        RotatablePassword(
            DATABASE_PASSWORD,
            "Database",
            "database",
            refused="the superuser's, made beside it, stands in the volume since the server's first start; restore the last "
            "dump into a new volume instead",
        ),
        RotatablePassword(
            CACHE_PASSWORD,
            "Cache",
            "cache",
            refused="no table tells yet that its readers were made anew with it; `pulumi up --replace` with the urn of the "
            "password makes it anew",
        ),
    ),
)

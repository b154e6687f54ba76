"""Stateful types and rotatable passwords on Docker.

No type reports a running revision: every change creates a new container, and an update waits until it is healthy, so an
existing container always has the requested revision.
"""

from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    PASSWORD_TYPE,
    STORES_TO_EXISTING,
    ResourceTraits,
    RotatablePassword,
    StatefulType,
)

CONTAINER, NETWORK = "docker:index/container:Container", "docker:index/network:Network"
VOLUME, IMAGE = "docker:index/volume:Volume", "docker:index/remoteImage:RemoteImage"

RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType(VOLUME, "data of the database, the cache, the object store or Prometheus"),
        StatefulType("tls:index/privateKey:PrivateKey", "a key whose certificate clients of the entry trust"),
    ),
    running=(),
    replicas=CONTAINER,
    losing=STORES_TO_EXISTING,
    content={IMAGE: "imageId"},
    # the authority and its certificates too, so that clients trust the entry of the next update
    kept=frozenset(
        {
            VOLUME,
            PASSWORD_TYPE,
            "tls:index/certRequest:CertRequest",
            "tls:index/locallySignedCert:LocallySignedCert",
            "tls:index/privateKey:PrivateKey",
            "tls:index/selfSignedCert:SelfSignedCert",
        }
    ),
    passwords=(
        RotatablePassword(
            DATABASE_PASSWORD,
            "Database",
            "database",
            refused="the superuser's password in the same component is set in the volume at the first start of the "
            "server; restore the last dump into a new volume instead",
        ),
        RotatablePassword(
            CACHE_PASSWORD,
            "Cache",
            "cache",
            refused="rotation cannot yet verify that the services that use the cache were replaced; run `pulumi up "
            "--stack {stack} --replace URN` with the URN of the password instead",
        ),
    ),
)

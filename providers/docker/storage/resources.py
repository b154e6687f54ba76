"""Objects: one bucket of the object store, and for each service that uses it a key of its own.

The key travels as the variables that every S3 client reads (`naming.VARIABLES`); `compute` hands it over.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.results import ObjectStore
from providers.contract.spec import StorageSpec
from providers.docker.base.containers import ContainerSpec, create_container, create_volume
from providers.docker.base.identity import StorageKey
from providers.docker.base.platform_images import COURIER, OBJECTS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import own_probe
from providers.docker.database.parameters import CONFIG
from providers.docker.naming import BACKUPS, BUCKET, STORAGE
from providers.docker.network.plan import DATA
from providers.docker.scripts import script, script_path


@dataclass(frozen=True)
class Store:
    """What must have happened before a bucket can be used."""

    ready: docker.Container


@dataclass(frozen=True)
class DockerObjectStore(ObjectStore):
    """`store` is what must stand before a bucket can be used; the backups share the server."""

    store: Store


def create_storage(scope: Scope, base: DockerBaseResources) -> DockerObjectStore:
    """The object store with the bucket of the services."""
    if base.spec.storage is None:
        raise ValueError("the platform has no storage")
    store = create_store(scope, base)
    return DockerObjectStore(
        # known from the beginning, and still only there when the bucket is
        bucket=store.ready.id.apply(lambda _: BUCKET),
        endpoint_url=pulumi.Output.from_input(URL),
        store=store,
    )


PORT = 8333
URL = f"http://{STORAGE}:{PORT}"
REGION = "us-east-1"
"""A region must be in what clients sign; SeaweedFS takes any."""
MEMORY_MIB, CARRIER_MEMORY_MIB = 1024, 256
READ_AND_WRITE = ("Read", "Write", "List", "Tagging")


def create_store(scope: Scope, base: DockerBaseResources) -> Store:
    """The server, and a container that makes the buckets and ends."""
    image = base.image(OBJECTS)
    volume = create_volume(scope, base.context, "data", image, protect=base.context.production)
    box = ContainerSpec(
        image=image,
        memory_mib=MEMORY_MIB,
        vcpu=1,
        seats=[base.seat(DATA, STORAGE), *base.beside("storage", STORAGE)],
        entrypoint=["weed"],
        command=[
            "server",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-dir=/data",
            "-volume.max=0",
            "-master.volumeSizeLimitMB=1024",
            "-master.telemetry=false",
            "-s3",
            "-s3.ip.bind=0.0.0.0",
            f"-s3.port={PORT}",
            "-s3.port.iceberg=0",
            f"-s3.config={CONFIG}/s3.json",
        ],
        environment={"HOME": "/tmp"},  # noqa: S108  # a file system in memory, of the container's own
        files={f"{CONFIG}/s3.json": users(base)},
        volumes={"/data": volume.name},
        probe=own_probe("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{PORT}/healthz"),
    )
    # two servers on one volume would destroy it
    server = create_container(scope, base.context, "server", box, [volume.ready], replace_first=True)
    return Store(_buckets(scope, base, server))


def users(base: DockerBaseResources) -> pulumi.Output[str]:
    """SeaweedFS' file of users: each service on the services' bucket, the courier on the backups', the keeper on all."""
    identity = base.identity
    rights = {name: (key, _on(BUCKET)) for name, key in identity.services.items()}
    if identity.courier is not None:
        rights["the courier"] = (identity.courier, _on(BACKUPS))
    if identity.keeper is not None:
        rights["the keeper"] = (identity.keeper, ["Admin"])
    found = [
        {
            "name": key.access_key,
            "credentials": [{"accessKey": key.access_key, "secretKey": key.secret_key}],
            "actions": actions,
        }
        for key, actions in rights.values()
    ]
    return pulumi.Output.secret(pulumi.Output.json_dumps({"identities": found}, sort_keys=True))


def carrier(
    base: DockerBaseResources,
    key: StorageKey,
    name: str,
    arguments: tuple[str, ...],
    files: Mapping[str, pulumi.Input[str]],
) -> ContainerSpec:
    """A container that runs the script `name` with the AWS command line and a key to the store."""
    secret = pulumi.Output.concat(
        f"[default]\naws_access_key_id = {key.access_key}\naws_secret_access_key = ", key.secret_key, "\n"
    )
    return ContainerSpec(
        image=base.image(COURIER),
        memory_mib=CARRIER_MEMORY_MIB,
        vcpu=0.5,
        seats=[base.seat(DATA)],
        entrypoint=["/bin/sh", script_path(name)],
        command=arguments,
        environment={
            "AWS_ENDPOINT_URL": URL,
            "AWS_REGION": REGION,
            "AWS_SHARED_CREDENTIALS_FILE": f"{CONFIG}/credentials",
            "HOME": "/tmp",  # noqa: S108  # a file system in memory, of the container's own
        },
        files={
            script_path(name): script(name),
            f"{CONFIG}/credentials": pulumi.Output.secret(secret),
            **files,
        },
    )


def _on(bucket: str) -> list[str]:
    return [f"{action}:{bucket}" for action in READ_AND_WRITE]


def _buckets(scope: Scope, base: DockerBaseResources, server: docker.Container) -> docker.Container:
    key, wanted = base.identity.keeper, base.spec.storage
    if key is None:
        raise ValueError("nobody may make buckets")
    names = (*((BUCKET,) if wanted else ()), *((BACKUPS,) if base.context.backs_up else ()))
    box = carrier(base, key, "buckets", names, settings(wanted) if wanted else {})
    # another server is made with an empty volume where the old one is lost, and has no buckets yet
    environment = {**box.environment, "SERVER": server.id}
    return create_container(scope, base.context, "buckets", replace(box, once=True, environment=environment))


def settings(wanted: StorageSpec) -> Mapping[str, pulumi.Input[str]]:
    """Files of the services' bucket: versions kept or not, and how long replaced ones are."""
    status = {"Status": "Enabled" if wanted.versioning else "Suspended"}
    expiry = {
        "ID": "replaced",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": wanted.noncurrent_days},
    }
    return {
        f"{CONFIG}/{BUCKET}.versioning": json.dumps(status),
        f"{CONFIG}/{BUCKET}.lifecycle": json.dumps({"Rules": [expiry]}),
    }

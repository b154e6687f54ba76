"""Object storage: SeaweedFS with its S3 interface, one bucket for the services and one for backups.

MinIO is not used because its community server is in maintenance mode. SeaweedFS reads its users from one file at start,
each with rights on named buckets, so a new stack needs no manual step. Its other interfaces (filer, master) have no
authentication and are bound to the loopback address of the container. Services receive their key in the variables that
S3 clients read (`naming.STORAGE_VARIABLES`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.results import ObjectStore
from providers.contract.spec import StorageSpec
from providers.docker.base.containers import ContainerSpec, create_container, create_volume, script, script_path
from providers.docker.base.identity import StorageKey
from providers.docker.base.platform_images import COURIER, OBJECTS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import platform_probe
from providers.docker.naming import BACKUPS, BUCKET, CONFIG_FOLDER, STORAGE
from providers.docker.network.flows import DATA

PORT = 8333
URL = f"http://{STORAGE}:{PORT}"
REGION = "us-east-1"
"""Clients sign requests with a region; SeaweedFS accepts any."""
SERVER_MEMORY_MIB, CLIENT_MEMORY_MIB = 1024, 256
READ_AND_WRITE = ("Read", "Write", "List", "Tagging")


@dataclass(frozen=True)
class Store:
    """Object store; `ready` is the container that creates the buckets, which must exit before they can be used."""

    ready: docker.Container


@dataclass(frozen=True)
class DockerObjectStore(ObjectStore):
    """Bucket of the services; backups use the same `store`."""

    store: Store


def create_storage(scope: Scope, base: DockerBaseResources) -> DockerObjectStore:
    """Object store with the bucket of the services."""
    if base.spec.storage is None:
        raise ValueError("the platform has no storage")
    store = create_store(scope, base)
    return DockerObjectStore(
        # the name is constant, but a reader must wait until the bucket exists
        bucket=store.ready.id.apply(lambda _: BUCKET),
        endpoint_url=pulumi.Output.from_input(URL),
        store=store,
    )


def create_store(scope: Scope, base: DockerBaseResources) -> Store:
    """Server, and a container that creates the buckets and exits."""
    image = base.image(OBJECTS)
    volume = create_volume(scope, base.context, "data", image, protect=base.context.production)
    container = ContainerSpec(
        image=image,
        memory_mib=SERVER_MEMORY_MIB,
        vcpu=1,
        networks=[base.attachment(DATA, STORAGE), *base.user_attachments("storage", STORAGE)],
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
            f"-s3.config={CONFIG_FOLDER}/s3.json",
        ],
        environment={"HOME": "/tmp"},  # noqa: S108  # in memory, private to the container
        files={f"{CONFIG_FOLDER}/s3.json": _users_document(base)},
        volumes={"/data": volume.name},
        probe=platform_probe("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{PORT}/healthz"),
    )
    # two servers on one volume would corrupt it
    server = create_container(scope, base.context, "server", container, [volume.ready], delete_before_replace=True)
    return Store(_buckets(scope, base, server))


def _users_document(base: DockerBaseResources) -> pulumi.Output[str]:
    """Users of SeaweedFS: services on their bucket, `courier` on the backups, `keeper` on everything."""
    identity = base.identity
    users = [(key, _actions(BUCKET)) for key in identity.services.values()]
    if identity.courier is not None:
        users.append((identity.courier, _actions(BACKUPS)))
    if identity.keeper is not None:
        users.append((identity.keeper, ["Admin"]))
    identities = [
        {
            "name": key.access_key,
            "credentials": [{"accessKey": key.access_key, "secretKey": key.secret_key}],
            "actions": actions,
        }
        for key, actions in users
    ]
    return pulumi.Output.secret(pulumi.Output.json_dumps({"identities": identities}, sort_keys=True))


def _actions(bucket: str) -> list[str]:
    return [f"{action}:{bucket}" for action in READ_AND_WRITE]


def store_client(
    base: DockerBaseResources,
    key: StorageKey,
    name: str,
    arguments: tuple[str, ...] = (),
    files: Mapping[str, pulumi.Input[str]] | None = None,
) -> ContainerSpec:
    """Container that runs the script `name` with the AWS command line and a key to the object store."""
    credentials = pulumi.Output.concat(
        f"[default]\naws_access_key_id = {key.access_key}\naws_secret_access_key = ", key.secret_key, "\n"
    )
    return ContainerSpec(
        image=base.image(COURIER),
        memory_mib=CLIENT_MEMORY_MIB,
        vcpu=0.5,
        networks=[base.attachment(DATA)],
        entrypoint=["/bin/sh", script_path(name)],
        command=arguments,
        environment={
            "AWS_ENDPOINT_URL": URL,
            "AWS_REGION": REGION,
            "AWS_SHARED_CREDENTIALS_FILE": f"{CONFIG_FOLDER}/credentials",
            "HOME": "/tmp",  # noqa: S108  # in memory, private to the container
        },
        files={
            script_path(name): script(name),
            f"{CONFIG_FOLDER}/credentials": pulumi.Output.secret(credentials),
            **(files or {}),
        },
    )


def _buckets(scope: Scope, base: DockerBaseResources, server: docker.Container) -> docker.Container:
    key, spec = base.identity.keeper, base.spec.storage
    if key is None:
        raise ValueError("the platform has no key that can create buckets")
    names = (*((BUCKET,) if spec else ()), *((BACKUPS,) if base.context.keeps_backups else ()))
    client = store_client(base, key, "buckets", names, _bucket_settings(spec) if spec else {})
    # the id of the server makes this run again for a new server, whose volume may be new and have no buckets
    environment = {**client.environment, "SERVER": server.id}
    return create_container(scope, base.context, "buckets", replace(client, run_once=True, environment=environment))


def _bucket_settings(spec: StorageSpec) -> Mapping[str, pulumi.Input[str]]:
    """Files with versioning and lifecycle of the services' bucket."""
    status = {"Status": "Enabled" if spec.versioning else "Suspended"}
    expiry = {
        "ID": "replaced",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": spec.noncurrent_days},
    }
    return {
        f"{CONFIG_FOLDER}/{BUCKET}.versioning": json.dumps(status),
        f"{CONFIG_FOLDER}/{BUCKET}.lifecycle": json.dumps({"Rules": [expiry]}),
    }

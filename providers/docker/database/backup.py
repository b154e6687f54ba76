"""Backups: a nightly dump into the object store, and a drill that restores the newest one and reads every row back.

Three containers with one right each: `dump` reaches the database, `courier` the object store, `drill` nothing at all.
They hand files to each other in a volume; what they tell of it, Prometheus finds there through the host's exporter.
Database and store are both there when this room is opened, so it comes after them.
"""

from dataclasses import dataclass, replace

import pulumi

from providers.contract.component import Scope
from providers.contract.spec import DatabaseSpec
from providers.docker.base.containers import ContainerSpec, Volume, create_container, create_volume
from providers.docker.base.platform_images import POSTGRES
from providers.docker.base.resources import DockerBaseResources
from providers.docker.database.parameters import CONFIG
from providers.docker.database.resources import DockerDatabase, connection
from providers.docker.network.plan import DATA
from providers.docker.scripts import script, script_path
from providers.docker.storage.resources import Store, carrier, create_store

EXCHANGE = "/exchange"
SCRATCH = "/scratch"
MEMORY_MIB, DRILL_MEMORY_MIB = 256, 512


@dataclass(frozen=True)
class DockerBackup:
    """The volume in which the state of the backups is told."""

    exchange: pulumi.Output[str]


def create_backup(
    scope: Scope, base: DockerBaseResources, database: DockerDatabase, store: Store | None
) -> DockerBackup:
    """Dump, courier and drill; the object store as well where no service uses one."""
    wanted, key = base.spec.database, base.identity.courier
    if wanted is None or key is None:
        raise ValueError("the platform keeps no backups")
    standing = store or create_store(scope, base)
    exchange = create_volume(scope, base.context, "exchange", base.image(POSTGRES))
    _dump(scope, base, wanted, database, exchange)
    box = carrier(base, key, "courier", (), {})
    environment = {**box.environment, "BACKUP_DAYS": str(wanted.backup.retention_days)}
    courier = replace(box, environment=environment, volumes={EXCHANGE: exchange.name}, init=True)
    # no input tells that the bucket must be there
    create_container(scope, base.context, "courier", courier, [exchange.ready, standing.ready])
    _drill(scope, base, exchange)
    return DockerBackup(exchange.name)


def _dump(
    scope: Scope, base: DockerBaseResources, wanted: DatabaseSpec, database: DockerDatabase, exchange: Volume
) -> None:
    box = ContainerSpec(
        image=base.image(POSTGRES),
        memory_mib=MEMORY_MIB,
        vcpu=1,
        seats=[base.seat(DATA)],
        entrypoint=["/bin/sh", script_path("dump")],
        environment={**connection("platform"), "BACKUP_START": wanted.backup.window_start.replace(":", "")},
        files={
            script_path("dump"): script("dump"),
            f"{CONFIG}/ca.pem": base.keys.authority,
            f"{CONFIG}/password": database.passwords.platform,
        },
        volumes={EXCHANGE: exchange.name},
        init=True,
    )
    create_container(scope, base.context, "dump", box, [exchange.ready, database.ready])


def _drill(scope: Scope, base: DockerBaseResources, exchange: Volume) -> None:
    """A server of its own, in a container without any network: what it restores can reach nobody."""
    image = base.image(POSTGRES)
    scratch = create_volume(scope, base.context, "scratch", image)
    box = ContainerSpec(
        image=image,
        memory_mib=DRILL_MEMORY_MIB,
        vcpu=1,
        # the server looks its user up by name, so it must be one that the image knows
        user="postgres",
        entrypoint=["/bin/sh", script_path("drill")],
        files={script_path("drill"): script("drill")},
        volumes={EXCHANGE: exchange.name, SCRATCH: scratch.name},
        init=True,
    )
    create_container(scope, base.context, "drill", box, [exchange.ready, scratch.ready])

"""Backups: a nightly dump to the object store, and a drill that restores the newest one and reads every row.

Each of the three containers has one access right: `dump` reaches the database, `courier` the object store, and `drill`
has no network. They exchange files in a volume, from which the host exporter also reads their metrics. The component is
created after database and object store, which it depends on. With `recovery.drill` the drill restores the newest dump at the
times of its schedule instead of every dump, and runs its query.
"""

import shlex
from dataclasses import dataclass, replace

import pulumi

from providers.contract.component import Scope
from providers.contract.drill import drill_schedule
from providers.contract.spec import DatabaseSpec, Drill
from providers.docker.base.containers import (
    ContainerSpec,
    Volume,
    create_container,
    create_volume,
    script,
    script_path,
)
from providers.docker.base.platform_images import POSTGRES
from providers.docker.base.resources import DockerBaseResources
from providers.docker.database.parameters import USERNAME
from providers.docker.database.resources import DockerDatabase, connection_variables
from providers.docker.jobs.program import schedule_settings
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import DATA
from providers.docker.storage.resources import Store, create_store, store_client

EXCHANGE_FOLDER = "/exchange"
SCRATCH_FOLDER = "/scratch"
DRILL_SETTINGS_FILE = f"{CONFIG_FOLDER}/drill.conf"
DUMP_MEMORY_MIB, DRILL_MEMORY_MIB = 256, 512


@dataclass(frozen=True)
class DockerBackup:
    """Backups; `exchange` is the name of the volume with their files and metrics."""

    exchange: pulumi.Output[str]


def create_backup(
    scope: Scope, base: DockerBaseResources, database: DockerDatabase, store: Store | None
) -> DockerBackup:
    """Dump, upload and drill; also the object store when no service uses one."""
    spec, key = base.spec.database, base.identity.courier
    if spec is None or key is None:
        raise ValueError("the platform keeps no backups")
    store = store or create_store(scope, base)
    exchange = create_volume(scope, base.context, "exchange", base.image(POSTGRES))
    _dump(scope, base, spec, database, exchange)
    client = store_client(base, key, "courier")
    scheduled = {"DRILL_ON_REQUEST": "1"} if base.spec.recovery.drill is not None else {}
    courier = replace(
        client,
        environment={**client.environment, "BACKUP_DAYS": str(spec.backup.retention_days), **scheduled},
        volumes={EXCHANGE_FOLDER: exchange.name},
        init=True,
    )
    # no input refers to the bucket
    create_container(scope, base.context, "courier", courier, [exchange.ready, store.ready])
    _drill(scope, base, exchange)
    return DockerBackup(exchange.name)


def _dump(
    scope: Scope, base: DockerBaseResources, spec: DatabaseSpec, database: DockerDatabase, exchange: Volume
) -> None:
    container = ContainerSpec(
        image=base.image(POSTGRES),
        memory_mib=DUMP_MEMORY_MIB,
        vcpu=1,
        networks=[base.attachment(DATA)],
        entrypoint=["/bin/sh", script_path("dump")],
        environment={**connection_variables(USERNAME), "BACKUP_START": spec.backup.window_start.replace(":", "")},
        files={
            script_path("dump"): script("dump"),
            f"{CONFIG_FOLDER}/ca.pem": base.keys.authority,
            f"{CONFIG_FOLDER}/password": database.passwords.platform,
        },
        volumes={EXCHANGE_FOLDER: exchange.name},
        init=True,
    )
    create_container(scope, base.context, "dump", container, [exchange.ready, database.ready])


def _drill(scope: Scope, base: DockerBaseResources, exchange: Volume) -> None:
    """Separate server in a container without a network, so that restored code cannot connect to anything."""
    image = base.image(POSTGRES)
    scratch = create_volume(scope, base.context, "scratch", image)
    container = ContainerSpec(
        image=image,
        memory_mib=DRILL_MEMORY_MIB,
        vcpu=1,
        # the server looks up its user by name, so the image must define it
        user="postgres",
        entrypoint=["/bin/sh", script_path("drill")],
        files={script_path("drill"): script("drill"), **_drill_settings(base.spec.recovery.drill)},
        volumes={EXCHANGE_FOLDER: exchange.name, SCRATCH_FOLDER: scratch.name},
        init=True,
    )
    create_container(scope, base.context, "drill", container, [exchange.ready, scratch.ready])


def _drill_settings(drill: Drill | None) -> dict[str, str]:
    """File with schedule and query; without it every dump is restored, and no query runs."""
    if drill is None:
        return {}
    settings = {**schedule_settings("drill", drill_schedule(drill)), "drill_query": drill.query}
    lines = [f"{variable}={shlex.quote(value)}" for variable, value in settings.items()]
    return {DRILL_SETTINGS_FILE: "\n".join((*lines, ""))}

"""Files that change under a running process, which reads them again: a volume, and a container that writes into it.

The files of every other container never change (`containers`): another content replaces the container. Where a
replacement would interrupt what needs no interruption, such as the history of Prometheus when a service is added, the process
mounts this volume instead. Its name does not depend on the content.
"""

from collections.abc import Mapping, Sequence

import pulumi

from providers.contract.component import Scope
from providers.docker.base.containers import (
    ContainerSpec,
    Volume,
    create_container,
    create_volume,
    script,
    script_path,
)
from providers.docker.context import DockerContext
from providers.docker.naming import CONFIG_FOLDER

LIVE_FOLDER = "/live"
"""Mount path in the writer and in the reader; `version` in it changes after the files."""
WRITTEN_FOLDER = f"{CONFIG_FOLDER}/live"
WRITER_MEMORY_MIB = 128


def create_live_files(
    scope: Scope,
    context: DockerContext,
    part: str,
    image: pulumi.Input[str],
    files: Mapping[str, pulumi.Input[str]],
    check: Sequence[str] = (),
) -> Volume:
    """Volume `part` with these files by name; `check` is a command that must succeed on the new ones in WRITTEN_FOLDER."""
    volume = create_volume(scope, context, part, image)
    writer = ContainerSpec(
        image=image,
        memory_mib=WRITER_MEMORY_MIB,
        vcpu=0.5,
        entrypoint=["/bin/sh", script_path("live-files")],
        command=check,
        files={
            script_path("live-files"): script("live-files"),
            **{f"{WRITTEN_FOLDER}/{name}": content for name, content in files.items()},
        },
        volumes={LIVE_FOLDER: volume.name},
        run_once=True,
    )
    return Volume(volume.name, create_container(scope, context, f"{part}-written", writer, [volume.ready]))

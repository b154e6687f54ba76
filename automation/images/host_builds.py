"""Builds of images on a Docker host: what changed is built, several services at once, and what is superseded is removed.

A record beside the state has the fingerprint of the source of each image, so that an unchanged image costs one look at
Docker's list. An image gets a tag that follows from its content; a tag never moves. The record also has the images that
the classic builder leaves without a tag, which are this stack's own and are removed with it.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from automation.deploy.errors import DeploymentFailed
from automation.images.build_context import base_images, declared_arguments, fingerprint
from automation.images.builder import LocalImage, build_failure, docker, local_image
from automation.images.own_images import OwnImage
from automation.shell import LocalShell
from providers.contract.cli import CliCommand
from providers.contract.spec.defaults import is_list, is_mapping
from providers.docker.cli import STATE_FOLDER

BUILD_ARGUMENTS = ("BASE_IMAGE", "BUILDER_IMAGE", "UV_DEFAULT_INDEX", "PIP_INDEX_URL")
"""Variables of the environment that a Dockerfile gets when it declares them, to replace public registries and indexes."""
NETWORK_VARIABLE = "BUILD_NETWORK"
MAX_PARALLEL_BUILDS = 4
KEPT_BUILDS = 3
"""Images of each service that are kept, so that `rollback` finds those of the last updates."""
IMAGE_LIST = "{{.ID}} {{.Repository}}:{{.Tag}}"
STEP_IMAGE, STAGE = re.compile(r" ---> ([0-9a-f]{12})"), re.compile(r"Step \d+/\d+ : FROM ", re.IGNORECASE)


@dataclass(frozen=True)
class RecordedBuild:
    """Image of a service on this host: fingerprint of its source, ID, reference, and images of earlier stages."""

    source: str
    image: str
    reference: str
    stages: tuple[str, ...] = ()


@dataclass
class BuildRecord:
    """Builds of a stack on this host by service, the latest first, and images without a tag that no build uses."""

    path: Path
    builds: dict[str, list[RecordedBuild]] = field(default_factory=dict[str, list[RecordedBuild]])
    leftovers: list[str] = field(default_factory=list[str])

    @classmethod
    def load(cls, folder: Path, stack: str) -> "BuildRecord":
        """Return the record of a stack; an empty one where there is none that can be read."""
        path = folder / STATE_FOLDER / "builds" / f"{stack}.json"
        try:
            document: object = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return cls(path)
        content = document if is_mapping(document) else {}
        builds, leftovers = content.get("builds"), content.get("leftovers")
        return cls(
            path,
            {name: _builds(items) for name, items in builds.items()} if is_mapping(builds) else {},
            [str(each) for each in leftovers] if is_list(leftovers) else [],
        )

    def add(self, service: str, build: RecordedBuild) -> None:
        """Make a build the latest of its service."""
        earlier = [each for each in self.builds.get(service, ()) if each.image != build.image]
        same = [each for each in self.builds.get(service, ()) if each.image == build.image]
        stages = build.stages or tuple(stage for each in same for stage in each.stages)
        self.builds[service] = [replace(build, stages=stages), *earlier]

    def save(self) -> None:
        """Write the record."""
        builds = {service: [asdict(build) for build in items] for service, items in self.builds.items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"builds": builds, "leftovers": self.leftovers}, indent=2), encoding="utf-8")


class HostBuilds:
    """Builds of one stack on a Docker host. Methods raise DeploymentFailed."""

    def __init__(self, stack: str, folder: Path, shell: LocalShell) -> None:
        self.stack, self.folder, self.shell = stack, folder, shell
        self.record = BuildRecord.load(folder, stack)

    def build(self, images: Sequence[OwnImage]) -> Mapping[str, LocalImage]:
        """Build the images whose source has changed, and return the image of each service."""
        on_host = self._images_on_host()
        sources = {image.service: self._source(image, on_host) for image in images}
        current = {image.service: self._recorded(image.service, sources[image.service], on_host) for image in images}
        changed = [image for image in images if current[image.service] is None]
        built: dict[str, LocalImage] = {}
        for start in range(0, len(changed), MAX_PARALLEL_BUILDS):
            built |= self._build_all(changed[start : start + MAX_PARALLEL_BUILDS], sources)
        return {
            image.service: built.get(image.service) or LocalImage(image, recorded.image if recorded else "")
            for image in images
            for recorded in (current[image.service],)
        }

    def remove_superseded(self, kept: int = KEPT_BUILDS) -> None:
        """Remove older images of the services and what their builds left; what a container uses stays."""
        unused: list[RecordedBuild] = []
        for service, builds in self.record.builds.items():
            self.record.builds[service], removed = builds[:kept], builds[kept:]
            unused += removed
        in_use = {stage for builds in self.record.builds.values() for build in builds for stage in build.stages}
        tags = {build.reference for builds in self.record.builds.values() for build in builds}
        ids = dict.fromkeys((*(stage for build in unused for stage in build.stages), *self.record.leftovers))
        removable = (*(each.reference for each in unused if each.reference not in tags), *(set(ids) - in_use))
        left = [each for each in removable if not self._remove(each)]
        self.record.leftovers = left
        if removable:
            self.record.save()

    def remove_all(self) -> None:
        """Remove every image that was built for the stack, and the record."""
        self.remove_superseded(kept=0)
        self.record.path.unlink(missing_ok=True)

    def _remove(self, image: str) -> bool:
        """Remove an image; False when it is still in use."""
        return self.shell.succeeds(docker("image", "rm", image)) or not self.shell.succeeds(
            docker("image", "inspect", "--format", "{{.Id}}", image)
        )

    def _build_all(self, images: Sequence[OwnImage], sources: Mapping[str, str]) -> Mapping[str, LocalImage]:
        with tempfile.TemporaryDirectory() as folder:
            ids = {image.service: Path(folder) / image.service for image in images}
            commands = {image.service: self._command(image, ids[image.service]) for image in images}
            results = self.shell.relay_all(commands)
            built = {service: path.read_text(encoding="utf-8") for service, path in ids.items() if path.is_file()}
        local: dict[str, LocalImage] = {}
        failures: list[DeploymentFailed] = []
        for image in images:
            output, failure = results[image.service]
            *stages, last = stage_images(output) or [""]
            if failure is not None:
                self.record.leftovers += [each for each in (*stages, last) if each]
                failures.append(build_failure(image, self.stack, failure))
                continue
            local[image.service] = self._tagged(image, built[image.service])
            reference = local[image.service].address
            build = RecordedBuild(sources[image.service], local[image.service].id, reference, tuple(stages))
            self.record.add(image.service, build)
        self.record.save()
        if failures:
            raise failures[0]
        return local

    def _tagged(self, image: OwnImage, identity: str) -> LocalImage:
        local = local_image(image, identity.strip(), self.shell)
        self.shell.output(docker("tag", local.id, local.address))
        return local

    def _command(self, image: OwnImage, id_file: Path) -> CliCommand:
        context, dockerfile = image.source(self.folder)
        # values come from the environment: an address of an index may contain a password
        arguments = [word for name in self._arguments(image) for word in ("--build-arg", name)]
        network = ["--network", value] if (value := os.environ.get(NETWORK_VARIABLE)) else []
        where = ("--platform", image.platform, "--file", str(dockerfile), "--iidfile", str(id_file))
        return docker("build", *where, *network, *arguments, str(context))

    def _arguments(self, image: OwnImage) -> Mapping[str, str]:
        return declared_arguments(self._dockerfile(image), os.environ, BUILD_ARGUMENTS)

    def _dockerfile(self, image: OwnImage) -> str:
        return (self.folder / image.source(self.folder)[1]).read_text(encoding="utf-8", errors="replace")

    def _source(self, image: OwnImage, on_host: Mapping[str, str]) -> str:
        """Return the fingerprint of an image's source, with the base images that are on the host now."""
        arguments = self._arguments(image)
        bases = base_images(self._dockerfile(image), arguments)
        named = [f"{base}={on_host.get(base if ':' in base else f'{base}:latest', '')}" for base in bases]
        context, dockerfile = image.source(self.folder)
        extra = [image.platform, *(f"{name}={value}" for name, value in arguments.items()), *named]
        return fingerprint(self.folder / context, self.folder / dockerfile, extra)

    def _recorded(self, service: str, source: str, on_host: Mapping[str, str]) -> RecordedBuild | None:
        """Return the recorded build of a source, when the host still has its image."""
        builds = self.record.builds.get(service, ())
        present = (each for each in builds if on_host.get(each.reference) == each.image)
        found = next((each for each in present if each.source == source), None)
        if found is not None:
            self.record.add(service, found)
        return found

    def _images_on_host(self) -> Mapping[str, str]:
        """Return the ID of each tagged image on the host by its reference."""
        listing = self.shell.output(docker("image", "ls", "--no-trunc", "--format", IMAGE_LIST))
        pairs = (line.partition(" ") for line in listing.splitlines())
        return {reference: identity for identity, _, reference in pairs}


def stage_images(output: str) -> list[str]:
    """Return the last image of each stage in the output of the classic builder; BuildKit keeps its stages in a cache."""
    stages: list[list[str]] = []
    for line in output.splitlines():
        if STAGE.match(line):
            stages.append([])
        elif stages and (match := STEP_IMAGE.match(line)):
            stages[-1].append(match[1])
    # a stage without steps is its base image
    return [images[-1] for images in stages if len(images) > 1]


def _builds(items: object) -> list[RecordedBuild]:
    return [
        RecordedBuild(*(str(item.get(key, "")) for key in ("source", "image", "reference")), stages=_texts(item))
        for item in (items if is_list(items) else [])
        if is_mapping(item)
    ]


def _texts(item: Mapping[str, object]) -> tuple[str, ...]:
    stages = item.get("stages")
    return tuple(str(each) for each in stages) if is_list(stages) else ()

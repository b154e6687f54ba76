"""Session of `agent-platform dev`: services from their source, an update of the stack, then a restart after every edit."""

import shutil
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from watchfiles import DefaultFilter, watch

from automation.deploy.errors import DeploymentFailed, Failure
from automation.dev.debug_port import DebugPort
from automation.dev.log_stream import LogPrinter, LogStream
from automation.dev.options import NamedSource, chosen_services, model_values, parse_debug
from automation.dev.service_source import VARIABLES, ServiceSource, service_source, write_tools
from automation.dev.session_lock import session_lock
from automation.images.builder import docker
from automation.images.operations import ImageOperations
from automation.processes import signals_handled
from automation.shell import TERMINATION_SIGNALS, LocalShell
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, Unsupported, listed
from providers.contract.preflight import HostUnreachable
from providers.contract.spec import Platform
from providers.docker.cli import STATE_FOLDER
from providers.docker.preflight.daemon import daemon_from

if TYPE_CHECKING:
    from types import FrameType

    from automation.deploy.deployment import Deployment

DEBOUNCE_MILLISECONDS, STEP_MILLISECONDS = 150, 20
"""Longest and shortest time in which edits count as one."""
RESTART_VCPU = 2
"""CPU limit of a service that imports every module again after an edit."""
REMOTE = ("tcp://", "ssh://", "http://", "https://")
Apply = Callable[[], object]
"""Update of the stack."""


@dataclass(frozen=True)
class DevOptions:
    """Options of a session."""

    services: tuple[str, ...] = ()
    sources: Mapping[str, NamedSource] = field(default_factory=dict[str, NamedSource])
    debug: tuple[str, ...] = ()
    model: str | None = None


class DevSession:
    """Session of one stack. Methods raise DeploymentFailed, and InvalidConfiguration for what cannot run from source."""

    def __init__(self, deployment: "Deployment", options: DevOptions, shell: LocalShell | None = None) -> None:
        self.deployment, self.options = deployment, options
        refuse_other_clouds(deployment.file.spec, deployment.name)
        self.environment = deployment.host_environment
        refuse_remote(self.environment.get("DOCKER_HOST", ""))
        self.chosen = chosen_services(deployment.file.spec, options.services, options.sources)
        self.debug_ports = parse_debug(options.debug, self.chosen)
        self.model_values = model_values(deployment.file.spec, options.model, self.chosen)
        self.shell = shell or LocalShell(folder=deployment.folder, environment=deployment.environment, echo=_silent)
        self.sources: dict[str, ServiceSource] = {}
        self.started = datetime.now(UTC).isoformat(timespec="seconds")

    @contextmanager
    def opened(self) -> Generator[Sequence[DebugPort]]:
        """Hold the lock of the session and its debug ports."""
        with ExitStack() as opened, signals_handled(_interrupt, TERMINATION_SIGNALS):
            opened.enter_context(session_lock(self.deployment.folder, self.deployment.name))
            ports: list[DebugPort] = []
            for service, port in self.debug_ports.items():
                ports.append(DebugPort(service, port, self.environment))
                opened.callback(ports[-1].close)
            yield ports

    def prepare(self) -> None:
        """Declare the chosen services from their source; their images must have been built."""
        replicas = {f"services.{name}.replicas": {"min": 1, "max": 1} for name in self.chosen}
        self.deployment.use_values({**self.model_values, **replicas})
        for name in self.chosen:
            self._prepare(name)
        self._declare()

    def _declare(self) -> None:
        tools = write_tools(self.deployment.folder, debugger=bool(self.debug_ports))
        text = self.shell.output(docker("info", "--format", "{{.NCPU}}")).strip()
        cpus = float(min(RESTART_VCPU, int(text))) if text.isdecimal() else 0.0
        declared = {
            name: {**each.declared(tools), "vcpu": max(each.service.size.vcpu, cpus)}
            for name, each in self.sources.items()
        }
        self.deployment.use_values({"docker.dev": declared})

    def _prepare(self, name: str) -> None:
        deployment = self.deployment
        self.sources[name] = service_source(
            deployment.file.spec, deployment.name, name, deployment.folder, self.shell,
            self.options.sources.get(name), self.debug_ports.get(name),
        )  # fmt: skip

    def run(self, printer: LogPrinter, ports: Iterable[DebugPort], apply: Apply) -> None:
        """Print the logs and restart services after edits, until an interrupt."""
        stream = LogStream(self.deployment.name, printer, self.environment, self.started)
        stream.start()
        try:
            for port in ports:
                port.start(lambda service=port.service: self._container(stream, service))
            self._remove_superseded()
            self._watch(stream, printer, apply)
        except KeyboardInterrupt:
            return
        finally:
            stream.stop()

    def _watch(self, stream: LogStream, printer: LogPrinter, apply: Apply) -> None:
        folders = {source.mirror.context for source in self.sources.values()}
        ignored = (*DefaultFilter.ignore_dirs, STATE_FOLDER)
        edits = watch(
            *folders, watch_filter=DefaultFilter(ignore_dirs=ignored), debounce=DEBOUNCE_MILLISECONDS,
            step=STEP_MILLISECONDS, recursive=True,
        )  # fmt: skip
        for changes in edits:
            self.handle([Path(path) for _, path in changes], stream, printer, apply)

    def handle(self, paths: Sequence[Path], stream: LogStream, printer: LogPrinter, apply: Apply) -> None:
        """Bring services up to date with edited files: restart them, or build another image."""
        to_build: list[str] = []
        for name, source in self.sources.items():
            inside = [path for path in paths if path.is_relative_to(source.mirror.context)]
            edited = [path.relative_to(source.mirror.context).as_posix() for path in inside]
            dependencies = [path for path in edited if self._needs_build(source, path)]
            changed = source.mirror.sync(path for path in edited if path not in dependencies)
            if dependencies:
                printer.note(name, f"{listed(sorted(dependencies), 'and')} changed: building the image")
                to_build.append(name)
            elif changed:
                self._restart(name, changed, stream, printer)
        if to_build:
            self._build(to_build, printer, apply)

    def _needs_build(self, source: ServiceSource, path: str) -> bool:
        return (
            source.name not in self.options.sources
            and not source.mirror.rules.excludes(path)
            and source.mirror.layout.needs_build(path)
        )

    def _restart(self, name: str, changed: Sequence[str], stream: LogStream, printer: LogPrinter) -> None:
        if not self.sources[name].restarts:
            printer.note(name, f"{listed(changed, 'and')} changed")
            return
        known = stream.known(name)
        if known is not None and request_restart(known, self.environment):
            printer.note(name, f"{listed(changed, 'and')} changed: restarting")
            return
        container = self._container(stream, name)
        if container is None:
            printer.note(name, "no replica is running; end this session with Ctrl-C and start it again")
            return
        printer.note(name, f"{listed(changed, 'and')} changed: restarting")
        self.shell.output(docker("kill", "--signal=HUP", container))

    def _build(self, services: Sequence[str], printer: LogPrinter, apply: Apply) -> None:
        """Build the images of services and update the stack; a failure leaves the running ones.

        Raises KeyboardInterrupt after an update that the user interrupted: the session ends with it.
        """
        started = time.monotonic()
        try:
            built = ImageOperations(self.deployment, self.shell).build(services)
            self.deployment.use_values({f"services.{service}.image": local.address for service, local in built.items()})
            for name in services:
                self._prepare(name)
            self._declare()
            apply()
        except (DeploymentFailed, InvalidConfiguration) as failure:
            text = str(failure) or listed((str(each) for each in getattr(failure, "diagnostics", ())), "and")
            for name in services:
                printer.note(name, f"not updated: {text}")
            if isinstance(failure, DeploymentFailed) and failure.kind is Failure.CANCELLED:
                raise KeyboardInterrupt from None
            return
        for name in services:
            printer.note(name, f"runs the new image after {time.monotonic() - started:.0f} s")
        self._remove_superseded()

    def _container(self, stream: LogStream, service: str) -> str | None:
        return next((name for name, each in stream.running().items() if each == service), None)

    def _remove_superseded(self) -> None:
        """Remove copies of the source of images that no container mounts any more."""
        used = {source.mirror.folder for source in self.sources.values()}
        for source in self.sources.values():
            for folder in source.mirror.folder.parent.iterdir():
                if folder not in used:
                    shutil.rmtree(folder, ignore_errors=True)


def request_restart(container: str, environment: Mapping[str, str]) -> bool:
    """Ask the daemon to restart the service in a container; False when it cannot, for which Docker's client has the reason.

    The daemon is asked directly, because its client takes longer to start than the request takes.
    """
    with suppress(HostUnreachable):
        return not daemon_from(environment).post(f"/containers/{quote(container)}/kill?signal=HUP")
    return False


def refuse_other_clouds(spec: Platform, stack: str) -> None:
    """Raise InvalidConfiguration for a stack that runs on another cloud, or in production."""
    if spec.cloud != "docker":
        problem = "services run from their source on a Docker host only"
        fix = f"use a stack with `cloud: docker`; `agent-platform init` writes one, and `agent-platform up {stack}` deploys images"
        raise InvalidConfiguration([Unsupported(spec.cloud, "dev", problem, fix)])
    if spec.profile == "production":
        problem = "production runs images, and no source folder"
        raise InvalidConfiguration([ConfigError("profile", problem, "use a stack with `profile: development`")])


def refuse_remote(address: str) -> None:
    """Raise InvalidConfiguration for the daemon of another machine, which has no source folder."""
    if address.startswith(REMOTE):
        problem = f"{address} may be another machine, which cannot mount folders of this one"
        raise InvalidConfiguration([ConfigError("DOCKER_HOST", problem, "use the Docker of this machine: unset it")])


def differences(session: DevSession) -> list[str]:
    """Return the lines that list what differs from `agent-platform up`."""
    names = listed(session.chosen, "and")
    lines = [
        f"different from `agent-platform up {session.deployment.name}`:",
        f"  source     {names} run from a read-only copy of their source in {STATE_FOLDER}/dev, one replica each",
        "  edits      a saved file restarts its service; a changed dependency or Dockerfile builds its image",
        f"  CPU        up to {RESTART_VCPU} cores for each of these services, to restart quickly",
        "  health     these services have no health check; the entry waits 10 s for one that restarts, then answers 503",
        "  processes  another process of each service has imported the installed modules and waits for edits",
        f"  variables  {', '.join(f'{key}={value}' for key, value in VARIABLES.items())}",
        "  the same   other variables, secrets, networks, user, limits and the read-only root file system",
    ]
    for name, port in session.debug_ports.items():
        mirror = session.sources[name].mirror
        lines.append(f"  debugger   {name}: 127.0.0.1:{port}, {mirror.context} is {listed(mirror.layout.folders)}")
    return lines


def ending(stack: str, services: Sequence[str]) -> list[str]:
    """Return the lines that state what an ended session leaves."""
    verb = "run" if len(services) > 1 else "runs"
    return [
        f"{stack}: the session has ended; {listed(services, 'and')} {verb} from the last saved source, without reload",
        f"  agent-platform dev {stack}    continues",
        f"  agent-platform up {stack}     runs images of the source",
    ]


def _silent(_text: str) -> None:
    """Print nothing."""


def _interrupt(_number: int, _frame: "FrameType | None") -> None:
    raise KeyboardInterrupt

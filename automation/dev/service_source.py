"""Services of a `dev` session: source folder, image and what is declared for each."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from automation.deploy.errors import DeploymentFailed, Failure
from automation.dev.image_layout import ImageLayout, image_layout, named_layout
from automation.dev.mirror import Mirror
from automation.dev.options import NamedSource
from automation.images.build_context import IgnoreRules
from automation.images.builder import TAG_DIGITS, docker
from automation.images.own_images import own_images
from automation.shell import LocalShell
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.spec import Platform, Service
from providers.contract.spec.defaults import is_list, is_mapping
from providers.docker.cli import STATE_FOLDER

SCRIPTS = Path(__file__).parent / "container"
TOOLS_FOLDER = "/opt/agent-platform-dev"
"""Folder of the supervisor and the debugger in a container."""
PYTHON = ("python3", "-I", "-S")
OLDEST_PYTHON = (3, 8)
PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"
OWN_RELOAD = ("streamlit",)
"""Kinds of application that read an edited file themselves."""
VARIABLES: Mapping[str, str] = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    # one process, which a debugger can stop
    "WEB_CONCURRENCY": "1",
    # of examples/agent_os, which otherwise answers for 5 s after SIGTERM
    "DRAIN_SECONDS": "0",
}
STREAMLIT_VARIABLES = {"STREAMLIT_SERVER_FILE_WATCHER_TYPE": "auto", "STREAMLIT_SERVER_RUN_ON_SAVE": "true"}


@dataclass(frozen=True)
class ImageConfig:
    """Settings of a built image that its service starts with."""

    id: str
    command: tuple[str, ...]
    """Entry point and arguments."""
    entrypoint: tuple[str, ...]
    variables: Mapping[str, str]
    working_folder: str


@dataclass(frozen=True)
class ServiceSource:
    """Service that runs from its source."""

    name: str
    service: Service
    mirror: Mirror
    image: ImageConfig
    debug_port: int | None = None

    @property
    def restarts(self) -> bool:
        """True for a service that is started again after an edit."""
        return self.service.app not in OWN_RELOAD

    def declared(self, tools: Path) -> Mapping[str, object]:
        """Return the value of `docker.dev.<name>`."""
        port = ("--port", str(self.service.port)) if self.service.port is not None else ()
        debug = ("--debug", str(self.debug_port)) if self.debug_port is not None else ()
        words = (*self.image.entrypoint, *self.service.command) if self.service.command else self.image.command
        own, spare = ({}, ("--spare",)) if self.restarts else (STREAMLIT_VARIABLES, ())
        command = [*PYTHON, f"{TOOLS_FOLDER}/supervisor.py", *port, *debug, *spare, "--", *words]
        return {
            "folders": {**self.mirror.mounts, TOOLS_FOLDER: str(tools)},
            "command": command,
            "environment": {**VARIABLES, **own},
        }


def write_tools(folder: Path, *, debugger: bool) -> Path:
    """Write the scripts, and the debugger where it is needed, into a folder that containers mount."""
    tools = folder / STATE_FOLDER / "dev" / "tools"
    (tools / "start").mkdir(parents=True, exist_ok=True)
    for name in ("supervisor.py", "relay.py"):
        shutil.copyfile(SCRIPTS / name, tools / name)
    shutil.copyfile(SCRIPTS / "sitecustomize.py", tools / "start" / "sitecustomize.py")
    module = find_spec("debugpy") if debugger else None
    if module is not None and module.origin is not None:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(module.origin).parent, tools / "debug" / "debugpy", ignore=ignored, dirs_exist_ok=True)
    for path in (tools, *tools.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tools


def service_source(
    spec: Platform,
    stack: str,
    name: str,
    folder: Path,
    shell: LocalShell,
    named: NamedSource | None = None,
    debug_port: int | None = None,
) -> ServiceSource:
    """Return the source of a service whose image is on this machine, with its mirror; raises InvalidConfiguration."""
    service = spec.services[name]
    image = image_config(name, service.image, shell)
    if named is not None:
        context, layout, rules = named.folder, named_layout(named.target), IgnoreRules()
    else:
        context, layout, rules = _built_source(spec, stack, name, folder, image)
    place = folder / STATE_FOLDER / "dev" / stack / name / image.id.removeprefix("sha256:")[:TAG_DIGITS]
    mirror = Mirror(place, context, layout, rules)
    if not mirror.is_complete:
        _refuse_unusable(name, service, image, shell)
    mirror.prepare(image.id, shell)
    return ServiceSource(name, service, mirror, image, debug_port)


def image_config(name: str, reference: str, shell: LocalShell) -> ImageConfig:
    """Return the settings of an image on this machine; raises DeploymentFailed."""
    document: object = json.loads(shell.output(docker("image", "inspect", "--format", "{{json .}}", reference)))
    config = document.get("Config") if is_mapping(document) else None
    if not is_mapping(document) or not is_mapping(config):
        raise DeploymentFailed(Failure.NO_IMAGE, f"docker describes no image {reference}", "build it again", stack=name)
    entrypoint, arguments = _words(config.get("Entrypoint")), _words(config.get("Cmd"))
    pairs = (text.partition("=") for text in _words(config.get("Env")))
    variables = {key: value for key, _, value in pairs}
    folder = str(config.get("WorkingDir") or "/")
    return ImageConfig(str(document.get("Id", "")), (*entrypoint, *arguments), entrypoint, variables, folder)


def _built_source(
    spec: Platform, stack: str, name: str, folder: Path, image: ImageConfig
) -> tuple[Path, ImageLayout, IgnoreRules]:
    own = next(each for each in own_images(spec, stack) if each.service == name)
    context, dockerfile = (folder / path for path in own.source(folder))
    ignored = (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore")
    text = next((path.read_text(encoding="utf-8") for path in ignored if path.is_file()), "")
    files = [path.relative_to(context).as_posix() for path in (dockerfile, *ignored)]
    dockerfile_text = dockerfile.read_text(encoding="utf-8")
    layout = image_layout(dockerfile_text, context, files, image.variables, image.working_folder)
    if not layout.folders:
        problem = f"{dockerfile.relative_to(folder)} copies no source into a folder of the image that can be mounted"
        fix = f"name the folder and its path in the container: --source {name}=./folder:/path"
        raise InvalidConfiguration([ConfigError(f"services.{name}.build", problem, fix)])
    return context, layout, IgnoreRules.parse(text)


def _refuse_unusable(name: str, service: Service, image: ImageConfig, shell: LocalShell) -> None:
    """Raise InvalidConfiguration for an image without a command, without Python, or for another processor."""
    key = f"services.{name}.image"
    if not (service.command or image.command):
        raise InvalidConfiguration([ConfigError(key, "the image has no command", f"set services.{name}.command")])
    probe = ("run", "--rm", "--network=none", "--entrypoint", PYTHON[0], image.id, *PYTHON[1:], "-c", PROBE)
    try:
        version = shell.output(docker(*probe)).strip()
    except DeploymentFailed as failure:
        if "exec format error" in failure.log + failure.problem:
            problem, fix = "the image is for another processor than this machine's", "build it for this machine"
        elif failure.kind is Failure.COMMAND:
            problem = f"{PYTHON[0]} does not run in the image, and `dev` restarts services with it"
            fix = f"leave {name} out, or add Python to the image"
        else:
            raise
        raise InvalidConfiguration([ConfigError(key, problem, fix)]) from None
    if tuple(int(part) for part in version.split(".")) < OLDEST_PYTHON:
        problem = f"the image has Python {version}, and `dev` needs {'.'.join(map(str, OLDEST_PYTHON))}"
        raise InvalidConfiguration([ConfigError(key, problem, "use a newer base image")])


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if is_list(value) else ()

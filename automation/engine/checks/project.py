"""Checks of the engine and of the project: CLI, language host, plugins, stack file, secrets, virtual environment."""

import json
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.engine.installation import INSTALL, LANGUAGE_HOST, MIN_VERSION, EngineLocation, sdk_version
from automation.stack.document import Stack
from automation.stack.workdir import PROJECT_FILE
from providers import install_command, limits
from providers.contract.diagnostics import listed
from providers.contract.spec.defaults import Raw, is_mapping

PACKAGES = {
    "aws": ("aws",),
    "gcp": ("gcp",),
    "azure": ("azure-native",),
    "docker": ("docker", "tls"),
    "kubernetes": ("kubernetes", "tls"),
}
"""Provider packages of a cloud, besides `random`."""
DOWNLOADS = "https://get.pulumi.com/releases/plugins"
ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}
LIST_TIMEOUT_SECONDS = 20.0
NO_CLI = "not checked, because the Pulumi CLI is not installed"


def check_cli(facts: CheckInput) -> Finding:
    """Check that the CLI is installed and that the SDK supports its version."""
    subject = "cli"
    if facts.engine is None:
        error = facts.engine_error
        return failed(subject, *((error.problem, error.fix) if error else ("the Pulumi CLI is not installed", INSTALL)))
    return _version_finding(subject, facts.engine)


def _version_finding(subject: str, engine: EngineLocation) -> Finding:
    cli, sdk = _numbers(str(engine.version)), _numbers(sdk_version())
    observed = f"Pulumi CLI {engine.version} with SDK {sdk_version()}"
    if cli[0] != sdk[0] or cli < _numbers(MIN_VERSION):
        requirement = f"the SDK requires {MIN_VERSION} or later of the same major version"
        return failed(subject, f"{observed}: {requirement}", f"{INSTALL}, which installs a supported version")
    return ok(subject, f"{observed}, at {engine.command}")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.partition("-")[0].partition("+")[0].split("."))


def check_language_host(facts: CheckInput) -> Finding:
    """Check that the CLI can run a Python program."""
    subject = "language host"
    if facts.engine is None:
        return unknown(subject, NO_CLI, INSTALL)
    if facts.language_host is None:
        return failed(subject, f"{LANGUAGE_HOST} is neither in the folder of the CLI nor on PATH", INSTALL)
    return ok(subject, f"{LANGUAGE_HOST} is installed")


def check_plugins(facts: CheckInput, stack: Stack) -> Finding:
    """Check that every provider plugin is installed or can be downloaded."""
    subject, cloud = "plugins", stack.spec.cloud
    try:
        required = {name: version(f"pulumi-{name}") for name in (*PACKAGES[cloud], "random")}
    except PackageNotFoundError as missing:
        return failed(subject, f"the package {missing.name} is not installed", f"run `{install_command(cloud)}`")
    if facts.engine is None:
        return unknown(subject, NO_CLI, INSTALL)
    installed = set(_installed(facts))
    missing = {name: number for name, number in required.items() if not _is_installed(facts, name, number, installed)}
    plugins = ", ".join(f"{name} {number}" for name, number in (missing or required).items())
    if not missing:
        return ok(subject, f"{plugins} are installed")
    unreachable = [name for name, number in missing.items() if not facts.is_reachable(download_url(name, number))]
    if not unreachable:
        return ok(subject, f"{plugins} will be downloaded at first use")
    # the CLI need not be on PATH
    cli = facts.engine.command
    commands = ", ".join(f"`{cli} plugin install resource {name} {missing[name]}`" for name in unreachable)
    return failed(
        subject, f"{plugins} are not installed and cannot be downloaded", f"run {commands} with network access"
    )


def download_url(name: str, number: str) -> str:
    """Return the URL of a plugin for this machine."""
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    return f"{DOWNLOADS}/pulumi-resource-{name}-v{number}-{platform.system().lower()}-{architecture}.tar.gz"


def _is_installed(facts: CheckInput, name: str, number: str, installed: set[tuple[str, str]]) -> bool:
    on_path = shutil.which(f"pulumi-resource-{name}", path=facts.environment.get("PATH", ""))
    return on_path is not None or (name, number) in installed


def _installed(facts: CheckInput) -> Iterator[tuple[str, str]]:
    completed = facts.run(["plugin", "ls", "--json"], LIST_TIMEOUT_SECONDS)
    try:
        plugins: Any = json.loads(completed.stdout or "[]")
    except ValueError:
        return
    for plugin in plugins:
        yield plugin.get("name", ""), plugin.get("version", "").removeprefix("v")


MAX_ERRORS = 3
"""Errors of a stack file that are printed; `plan` prints all of them."""


def check_stack_file(facts: CheckInput) -> Finding:
    """Check that the stack file is valid."""
    subject = "stack file"
    if facts.stack is None:
        more = len(facts.errors) - MAX_ERRORS
        errors = " ".join((*facts.errors[:MAX_ERRORS], *([f"{more} more errors."] if more > 0 else [])))
        return failed(subject, errors, f"correct Pulumi.{facts.name}.yaml; checks of the cloud need a valid stack file")
    spec = facts.stack.spec
    target = f"{spec.cloud} {limits(spec.cloud).region(spec)}".rstrip()
    return ok(subject, f"Pulumi.{facts.name}.yaml is valid: {spec.profile} on {target}")


def check_secrets(_facts: CheckInput, stack: Stack) -> Finding:
    """Check that every listed secret has a value."""
    missing = stack.secrets_to_set
    if not missing and stack.generated_secrets:
        return ok("secrets", f"`up` generates {listed(stack.generated_secrets, 'and')}")
    if not missing:
        number = len(stack.secret_keys)
        text = f"{number} of {number} listed secrets have a value" if number else "no secret is listed"
        expected = listed(stack.environment_secrets, "and")
        return ok("secrets", f"expected in the environments of the stack file: {expected}" if expected else text)
    commands = [f"`agent-platform secret set {stack.name} {name}`" for name in missing]
    return failed("secrets", f"no value for {', '.join(missing)}", f"run {', '.join(commands)}")


def check_virtualenv(facts: CheckInput) -> Finding:
    """Check that the Python environment in Pulumi.yaml exists."""
    subject, project = "environment", facts.project_file
    if not (facts.folder / PROJECT_FILE).is_file():
        return ok(subject, f"no Pulumi.yaml; the program of this package runs in {sys.prefix}")
    if project is None:
        return failed(
            subject, "Pulumi.yaml cannot be read", "correct it, or remove it to use the program of this package"
        )
    virtualenv = _virtualenv(project)
    if virtualenv is None:
        return ok(subject, "Pulumi.yaml names no environment; the program runs in the Python on PATH")
    folder = facts.folder / virtualenv
    if _has_pulumi(folder):
        return ok(subject, f"the program runs in {virtualenv}")
    problem = "does not exist" if not folder.is_dir() else "does not contain the Pulumi SDK"
    return failed(
        subject, f"the environment {virtualenv} in Pulumi.yaml {problem}", "run `make plan`, which creates it"
    )


def _virtualenv(project: Raw) -> str | None:
    runtime = project.get("runtime")
    options = runtime.get("options") if is_mapping(runtime) else None
    virtualenv = options.get("virtualenv") if is_mapping(options) else None
    return virtualenv if isinstance(virtualenv, str) else None


def _has_pulumi(folder: Path) -> bool:
    if folder.resolve() == Path(sys.prefix).resolve():
        return True
    packages = folder.glob("lib/python*/site-packages/pulumi/__init__.py")
    return any(packages) or (folder / "Lib/site-packages/pulumi").is_dir()

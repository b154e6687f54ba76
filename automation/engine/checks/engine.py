"""Checks of the engine: a CLI that matches the SDK, the Python language host, and the provider plugins."""

import json
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.engine.installation import INSTALL, LANGUAGE_HOST, MIN_VERSION, EngineLocation, sdk_version
from automation.stack.document import Stack

PACKAGES = {"aws": ("aws",), "gcp": ("gcp",), "azure": ("azure-native",), "docker": ("docker", "tls")}
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
        return failed(subject, f"the package {missing.name} is not installed", f"run `pip install -e '.[{cloud}]'`")
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
    commands = ", ".join(f"`pulumi plugin install resource {name} {missing[name]}`" for name in unreachable)
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

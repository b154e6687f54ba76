"""The engine: a CLI that fits the SDK, its Python language host, and the providers' plugins."""

import json
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import cast

from automation.engine.case import Case
from automation.engine.findings import Finding, allowed, refused, unknown
from automation.engine.locate import LANGUAGE_HOST, OLDEST, EngineLocation, sdk_version
from automation.stack.document import Stack

PACKAGES = {"aws": ("aws",), "gcp": ("gcp",), "azure": ("azure-native",), "docker": ("docker", "tls")}
"""Provider packages of a cloud, beside `random`."""
DOWNLOADS = "https://get.pulumi.com/releases/plugins"
LISTING_SECONDS = 20.0


def cli(case: Case) -> Finding:
    """The CLI is there and of the SDK's major version."""
    subject = "cli"
    if case.engine is None:
        told, _, advice = case.without_engine.rstrip(".").partition("; ")
        return refused(subject, told, advice or "install it again by `agent-platform engine install`")
    return _fits(subject, case.engine)


def _fits(subject: str, engine: EngineLocation) -> Finding:
    found, sdk = _numbers(str(engine.version)), _numbers(sdk_version())
    told = f"Pulumi CLI {engine.version} with SDK {sdk_version()}"
    if found[0] != sdk[0] or found < _numbers(OLDEST):
        wanted = f"the SDK needs {OLDEST} or newer of the same major version"
        return refused(subject, f"{told}: {wanted}", "install a fitting one by `agent-platform engine install`")
    return allowed(subject, f"{told}, at {engine.command}")


def _numbers(told: str) -> tuple[int, ...]:
    return tuple(int(number) for number in told.partition("-")[0].partition("+")[0].split("."))


def language_host(case: Case) -> Finding:
    """The CLI can run a Python program."""
    subject = "language host"
    if case.engine is None:
        return unknown(subject, "it comes with the CLI, which is missing", "install the CLI first")
    if case.language_host is None:
        told = f"{LANGUAGE_HOST} stands neither beside the CLI nor on PATH"
        return refused(subject, told, "install the CLI whole by `agent-platform engine install`")
    return allowed(subject, f"{LANGUAGE_HOST} is there")


def plugins(case: Case, stack: Stack) -> Finding:
    """Each provider's plugin is there, or can be downloaded when it is needed."""
    subject, cloud = "plugins", stack.spec.cloud
    try:
        wanted = {name: version(f"pulumi-{name}") for name in (*PACKAGES[cloud], "random")}
    except PackageNotFoundError as missing:
        return refused(subject, f"the package {missing.name} is not installed", f"run `pip install -e '.[{cloud}]'`")
    if case.engine is None:
        return unknown(subject, "the CLI, which keeps them, is missing", "install the CLI first")
    lacking = {name: number for name, number in wanted.items() if not _here(case, name, number)}
    named = ", ".join(f"{name} {number}" for name, number in (lacking or wanted).items())
    if not lacking:
        return allowed(subject, f"{named} are here")
    unreachable = [name for name, number in lacking.items() if not case.reachable(download(name, number))]
    if not unreachable:
        return allowed(subject, f"{named} will be downloaded at first use")
    commands = ", ".join(f"`pulumi plugin install resource {name} {lacking[name]}`" for name in unreachable)
    return refused(
        subject, f"{named} are not here and cannot be downloaded", f"run {commands} where the network allows it"
    )


def download(name: str, number: str) -> str:
    """Where the engine gets a plugin for this machine from."""
    machine = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{DOWNLOADS}/pulumi-resource-{name}-v{number}-{platform.system().lower()}-{machine}.tar.gz"


def _here(case: Case, name: str, number: str) -> bool:
    on_path = shutil.which(f"pulumi-resource-{name}", path=case.environment.get("PATH", ""))
    return on_path is not None or (name, number) in set(_installed(case))


def _installed(case: Case) -> Iterator[tuple[str, str]]:
    ran = case.run(["plugin", "ls", "--json"], LISTING_SECONDS)
    try:
        listed = cast("list[dict[str, str]]", json.loads(ran.out or "[]"))
    except ValueError:
        return
    for plugin in listed:
        yield plugin.get("name", ""), plugin.get("version", "").removeprefix("v")

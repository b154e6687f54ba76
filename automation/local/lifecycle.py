"""What the two commands do, step by step."""

import json
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from automation.local.folder import STACK, LocalFolder
from automation.local.images import build_images, docker
from automation.stack.document import Stack, read_stack
from providers.contract.diagnostics import InvalidConfiguration
from providers.docker.context import REGION, DockerContext

NEEDED = {
    "docker": "install Docker Engine: https://docs.docker.com/engine/install",
    "pulumi": "run `agent-platform engine install`, or see https://www.pulumi.com/docs/install",
}
READY_SECONDS = 120
QUESTION = '{"session_id": "s1", "message": "What is 17 * 23?"}'


def bring_up(local: LocalFolder, stack_file: Path) -> int:
    """Images, update, health; ends with where everything is."""
    for command, advice in NEEDED.items():
        if shutil.which(command) is None:
            return _fail(f"{command} is not on PATH; {advice}.")
    if not stack_file.is_file():
        return _fail(f"{stack_file} is no file; name a stack file whose cloud is docker.")
    local.lay(stack_file)
    try:
        stack = read_stack(local.path, STACK)
    except InvalidConfiguration as told:
        return _fail("\n".join(str(refusal) for refusal in told.diagnostics))
    if trouble := build_images(local, stack.spec):
        return _fail(trouble)
    if code := _platform(local, "up", "--create"):
        return code
    exported = _state(local)
    local.authority.write_text(_output(exported, "keys-authority-certificate", "certPem"), encoding="utf-8")
    if stack.spec.monitoring.dashboards:
        local.keep(local.dashboard_password, _output(exported, "monitoring-grafana-password", "result"))
    return _tell(local, stack)


def take_down(local: LocalFolder) -> int:
    """Everything that `bring_up` made: the stack, the images that were built, the folder."""
    if not local.path.exists():
        print("Nothing stands: there is no folder .local.")
        return 0
    if _state(local) and (code := _platform(local, "destroy")):
        return code
    for image in local.built:
        docker("image", "rm", image)
    shutil.rmtree(local.path)
    print("Removed: the stack, its images, the folder .local.")
    return 0


def _platform(local: LocalFolder, operation: str, *options: str) -> int:
    """One of the project's own commands on the stack."""
    command = [sys.executable, "-m", "automation", operation, STACK, "--yes", *options]
    return subprocess.run(command, cwd=local.path, env=dict(local.environment), check=False).returncode  # noqa: S603


def _state(local: LocalFolder) -> list[Mapping[str, object]]:
    """Resources of the stack, secrets opened; none where it does not stand."""
    command = [shutil.which("pulumi") or "pulumi", "stack", "export", "--show-secrets", "--stack", STACK]
    done = subprocess.run(  # noqa: S603  # the engine, with our own arguments
        command, cwd=local.path, env=dict(local.environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        return []
    return cast("list[Mapping[str, object]]", json.loads(done.stdout)["deployment"].get("resources", []))


def _output(resources: list[Mapping[str, object]], name: str, key: str) -> str:
    """An output of the resource `name`, a secret one unwrapped."""
    (found,) = [one for one in resources if str(one["urn"]).endswith(f"::{STACK}-{name}")]
    value = cast("Mapping[str, object]", found["outputs"])[key]
    if isinstance(value, Mapping):
        value = json.loads(str(cast("Mapping[str, object]", value)["plaintext"]))
    return str(value)


def _tell(local: LocalFolder, stack: Stack) -> int:
    context = DockerContext(stack.spec, STACK, REGION)
    url = f"https://localhost:{context.block.entry_port}"
    if not _healthy(f"{url}/health", local.authority):
        return _fail(f"{url}/health does not answer after {READY_SECONDS} s; `docker ps` tells which part is not well.")
    shown = local.authority.relative_to(local.home)
    print(f"\nentry      {url}   (its certificate's authority: {shown})")
    if stack.spec.monitoring.dashboards:
        password = local.dashboard_password.relative_to(local.home)
        print(f"dashboard  https://localhost:{context.dashboard_port}   user admin, password in {password}")
    print("\nAsk the agent:")
    print(f"  curl --cacert {shown} {url}/chat -H 'Content-Type: application/json' -d '{QUESTION}'")
    return 0


def _healthy(url: str, authority: Path) -> bool:
    context = ssl.create_default_context(cafile=str(authority))
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=10, context=context) as answer:  # noqa: S310  # the scheme is ours
                if answer.status == 200:
                    return True
        except OSError:
            time.sleep(1)
    return False


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1

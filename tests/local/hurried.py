"""A second Prometheus with the machine's own questions and rules, in which a minute is five seconds.

The rules wait for up to ten minutes before they tell of anything, and a test cannot. Every duration of the rules and the
time between two looks are divided by the same number; nothing else differs from what the machine's own Prometheus has.
"""

import json
import re
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tests.local.images import role_images
from tests.local.machine import STACK, Machine, docker

HURRY = 12
DURATION = re.compile(r"\[(\d+)s\]")
CONFIG = "/etc/agent-platform"
PORT = 19090


@dataclass(frozen=True)
class Hurried:
    """The second Prometheus."""

    container: str

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        return {
            alert["labels"]["alertname"]
            for alert in self._asked("alerts")["data"]["alerts"]
            if alert["state"] == "firing"
        }

    def watches(self) -> bool:
        """True when every rule was reckoned and every target asked; not before it listens."""
        try:
            groups = self._asked("rules")["data"]["groups"]
        except AssertionError:
            return False
        targets = self._asked("targets")["data"]["activeTargets"]
        return bool(targets) and all(rule["health"] == "ok" for group in groups for rule in group["rules"])

    def _asked(self, path: str) -> dict[str, Any]:
        return json.loads(docker("exec", self.container, "wget", "-qO-", f"http://127.0.0.1:{PORT}/api/v1/{path}"))


@contextmanager
def hurried(machine: Machine, folder: Path) -> Generator[Hurried]:
    """It stands in the networks of the machine's own while the block runs."""
    own = machine.container("monitoring-prometheus")
    for name in ("prometheus.yml", "platform.rules.yml", "docker.rules.yml"):
        text = docker("exec", own, "cat", f"{CONFIG}/{name}")
        (folder / name).write_text(json.dumps(_faster(json.loads(text))), encoding="utf-8")
    name = f"{STACK}-hurried-{uuid.uuid4().hex[:8]}"
    image = role_images()["prometheus"]
    docker(
        "create", "--name", name, "--user=0", "--volume", f"{folder}:{CONFIG}:ro", "--network=none", image,
        f"--config.file={CONFIG}/prometheus.yml", "--storage.tsdb.path=/tmp/data", f"--web.listen-address=127.0.0.1:{PORT}",
    )  # fmt: skip
    try:
        docker("network", "disconnect", "none", name)
        (told,) = json.loads(docker("inspect", own))
        for network in told["NetworkSettings"]["Networks"]:
            docker("network", "connect", network, name)
        docker("start", name)
        yield Hurried(name)
    finally:
        docker("rm", "--force", "--volumes", name)


def _faster(document: object) -> object:
    """The same document with every duration a HURRY-th of what it was."""
    if isinstance(document, list):
        return [_faster(part) for part in cast("list[object]", document)]
    if isinstance(document, dict):
        parts = cast("Mapping[str, object]", document)
        return {key: _shorter(key, value) for key, value in parts.items()}
    return document


def _shorter(key: str, value: object) -> object:
    if key in {"scrape_interval", "evaluation_interval", "for"} and isinstance(value, str):
        seconds = int(value.removesuffix("s")) / HURRY
        return f"{round(1000 * seconds)}ms"
    if key == "expr" and isinstance(value, str):
        return DURATION.sub(lambda found: f"[{max(4, int(found[1]) // HURRY)}s]", value)
    if key == "alerting":
        return {}
    return _faster(value)

"""Second Prometheus with the configuration and rules of the deployed one and its scraper, in which a minute is five seconds.

Rules fire after up to ten minutes, which is too long for a test. Every duration of the rules and the scrape interval are
divided by the same number; nothing else differs from the deployed Prometheus.
"""

import json
import re
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from providers.docker.preflight.daemon import fields, values
from tests.local.host_stack import STACK, HostStack, docker
from tests.local.images import role_images

SPEEDUP = 12
DURATION = re.compile(r"\[(\d+)s\]")
CONFIG = "/etc/agent-platform"
PORT = 19090


@dataclass(frozen=True)
class FastPrometheus:
    """Second Prometheus."""

    container: str

    def firing(self) -> set[str]:
        """Names of the firing alerts."""
        return {
            alert["labels"]["alertname"]
            for alert in self._api("alerts")["data"]["alerts"]
            if alert["state"] == "firing"
        }

    def is_ready(self) -> bool:
        """True when every rule was evaluated and every target was scraped."""
        try:
            groups = self._api("rules")["data"]["groups"]
        except AssertionError:
            return False
        targets = self._api("targets")["data"]["activeTargets"]
        return bool(targets) and all(rule["health"] == "ok" for group in groups for rule in group["rules"])

    def _api(self, path: str) -> dict[str, Any]:
        return json.loads(docker("exec", self.container, "wget", "-qO-", f"http://127.0.0.1:{PORT}/api/v1/{path}"))


@contextmanager
def fast_prometheus(stack: HostStack, folder: Path) -> Generator[FastPrometheus]:
    """Run it in the networks of the deployed scraper while the block runs."""
    server, scraper = stack.container("monitoring-prometheus"), stack.container("monitoring-scraper")
    documents = {
        name: json.loads(docker("exec", server, "cat", f"/live/{name}"))
        for name in ("prometheus.yml", "platform.rules.yml", "docker.rules.yml")
    }
    scraped = json.loads(docker("exec", scraper, "cat", f"{CONFIG}/prometheus.yml"))
    documents["prometheus.yml"]["scrape_configs"] += scraped["scrape_configs"]
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(_shortened(document)), encoding="utf-8")
    name = f"{STACK}-fast-prometheus-{uuid.uuid4().hex[:8]}"
    image = role_images()["prometheus"]
    docker(
        "create", "--name", name, "--user=0", "--volume", f"{folder}:{CONFIG}:ro", "--network=none", image,
        f"--config.file={CONFIG}/prometheus.yml", "--storage.tsdb.path=/tmp/data", f"--web.listen-address=127.0.0.1:{PORT}",
    )  # fmt: skip
    try:
        docker("network", "disconnect", "none", name)
        (details,) = json.loads(docker("inspect", scraper))  # which is in the network of Prometheus too
        for network in details["NetworkSettings"]["Networks"]:
            docker("network", "connect", network, name)
        docker("start", name)
        yield FastPrometheus(name)
    finally:
        docker("rm", "--force", "--volumes", name)


def _shortened(document: object) -> object:
    """Return the document with every duration divided by SPEEDUP."""
    if items := values(document):
        return [_shortened(item) for item in items]
    if settings := fields(document):
        return {key: _shortened_value(key, value) for key, value in settings.items()}
    return document


def _shortened_value(key: str, value: object) -> object:
    if key in {"scrape_interval", "evaluation_interval", "for"} and isinstance(value, str):
        seconds = int(value.removesuffix("s")) / SPEEDUP
        return f"{round(1000 * seconds)}ms"
    if key == "expr" and isinstance(value, str):
        return DURATION.sub(lambda match: f"[{max(4, int(match[1]) // SPEEDUP)}s]", value)
    if key == "alerting":
        return {}
    return _shortened(value)

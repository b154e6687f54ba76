"""Where the platform stands on this machine: ports, public name, what of the data is kept. Pure."""

from dataclasses import dataclass

from providers.contract.context import RegionContext
from providers.contract.spec import DockerBlock, Platform

REGION = "local"
"""One machine is one region; the name stands in outputs and logical names."""
HTTPS = 443


@dataclass(frozen=True)
class DockerContext(RegionContext):
    """This machine, and the spec that is built on it."""

    @property
    def block(self) -> DockerBlock:
        """The `docker` block, or its defaults: it may be left out."""
        return self.spec.docker or DockerBlock()

    @property
    def host(self) -> str:
        """Name that clients use: the domain, or this machine's name for itself."""
        return self.spec.ingress.domain or "localhost"

    @property
    def url(self) -> str:
        """Public URL of the entry, with its port where that is not the usual one."""
        port = "" if self.block.entry_port == HTTPS else f":{self.block.entry_port}"
        return f"https://{self.host}{port}"

    @property
    def dashboard_port(self) -> int:
        """Port of Grafana, on the loopback address alone: the one after the entry's."""
        return self.block.entry_port + 1

    @property
    def backs_up(self) -> bool:
        """True when the database is dumped every night."""
        return backs_up(self.spec)


def backs_up(spec: Platform) -> bool:
    """True when a database stands and its backups are kept for at least a day."""
    return spec.database is not None and spec.database.backup.retention_days > 0

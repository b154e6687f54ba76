"""Context of a Docker host: ports, public host name, backups. Pure."""

from dataclasses import dataclass

from providers.contract.context import RegionContext
from providers.contract.spec import DockerBlock, Platform

REGION = "local"
"""Name of the single region, used in outputs and logical names."""
LOOPBACK = "127.0.0.1"
HTTPS_PORT = 443
HTTP_PORT = 80


@dataclass(frozen=True)
class DockerContext(RegionContext):
    """Docker host, and the spec that is deployed to it."""

    @property
    def block(self) -> DockerBlock:
        """The `docker` block, or its defaults."""
        return self.spec.docker or DockerBlock()

    @property
    def host(self) -> str:
        """Host name that clients use: the domain, or `localhost`."""
        return self.spec.ingress.domain or "localhost"

    @property
    def url(self) -> str:
        """Public URL of the entry; with a port unless that is 443."""
        port = "" if self.block.entry_port == HTTPS_PORT else f":{self.block.entry_port}"
        return f"https://{self.host}{port}"

    @property
    def dashboard_port(self) -> int:
        """Port of Grafana on the loopback address: the one after the entry's."""
        return self.block.entry_port + 1

    @property
    def keeps_backups(self) -> bool:
        """True when the database is dumped every night."""
        return keeps_backups(self.spec)


def keeps_backups(spec: Platform) -> bool:
    """True when the platform has a database whose backups are kept for at least a day."""
    return spec.database is not None and spec.database.backup.retention_days > 0

"""How one service reaches another: by its name in the network of the call."""

import pulumi

from providers.docker.base.resources import DockerBaseResources


def service_address(base: DockerBaseResources, service: str) -> pulumi.Input[str]:
    """`http://<name>:<port>`; empty for a worker, which accepts no connection."""
    port = base.spec.services[service].port
    return f"http://{service}:{port}" if port is not None else ""

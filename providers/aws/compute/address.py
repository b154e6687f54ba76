"""How one service reaches another: Service Connect's short name, resolved by the sidecar of the caller."""

from providers.aws.base.resources import AwsBaseResources


def service_address(base: AwsBaseResources, service: str) -> str:
    """`http://<service>:<port>`; empty for a worker, which accepts no connection."""
    port = base.spec.services[service].port
    return f"http://{service}:{port}" if port else ""

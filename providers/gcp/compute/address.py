"""How one service reaches another: the callee's own address, which Cloud Run makes of name, project and region."""

import pulumi

from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.naming import run_name


def service_address(base: GcpBaseResources, service: str) -> pulumi.Input[str]:
    """`https://<name>-<project number>.<region>.run.app`; empty for a worker, which accepts no connection."""
    if base.spec.services[service].port is None:
        return ""
    name = run_name(base.context.stack, service)
    return pulumi.Output.concat("https://", name, "-", base.project_number, f".{base.context.region}.run.app")

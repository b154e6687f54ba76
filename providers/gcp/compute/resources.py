"""The services: Cloud Run, a Service for each that listens and a WorkerPool for each that does not.

A caller finds its callee at the callee's own address, which Cloud Run makes of name, project number and region, and
must say who it is: every request carries an ID token whose audience is that address. A Python service gets one from
the metadata server of its copy, with no key and no file (package `google-auth[requests]`):

    import os, google.auth.transport.requests, google.oauth2.id_token
    audience = os.environ["CHAT_URL"]
    token = google.oauth2.id_token.fetch_id_token(google.auth.transport.requests.Request(), audience)
    httpx.get(f"{audience}/threads", headers={"Authorization": f"Bearer {token}"})

A token lasts an hour. Whoever is not in `calls` is answered 403, and from outside the network the address answers 404.
Routed services need no token: the load balancer has none to give, and admission is the entry's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import Environment
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.compute.deployer_grants import let_deploy
from providers.gcp.compute.service import create_service, let_call
from providers.gcp.compute.worker import create_worker

__all__ = ["GcpCompute", "create_compute"]


@dataclass(frozen=True)
class GcpCompute:
    """By service name, the Cloud Run service or, for one without a port, the worker pool."""

    services: Mapping[str, gcp.cloudrunv2.Service]
    workers: Mapping[str, gcp.cloudrunv2.WorkerPool]


def create_compute(scope: Scope, base: GcpBaseResources, environments: Mapping[str, Environment]) -> GcpCompute:
    """Per service a Cloud Run service or worker pool, and the right of its callers to invoke it."""
    spec = base.spec
    listening = [name for name, service in spec.services.items() if service.port is not None]
    services = {name: create_service(scope, base, name, environments[name]) for name in listening}
    workers = {
        name: create_worker(scope, base, name, environments[name]) for name in spec.services if name not in services
    }
    for callee, service in services.items():
        for caller in spec.callers_of(callee):
            let_call(scope, base, caller, callee, service)
    for name, target in (services | workers).items():
        let_deploy(scope, base, name, target)
    return GcpCompute(services, workers)

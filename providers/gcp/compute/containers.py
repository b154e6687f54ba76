"""The container of a Cloud Run service: image, command, variables, size, probes."""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from providers.contract.results import Environment, SecretRef
from providers.contract.spec import Platform, Service
from providers.gcp.compute.environment import plain_variables
from providers.gcp.compute.files import service_mounts
from providers.gcp.compute.health import GcpProbe, liveness_probe, readiness_probe, startup_probe
from providers.gcp.compute.limits import works_in_background
from providers.gcp.compute.sizes import run_size

APP = "app"
"""Name of the container that does the service's work; metrics carry it."""


def service_container(
    spec: Platform, service: Service, image: pulumi.Input[str], environment: Environment
) -> gcp.cloudrunv2.ServiceTemplateContainerArgs:
    """The container of a service with a port."""
    return gcp.cloudrunv2.ServiceTemplateContainerArgs(
        name=APP,
        image=image,
        # arguments, not the entry point: an image keeps its init process, as on every other cloud
        args=list(service.command) or None,
        envs=[*_plain(plain_variables(environment)), *_secrets(environment.secrets)],
        ports=gcp.cloudrunv2.ServiceTemplateContainerPortsArgs(name="http1", container_port=service.port),
        resources=gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(
            limits=run_size(service.size).limits,
            # with limits and without this line, Cloud Run would take and bill the CPU around the clock
            cpu_idle=not works_in_background(spec, service),
            startup_cpu_boost=True,
        ),
        startup_probe=_startup(service),
        readiness_probe=_readiness(service),
        volume_mounts=service_mounts(environment.files) or None,
        liveness_probe=_liveness(service),
    )


def _plain(variables: Mapping[str, pulumi.Input[str]]) -> list[gcp.cloudrunv2.ServiceTemplateContainerEnvArgs]:
    return [gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(name=name, value=value) for name, value in variables.items()]


def _secrets(secrets: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.ServiceTemplateContainerEnvArgs]:
    return [
        gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(
            name=name,
            value_source=gcp.cloudrunv2.ServiceTemplateContainerEnvValueSourceArgs(
                secret_key_ref=gcp.cloudrunv2.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs(
                    secret=secret.reference, version=secret.version
                )
            ),
        )
        for name, secret in secrets.items()
    ]


def _startup(service: Service) -> gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs:
    probe: GcpProbe = startup_probe(service.health)
    http = gcp.cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(path=service.health.path, port=service.port)
    socket = gcp.cloudrunv2.ServiceTemplateContainerStartupProbeTcpSocketArgs(port=service.port)
    return gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
        initial_delay_seconds=0,
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.failures,
        http_get=http if service.health.path else None,
        tcp_socket=None if service.health.path else socket,
    )


def _readiness(service: Service) -> gcp.cloudrunv2.ServiceTemplateContainerReadinessProbeArgs | None:
    if service.health.path is None:
        return None
    probe = readiness_probe(service.health)
    return gcp.cloudrunv2.ServiceTemplateContainerReadinessProbeArgs(
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.failures,
        success_threshold=probe.successes,
        http_get=gcp.cloudrunv2.ServiceTemplateContainerReadinessProbeHttpGetArgs(
            path=service.health.path, port=service.port
        ),
    )


def _liveness(service: Service) -> gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs | None:
    if service.health.path is None:
        return None
    probe = liveness_probe(service.health)
    return gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs(
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.failures,
        http_get=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs(
            path=service.health.path, port=service.port
        ),
    )

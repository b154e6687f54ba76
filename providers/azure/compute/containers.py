"""The container of a service: image, arguments, variables, size, probes, files."""

from collections.abc import Mapping
from posixpath import basename, dirname

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.compute.health import AzureProbe, probes
from providers.azure.compute.sizes import memory
from providers.azure.naming import secret_name
from providers.contract.results import Environment, SecretRef
from providers.contract.spec import Service, Size

APP = "app"
"""Name of the container that does the service's work; logs carry it."""

Container = azure_native.app.ContainerArgs


def service_container(
    service: Service, image: pulumi.Input[str], plain: Mapping[str, pulumi.Input[str]], environment: Environment
) -> Container:
    """The container, with `plain` variables and the secrets and files of `environment`."""
    return Container(
        name=APP,
        image=image,
        # arguments, not the entry point: an image keeps its init process, as on every other cloud
        args=list(service.command) or None,
        env=[*plain_variables(plain), *_secrets(environment.secrets)],
        resources=resources(service.size),
        probes=[_probe(service, service.port, probe) for probe in probes(service.health)] if service.port else None,
        volume_mounts=_mounts(environment.files) or None,
    )


def resources(size: Size) -> azure_native.app.ContainerResourcesArgs:
    """vCPU and memory of one container."""
    return azure_native.app.ContainerResourcesArgs(cpu=size.vcpu, memory=memory(size))


def plain_variables(variables: Mapping[str, pulumi.Input[str]]) -> list[azure_native.app.EnvironmentVarArgs]:
    """Variables by value."""
    return [azure_native.app.EnvironmentVarArgs(name=name, value=value) for name, value in variables.items()]


def volumes(files: Mapping[str, SecretRef]) -> list[azure_native.app.VolumeArgs]:
    """One volume a file, for each has a folder of its own."""
    return [
        azure_native.app.VolumeArgs(
            name=secret_name(stored.name),
            storage_type="Secret",
            secrets=[azure_native.app.SecretVolumeItemArgs(secret_ref=secret_name(stored.name), path=basename(path))],
        )
        for path, stored in files.items()
    ]


def _mounts(files: Mapping[str, SecretRef]) -> list[azure_native.app.VolumeMountArgs]:
    return [
        azure_native.app.VolumeMountArgs(volume_name=secret_name(stored.name), mount_path=dirname(path))
        for path, stored in files.items()
    ]


def _secrets(secrets: Mapping[str, SecretRef]) -> list[azure_native.app.EnvironmentVarArgs]:
    return [
        azure_native.app.EnvironmentVarArgs(name=variable, secret_ref=secret_name(stored.name))
        for variable, stored in secrets.items()
    ]


def _probe(service: Service, port: int, probe: AzureProbe) -> azure_native.app.ContainerAppProbeArgs:
    path = service.health.path
    http = azure_native.app.ContainerAppProbeHttpGetArgs(path=path, port=port, scheme="HTTP")
    return azure_native.app.ContainerAppProbeArgs(
        type=probe.type,
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.failures,
        success_threshold=probe.successes,
        http_get=http if path else None,
        tcp_socket=None if path else azure_native.app.ContainerAppProbeTcpSocketArgs(port=port),
    )

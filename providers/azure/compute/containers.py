"""Containers of an app: the service itself and, with Prometheus, its metrics collector; and variables of Azure only.

Container Apps does not scrape metrics. The collector is Prometheus in agent mode, which stores nothing and supports
Entra ID tokens; it reads its configuration from a file only, so its shell writes the file from a variable, which holds
no secret.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from posixpath import basename, dirname

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.compute.health import AzureProbe, probes
from providers.azure.compute.limits import AZURE_CLIENT_ID, AZURE_TENANT_ID, SECRETS_VERSION
from providers.azure.compute.sizes import COLLECTOR_SIZE, memory_quantity
from providers.azure.naming import secret_name
from providers.azure.observability.metrics_collector import AzureMetricsCollector
from providers.contract.prometheus import path_setting, scrape_endpoint
from providers.contract.results import Environment, SecretRef
from providers.contract.spec import Service, Size

SERVICE_CONTAINER = "app"
"""Name of the service's container in logs."""
COLLECTOR_IMAGE = "quay.io/prometheus/prometheus:v3.5.0"
"""Long-term support release in the project's registry."""
COLLECTOR_VARIABLE = "PROMETHEUS_CONFIG"
COLLECTOR_FILE = "/prometheus/agent.yml"
COLLECTOR_COMMAND = (
    f'printf %s "${COLLECTOR_VARIABLE}" > {COLLECTOR_FILE} && exec /bin/prometheus --agent '
    f"--config.file={COLLECTOR_FILE} --storage.agent.path=/prometheus/agent --web.listen-address=127.0.0.1:39090"
)
"""Listens on an unusual port, because all containers of a replica share their ports."""
SCRAPE_SECONDS = 15
"""Four samples in the shortest window of a rule."""
VERSION_DIGITS = 16

Container = azure_native.app.ContainerArgs


def service_container(
    service: Service, image: pulumi.Input[str], plain: Mapping[str, pulumi.Input[str]], environment: Environment
) -> Container:
    """Return the service's container with `plain` variables and the secrets and files of `environment`."""
    return Container(
        name=SERVICE_CONTAINER,
        image=image,
        # arguments, not the entry point: an image keeps its init process, as on every other cloud
        args=list(service.command) or None,
        env=[*_plain_variables(plain), *_secret_variables(environment.secrets)],
        resources=_resources(service.size),
        probes=[_probe(service, service.port, probe) for probe in probes(service.health)] if service.port else None,
        volume_mounts=_mounts(environment.files) or None,
    )


def job_container(
    service: Service,
    command: Sequence[str],
    image: pulumi.Input[str],
    plain: Mapping[str, pulumi.Input[str]],
    environment: Environment,
) -> Container:
    """Return the container of a run of a job: that of the service with another command and without probes."""
    return Container(
        name=SERVICE_CONTAINER,
        image=image,
        args=list(command),
        env=[*_plain_variables(plain), *_secret_variables(environment.secrets)],
        resources=_resources(service.size),
        volume_mounts=_mounts(environment.files) or None,
    )


def secret_volumes(files: Mapping[str, SecretRef]) -> list[azure_native.app.VolumeArgs]:
    """Return one volume for each file, because each file has a separate folder."""
    return [
        azure_native.app.VolumeArgs(
            name=secret_name(stored.name),
            storage_type="Secret",
            secrets=[azure_native.app.SecretVolumeItemArgs(secret_ref=secret_name(stored.name), path=basename(path))],
        )
        for path, stored in files.items()
    ]


def platform_values(base: AzureBaseResources, service: str) -> dict[str, pulumi.Input[str]]:
    """Return AZURE_CLIENT_ID and AZURE_TENANT_ID, by which `DefaultAzureCredential` finds the service's identity."""
    return {
        AZURE_CLIENT_ID: base.identity.services[service].client_id,
        AZURE_TENANT_ID: base.context.tenant_id,
    }


def secrets_version(environment: Environment) -> dict[str, pulumi.Input[str]]:
    """Return SECRETS_VERSION for a service that reads secrets: it changes with the version of any of them.

    Secrets belong to an app and not to its revisions: a new version of a secret starts no revision, a changed variable
    does.
    """
    stored = [*environment.secrets.values(), *environment.files.values()]
    if not stored:
        return {}
    versions = pulumi.Output.all(*(secret.version for secret in stored))
    # the SDK marks the URI as a secret because it is computed from the same properties as the value
    return {SECRETS_VERSION: pulumi.Output.unsecret(versions.apply(digest))}


def digest(versions: list[str]) -> str:
    """Return a digest of a set of versions that does not depend on their order."""
    return sha256("\n".join(sorted(versions)).encode()).hexdigest()[:VERSION_DIGITS]


def collector_container(
    prometheus: AzureMetricsCollector, job: str, service: Service, client_id: pulumi.Input[str]
) -> Container:
    """Return the container that collects the service's metrics over the replica's local network."""
    config = _collector_config(prometheus, job, service, client_id)
    return Container(
        name="metrics",
        image=COLLECTOR_IMAGE,
        command=["/bin/sh", "-c", COLLECTOR_COMMAND],
        env=_plain_variables({COLLECTOR_VARIABLE: config}),
        resources=_resources(COLLECTOR_SIZE),
    )


def _collector_config(
    prometheus: AzureMetricsCollector, job: str, service: Service, client_id: pulumi.Input[str]
) -> pulumi.Output[str]:
    """Configuration of the agent in JSON, which is YAML as well; raises ValueError for a service without metrics."""
    endpoint = scrape_endpoint(service)
    if endpoint is None:
        raise ValueError(f"{job} has no metrics endpoint")
    writer = {
        "url": prometheus.write_url,
        "azuread": {"cloud": "AzurePublic", "managed_identity": {"client_id": client_id}},
        # every replica is `localhost` to its collector, so `instance` is set to the replica's name
        "write_relabel_configs": [{"source_labels": ["replica"], "target_label": "instance"}],
    }
    return pulumi.Output.json_dumps(
        {
            "global": {
                "scrape_interval": f"{SCRAPE_SECONDS}s",
                "external_labels": {"replica": "${CONTAINER_APP_REPLICA_NAME}"},
            },
            "scrape_configs": [
                {
                    "job_name": job,
                    **path_setting(service),
                    "static_configs": [{"targets": [f"localhost:{endpoint.port}"]}],
                }
            ],
            "remote_write": [writer],
        }
    )


def _resources(size: Size) -> azure_native.app.ContainerResourcesArgs:
    return azure_native.app.ContainerResourcesArgs(cpu=size.vcpu, memory=memory_quantity(size))


def _plain_variables(variables: Mapping[str, pulumi.Input[str]]) -> list[azure_native.app.EnvironmentVarArgs]:
    return [azure_native.app.EnvironmentVarArgs(name=name, value=value) for name, value in variables.items()]


def _secret_variables(secrets: Mapping[str, SecretRef]) -> list[azure_native.app.EnvironmentVarArgs]:
    return [
        azure_native.app.EnvironmentVarArgs(name=variable, secret_ref=secret_name(stored.name))
        for variable, stored in secrets.items()
    ]


def _mounts(files: Mapping[str, SecretRef]) -> list[azure_native.app.VolumeMountArgs]:
    return [
        azure_native.app.VolumeMountArgs(volume_name=secret_name(stored.name), mount_path=dirname(path))
        for path, stored in files.items()
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

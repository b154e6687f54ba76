"""Configuration files of Prometheus and its scraper. Pure.

Prometheus collects the metrics of the platform itself and evaluates the rules. Its scraper collects those of the services
and writes them to it.

The shared alert rules select a subject by the label `job`: a service's job has its replicas, found through Docker's DNS,
and the jobs of database and cache have their exporters. Backup metrics come from the host exporter and the CPU of the
database's container from the container exporter, so both are relabelled to the database's job, and those of scheduled jobs to
the name of the job.
"""

import json

from providers.contract.prometheus import scrape_endpoint
from providers.docker.context import DockerContext
from providers.docker.entry.haproxy import METRICS_PORT
from providers.docker.naming import both_revisions, redis_exporter
from providers.docker.network.flows import prometheus_address

SCRAPE_INTERVAL_SECONDS = 15
DISCOVERY_INTERVAL_SECONDS = 5
PROMETHEUS_PORT, ALERTMANAGER_PORT = 9090, 9093
POSTGRES_EXPORTER_PORT, REDIS_EXPORTER_PORT = 9187, 9121
HOST_EXPORTER_PORT, CONTAINER_EXPORTER_PORT = 9100, 8080
GLOBAL = {"scrape_interval": f"{SCRAPE_INTERVAL_SECONDS}s", "evaluation_interval": f"{SCRAPE_INTERVAL_SECONDS}s"}
CONFIGURATION = "prometheus.yml"
SHARED_RULES, DOCKER_RULES = "platform.rules.yml", "docker.rules.yml"

Job = dict[str, object]
JOB_OF_SCHEDULE: Job = {"source_labels": ["scheduled_job"], "regex": "(.+)", "target_label": "job", "replacement": "$1"}
"""Gives the metrics of scheduled jobs the label by which their alarm rules select them."""


def prometheus_document(context: DockerContext, database_container: str) -> str:
    """Configuration of Prometheus in JSON, which is YAML; `database_container` is a container id, empty without one."""
    document = {
        "global": GLOBAL,
        # relative to this file
        "rule_files": [SHARED_RULES, DOCKER_RULES],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"alertmanager:{ALERTMANAGER_PORT}"]}]}]},
        "scrape_configs": [
            *_data_store_jobs(context),
            *_host_jobs(context, database_container),
        ],
    }
    return json.dumps(document, indent=2)


def scraper_document(context: DockerContext) -> str:
    """Configuration of the scraper in JSON; it writes within a second, so that alarms are not later for it."""
    url = f"http://{prometheus_address(context)}:{PROMETHEUS_PORT}/api/v1/write"
    document = {
        "global": GLOBAL,
        "remote_write": [{"url": url, "queue_config": {"batch_send_deadline": "1s"}}],
        "scrape_configs": _service_jobs(context),
    }
    return json.dumps(document, indent=2)


def _service_jobs(context: DockerContext) -> list[Job]:
    discovery = {"type": "A", "refresh_interval": f"{DISCOVERY_INTERVAL_SECONDS}s"}
    endpoints = {name: scrape_endpoint(service) for name, service in context.spec.services.items()}
    return [
        {
            "job_name": name,
            "metrics_path": endpoint.path,
            "dns_sd_configs": [{"names": _aliases(context, name), "port": endpoint.port, **discovery}],
        }
        for name, endpoint in endpoints.items()
        if endpoint is not None
    ]


def _aliases(context: DockerContext, name: str) -> list[str]:
    """DNS aliases of a service: alarms measure both revisions of a rollout in steps together.

    Prometheus keeps the last targets of a name that no longer resolves, so the alias of a new revision, which ends with the
    rollout, would leave targets that are down. A replica that has both aliases is one target.
    """
    return [name, both_revisions(name)] if context.spec.services[name].rollout.in_steps else [name]


def _data_store_jobs(context: DockerContext) -> list[Job]:
    jobs: list[Job] = []
    if context.spec.database is not None:
        jobs.append(_static_job("database", f"postgres-exporter:{POSTGRES_EXPORTER_PORT}"))
    parts = [cache.part for cache in context.spec.all_caches]
    return [*jobs, *(_static_job(part, f"{redis_exporter(part)}:{REDIS_EXPORTER_PORT}") for part in parts)]


def _host_jobs(context: DockerContext, database_container: str) -> list[Job]:
    backups = {"source_labels": ["__name__"], "regex": "backup_.*", "target_label": "job", "replacement": "database"}
    relabelled = [backups, JOB_OF_SCHEDULE] if context.spec.jobs else [backups]
    jobs = [_static_job("host", f"host-exporter:{HOST_EXPORTER_PORT}") | {"metric_relabel_configs": relabelled}]
    containers = _static_job("containers", f"container-exporter:{CONTAINER_EXPORTER_PORT}")
    if database_container:
        database = {"source_labels": ["id"], "regex": f".*{database_container}.*"}
        containers["metric_relabel_configs"] = [database | {"target_label": "job", "replacement": "database"}]
    jobs.append(containers)
    if context.spec.public:
        jobs.append(_static_job("proxy", f"proxy:{METRICS_PORT}"))
    return jobs


def _static_job(name: str, target: str) -> Job:
    return {"job_name": name, "static_configs": [{"targets": [target]}]}

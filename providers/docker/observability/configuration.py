"""What Prometheus is told: whom to ask, which rules to hold, whom to tell. Pure.

Each series carries its subject's name as `job`, as the shared rules want it: a service's by its copies in Docker's DNS,
the database's and the cache's by their exporters. Times of backups come by way of the host's exporter and the CPU of
the database's container by way of the containers', so both are given the database's name.
"""

import json
from collections.abc import Mapping

from providers.contract.prometheus import metrics_path
from providers.contract.spec import MonitoringSpec
from providers.docker.context import DockerContext
from providers.docker.database.parameters import CONFIG
from providers.docker.entry.haproxy import METRICS_PORT
from providers.docker.monitoring.limits import SMTP_FROM, SMTP_HOST, SMTP_USERNAME

SCRAPE_SECONDS = 15
DISCOVERY_SECONDS = 5
PROMETHEUS_PORT, ALERTMANAGER_PORT = 9090, 9093
POSTGRES_EXPORTER_PORT, REDIS_EXPORTER_PORT = 9187, 9121
HOST_EXPORTER_PORT, CONTAINER_EXPORTER_PORT = 9100, 8080
SHARED_RULES, OWN_RULES = "platform.rules.yml", "docker.rules.yml"

Job = dict[str, object]


def prometheus_document(context: DockerContext, database_container: str) -> str:
    """The configuration as YAML (in its JSON form); `database_container` is the container's id, empty without one."""
    document = {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": f"{SCRAPE_SECONDS}s"},
        "rule_files": [f"{CONFIG}/{SHARED_RULES}", f"{CONFIG}/{OWN_RULES}"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"alertmanager:{ALERTMANAGER_PORT}"]}]}]},
        "scrape_configs": [*_services(context), *_data(context), *_machine(context, database_container)],
    }
    return json.dumps(document, indent=2)


def _services(context: DockerContext) -> list[Job]:
    listening = {name: service for name, service in context.spec.services.items() if service.port is not None}
    found = {"type": "A", "refresh_interval": f"{DISCOVERY_SECONDS}s"}
    return [
        {
            "job_name": name,
            "metrics_path": metrics_path(service),
            "dns_sd_configs": [{"names": [name], "port": service.port, **found}],
        }
        for name, service in listening.items()
    ]


def _data(context: DockerContext) -> list[Job]:
    jobs: list[Job] = []
    if context.spec.database is not None:
        jobs.append(_fixed("database", f"postgres-exporter:{POSTGRES_EXPORTER_PORT}"))
    if context.spec.cache is not None:
        jobs.append(_fixed("cache", f"redis-exporter:{REDIS_EXPORTER_PORT}"))
    return jobs


def _machine(context: DockerContext, database_container: str) -> list[Job]:
    backups = {"source_labels": ["__name__"], "regex": "backup_.*", "target_label": "job", "replacement": "database"}
    jobs = [_fixed("host", f"host-exporter:{HOST_EXPORTER_PORT}") | {"metric_relabel_configs": [backups]}]
    containers = _fixed("containers", f"container-exporter:{CONTAINER_EXPORTER_PORT}")
    if database_container:
        mine = {"source_labels": ["id"], "regex": f".*{database_container}.*"}
        containers["metric_relabel_configs"] = [mine | {"target_label": "job", "replacement": "database"}]
    jobs.append(containers)
    if context.spec.public:
        jobs.append(_fixed("proxy", f"proxy:{METRICS_PORT}"))
    return jobs


def _fixed(job: str, target: str) -> Job:
    return {"job_name": job, "static_configs": [{"targets": [target]}]}


EVERYBODY = "everybody"
SLACK_FILE = f"{CONFIG}/slack-webhook"
MAIL_FILE = f"{CONFIG}/mail-password"
TITLE = '{{ .Status | toUpper }} {{ .CommonLabels.severity }}: {{ .CommonLabels.alertname }}'  # fmt: skip
TEXT = "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ end }}"


def alertmanager_document(monitoring: MonitoringSpec, mail: Mapping[str, str]) -> str:
    """The configuration as YAML (in its JSON form); `mail` is what the stack holds of the relay, by secret name."""
    receiver: dict[str, object] = {"name": EVERYBODY}
    if monitoring.emails:
        receiver["email_configs"] = [{"to": address, "send_resolved": True} for address in monitoring.emails]
    if monitoring.slack is not None:
        told = {"channel": monitoring.slack.channel, "title": TITLE, "text": TEXT, "send_resolved": True}
        receiver["slack_configs"] = [{"api_url_file": SLACK_FILE, **told}]
    document = {
        **({"global": _relay(mail)} if monitoring.emails else {}),
        "route": {
            "receiver": EVERYBODY,
            "group_by": ["alertname", "service"],
            "group_wait": "10s",
            "group_interval": "1m",
            "repeat_interval": "4h",
        },
        "receivers": [receiver],
    }
    return json.dumps(document, indent=2)


def _relay(mail: Mapping[str, str]) -> dict[str, str]:
    return {
        "smtp_smarthost": mail[SMTP_HOST],
        "smtp_from": mail[SMTP_FROM],
        "smtp_auth_username": mail[SMTP_USERNAME],
        "smtp_auth_password_file": MAIL_FILE,
    }

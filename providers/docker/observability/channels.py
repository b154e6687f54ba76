"""Notification channels: Alertmanager's configuration and the passwords that it reads from files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from providers.contract.prometheus_alerts import (
    MAIL_SECRETS,
    SLACK_SECRET,
    SMTP_FROM,
    SMTP_PASSWORD,
    SMTP_SMARTHOST,
    SMTP_USERNAME,
    receiver_secrets,
)
from providers.contract.spec import MonitoringSpec
from providers.docker.context import DockerContext
from providers.docker.naming import CONFIG_FOLDER

RECEIVER = "everybody"
CONFIGURATION_FILE = f"{CONFIG_FOLDER}/alertmanager.yml"
SLACK_FILE = f"{CONFIG_FOLDER}/slack-webhook"
MAIL_FILE = f"{CONFIG_FOLDER}/mail-password"
TITLE = "{{ .Status | toUpper }} {{ .CommonLabels.severity }}: {{ .CommonLabels.alertname }}"
TEXT = "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ end }}"


@dataclass(frozen=True)
class DockerChannels:
    """Files of Alertmanager by path."""

    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])


def create_channels(context: DockerContext) -> DockerChannels:
    """Read the stack's secrets and write Alertmanager's files; declares no resource."""
    monitoring = context.spec.monitoring
    secrets = {name: context.values.secret(name) for name in receiver_secrets(context.spec)}
    files: dict[str, pulumi.Input[str]] = {}
    if monitoring.emails:
        relay = pulumi.Output.all(**{name: secrets[name] for name in MAIL_SECRETS if name != SMTP_PASSWORD})
        document = relay.apply(lambda values: alertmanager_document(monitoring, values))
        files[CONFIGURATION_FILE] = pulumi.Output.secret(document)
    else:
        files[CONFIGURATION_FILE] = alertmanager_document(monitoring, {})
    if monitoring.slack is not None:
        files[SLACK_FILE] = secrets[SLACK_SECRET]
    if monitoring.emails:
        files[MAIL_FILE] = secrets[SMTP_PASSWORD]
    return DockerChannels(files)


def alertmanager_document(monitoring: MonitoringSpec, relay: Mapping[str, str]) -> str:
    """Configuration of Alertmanager in JSON, which is YAML; `relay` has the mail relay's settings by secret name.

    Every receiver gets both severities. Secrets are read from separate files where Alertmanager supports that; the
    relay's address and user name are not, so they make the whole document secret.
    """
    receiver: dict[str, object] = {"name": RECEIVER}
    if monitoring.emails:
        receiver["email_configs"] = [{"to": address, "send_resolved": True} for address in monitoring.emails]
    if monitoring.slack is not None:
        message = {"channel": monitoring.slack.channel, "title": TITLE, "text": TEXT, "send_resolved": True}
        receiver["slack_configs"] = [{"api_url_file": SLACK_FILE, **message}]
    document = {
        **({"global": _relay_settings(relay)} if monitoring.emails else {}),
        "route": {
            "receiver": RECEIVER,
            "group_by": ["alertname", "service"],
            "group_wait": "10s",
            "group_interval": "1m",
            "repeat_interval": "4h",
        },
        "receivers": [receiver],
    }
    return json.dumps(document, indent=2)


def _relay_settings(relay: Mapping[str, str]) -> dict[str, str]:
    return {
        "smtp_smarthost": relay[SMTP_SMARTHOST],
        "smtp_from": relay[SMTP_FROM],
        "smtp_auth_username": relay[SMTP_USERNAME],
        "smtp_auth_password_file": MAIL_FILE,
    }

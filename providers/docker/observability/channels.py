"""Notification channels: Alertmanager's configuration and the passwords that it reads from files."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from providers.docker.context import DockerContext
from providers.docker.monitoring.limits import MAIL_SECRETS, SLACK_SECRET, SMTP_PASSWORD, stack_secrets
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.observability.configuration import MAIL_FILE, SLACK_FILE, alertmanager_document

PROJECT = "agent-platform"


@dataclass(frozen=True)
class DockerChannels:
    """Files of Alertmanager by path."""

    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])


def create_channels(context: DockerContext) -> DockerChannels:
    """Read the stack's secrets and write Alertmanager's files; declares no resource."""
    monitoring = context.spec.monitoring
    config = pulumi.Config(PROJECT)
    secrets = {name: config.require_secret(name) for name in stack_secrets(context.spec)}
    document: pulumi.Input[str] = alertmanager_document(monitoring, {}) if not monitoring.emails else ""
    files: dict[str, pulumi.Input[str]] = {}
    if monitoring.slack is not None:
        files[SLACK_FILE] = secrets[SLACK_SECRET]
    if monitoring.emails:
        relay = pulumi.Output.all(**{name: secrets[name] for name in MAIL_SECRETS if name != SMTP_PASSWORD})
        document = pulumi.Output.secret(relay.apply(lambda values: alertmanager_document(monitoring, values)))
        files[MAIL_FILE] = secrets[SMTP_PASSWORD]
    return DockerChannels({f"{CONFIG_FOLDER}/alertmanager.yml": document, **files})

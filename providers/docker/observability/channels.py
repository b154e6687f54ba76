"""Who is told: the values that Alertmanager needs of the stack's secrets, read once. Made first, as on the clouds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from providers.contract.component import Scope
from providers.docker.base.keys import DockerKeys
from providers.docker.context import DockerContext
from providers.docker.database.parameters import CONFIG
from providers.docker.monitoring.limits import MAIL, SLACK_SECRET, SMTP_SECRET, stack_secrets
from providers.docker.observability.configuration import MAIL_FILE, SLACK_FILE, alertmanager_document

PROJECT = "agent-platform"


@dataclass(frozen=True)
class DockerChannels:
    """Files of Alertmanager by their path: its configuration and the passwords that this names."""

    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])


def create_channels(scope: Scope, context: DockerContext, keys: DockerKeys) -> DockerChannels:
    """Declares nothing: receivers are words in a file, which `monitoring` hands to Alertmanager."""
    monitoring = context.spec.monitoring
    config = pulumi.Config(PROJECT)
    held = {name: config.require_secret(name) for name in stack_secrets(context.spec)}
    files: dict[str, pulumi.Input[str]] = {}
    if monitoring.slack is not None:
        files[SLACK_FILE] = held[SLACK_SECRET]
    if not monitoring.emails:
        return DockerChannels({f"{CONFIG}/alertmanager.yml": alertmanager_document(monitoring, {}), **files})
    mail = pulumi.Output.all(**{name: held[name] for name in MAIL if name != SMTP_SECRET})
    document = mail.apply(lambda known: alertmanager_document(monitoring, known))
    files[MAIL_FILE] = held[SMTP_SECRET]
    return DockerChannels({f"{CONFIG}/alertmanager.yml": pulumi.Output.secret(document), **files})

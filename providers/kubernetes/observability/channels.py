"""Notification channels: the receivers of this namespace's alerts, by the AlertmanagerConfig of the Prometheus Operator.

The operator limits the route to alerts with the namespace as a label. Passwords and the address of Slack's webhook are in a
Secret; the relay's address and user name have no such field, so they are readable in the object.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.prometheus_alerts import (
    SLACK_SECRET,
    SMTP_FROM,
    SMTP_PASSWORD,
    SMTP_SMARTHOST,
    SMTP_USERNAME,
    receiver_secrets,
)
from providers.contract.spec import MonitoringSpec
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import create_opaque, generated_name, metadata
from providers.kubernetes.monitoring.custom_resources import (
    ALERTMANAGER_API,
    AlertmanagerConfigSpec,
    EmailConfig,
    Receiver,
    SlackConfig,
)
from providers.kubernetes.naming import LABEL_NAME, MONITORING

RECEIVER = "platform"
TITLE = "{{ .Status | toUpper }} {{ .CommonLabels.severity }}: {{ .CommonLabels.alertname }}"
TEXT = "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ end }}"
IN_SECRET = (SMTP_PASSWORD, SLACK_SECRET)
"""Stack secrets that Alertmanager reads from a Secret."""


def create_channels(scope: Scope, base: KubernetesBaseResources) -> None:
    """Receivers of mail and Slack; nothing without either."""
    names = receiver_secrets(base.spec)
    if not names:
        return
    secrets = {name: base.context.values.secret(name) for name in names}
    stored = {_key(name): value for name, value in secrets.items() if name in IN_SECRET}
    secret = create_opaque(scope, base.context, "receivers", stored, base.network.namespace)
    kubernetes.apiextensions.CustomResource(
        scope.named("channels"),
        api_version=ALERTMANAGER_API,
        kind="AlertmanagerConfig",
        metadata=metadata(scope, base.context, MONITORING, LABEL_NAME, labels=base.context.block.monitoring_labels),
        spec=channels_spec(base.spec.monitoring, secrets, generated_name(secret)),
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def channels_spec(
    monitoring: MonitoringSpec, relay: Mapping[str, pulumi.Input[str]], secret: pulumi.Input[str]
) -> AlertmanagerConfigSpec:
    """Route and receiver; `relay` has the stack secrets by name, `secret` is the Secret with passwords."""
    receiver: Receiver = {"name": RECEIVER}
    if monitoring.emails:
        receiver["emailConfigs"] = _emails(monitoring.emails, relay, secret)
    if monitoring.slack is not None:
        slack: SlackConfig = {
            "apiURL": {"name": secret, "key": _key(SLACK_SECRET)},
            "channel": monitoring.slack.channel,
            "title": TITLE,
            "text": TEXT,
            "sendResolved": True,
        }
        receiver["slackConfigs"] = [slack]
    return {
        "route": {
            "receiver": RECEIVER,
            "groupBy": ["alertname", "service"],
            "groupWait": "10s",
            "groupInterval": "5m",
            "repeatInterval": "4h",
        },
        "receivers": [receiver],
    }


def _emails(
    addresses: Sequence[str], relay: Mapping[str, pulumi.Input[str]], secret: pulumi.Input[str]
) -> list[EmailConfig]:
    return [
        {
            "to": address,
            "from": relay[SMTP_FROM],
            "smarthost": relay[SMTP_SMARTHOST],
            "authUsername": relay[SMTP_USERNAME],
            "authPassword": {"name": secret, "key": _key(SMTP_PASSWORD)},
            "requireTLS": True,
            "sendResolved": True,
        }
        for address in addresses
    ]


def _key(name: str) -> str:
    """Key of a stack secret in the Secret."""
    return name.lower().replace("_", "-")

"""Who is told and how: Alertmanager's configuration as text. Pure.

Every receiver hears of both severities, which stand in what it is sent. Values that are secret stand in files of their
own where Alertmanager reads them from one; the relay and its user, which it does not, make the whole text secret.
"""

import json
from collections.abc import Mapping

from providers.contract.spec import MonitoringSpec
from providers.docker.database.parameters import CONFIG
from providers.docker.monitoring.limits import SMTP_FROM, SMTP_HOST, SMTP_USERNAME

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

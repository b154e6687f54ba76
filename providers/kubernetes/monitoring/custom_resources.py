"""Custom resources of the Prometheus Operator as typed dictionaries. Pure.

Fields as in the CRDs `podmonitors` and `prometheusrules` (monitoring.coreos.com/v1) and `alertmanagerconfigs` (v1alpha1) of
Prometheus Operator 0.93; only those that the platform sets. Values may be Outputs.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict

import pulumi

MONITORING_API, ALERTMANAGER_API = "monitoring.coreos.com/v1", "monitoring.coreos.com/v1alpha1"
Text = pulumi.Input[str]


class MatchExpression(TypedDict):
    """Condition on a label."""

    key: str
    operator: Literal["In"]
    values: Sequence[str]


class Selector(TypedDict, total=False):
    """Selector of pods."""

    matchLabels: Mapping[str, str]
    matchExpressions: Sequence[MatchExpression]


class Relabeling(TypedDict, total=False):
    """Rule that changes labels of a target."""

    action: Literal["replace", "keep"]
    sourceLabels: Sequence[str]
    regex: str
    replacement: str
    targetLabel: str


class Endpoint(TypedDict):
    """Metrics endpoint of a pod, by the name of its port."""

    port: str
    path: str
    interval: str
    relabelings: Sequence[Relabeling]


class PodMonitorSpec(TypedDict):
    """`spec` of a PodMonitor."""

    selector: Selector
    podMetricsEndpoints: Sequence[Endpoint]


class RuleGroup(TypedDict):
    """Group of rules, which are evaluated together."""

    name: str
    rules: Sequence[Mapping[str, object]]


class PrometheusRuleSpec(TypedDict):
    """`spec` of a PrometheusRule."""

    groups: Sequence[RuleGroup]


class KeyReference(TypedDict):
    """Key of a Secret of the same namespace."""

    name: Text
    key: str


EmailConfig = TypedDict(
    "EmailConfig",
    {
        "to": str,
        "from": Text,
        "smarthost": Text,
        "authUsername": Text,
        "authPassword": KeyReference,
        "requireTLS": bool,
        "sendResolved": bool,
    },
)
"""Mail receiver; `from` is a keyword, so this is no class."""


class SlackConfig(TypedDict):
    """Slack receiver."""

    apiURL: KeyReference
    channel: str
    title: str
    text: str
    sendResolved: bool


class Receiver(TypedDict):
    """Receiver with its channels."""

    name: str
    emailConfigs: NotRequired[Sequence[EmailConfig]]
    slackConfigs: NotRequired[Sequence[SlackConfig]]


class AlertRoute(TypedDict):
    """Alerts of the namespace to a receiver."""

    receiver: str
    groupBy: Sequence[str]
    groupWait: str
    groupInterval: str
    repeatInterval: str


class AlertmanagerConfigSpec(TypedDict):
    """`spec` of an AlertmanagerConfig."""

    route: AlertRoute
    receivers: Sequence[Receiver]

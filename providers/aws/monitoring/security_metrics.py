"""CloudWatch queries of what may be an attack: blocked requests, changes of permissions and denied connections. Pure.

The web ACL counts requests that any of its rules blocks: managed rules, rate limits, closed paths and bodies. It reports no value
for a period without requests, so each term is filled with zero.
"""

from ipaddress import IPv4Network

from providers.aws.monitoring.metric_queries import AwsMetric, MetricQuery, single_metric
from providers.contract.alarms import MIN_JUDGED_REQUESTS

FIREWALL = ("Region", "Rule", "WebACL")
"""AWS WAF developer guide, "AWS WAF metrics and dimensions"; `Rule` is ALL for all rules together."""
ALL_RULES = "ALL"
REQUESTS = "(FILL(blocked,0)+FILL(allowed,0))"
BLOCKED_REQUESTS = MetricQuery(
    {
        "blocked": AwsMetric(namespace="AWS/WAFV2", name="BlockedRequests", stat="Sum", dimensions=FIREWALL),
        "allowed": AwsMetric(namespace="AWS/WAFV2", name="AllowedRequests", stat="Sum", dimensions=FIREWALL),
    },
    f"IF({REQUESTS}>={MIN_JUDGED_REQUESTS}, 100*FILL(blocked,0)/{REQUESTS}, 0)",
    missing="notBreaching",
)
PERMISSION_CHANGES = single_metric(
    namespace="AWS/Events", name="Invocations", stat="Sum", dimensions=("RuleName",), missing="notBreaching"
)
"""Events that `permission_events.py` writes to a log group."""


FLOW_FIELDS = (
    "version", "account", "interface", "source", "target", "source_port", "target_port", "protocol", "packets", "bytes", "start",
    "end", "action", "status",
)  # fmt: skip
"""Fields of a flow log record in its default format: Amazon VPC user guide, "Flow log records"."""


def denied_flows(cidr: str) -> str:
    """Return the filter pattern of the denied connections that an address of a VPC opened.

    A VPC of /16 to /20 has private addresses with the same first two numbers. What the internet sends to the load balancer and the
    NAT gateway has a public source, so scans are not counted. A record is one connection in a minute.
    """
    first, second, *_ = str(IPv4Network(cidr).network_address).split(".")
    conditions = {"source": f"{first}.{second}.*", "action": "REJECT"}
    fields = (f'{name}="{conditions[name]}"' if name in conditions else name for name in FLOW_FIELDS)
    return f"[{', '.join(fields)}]"

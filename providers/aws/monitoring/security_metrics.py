"""CloudWatch queries of what may be an attack: blocked requests and changes of permissions. Pure.

The web ACL counts requests that any of its rules blocks: managed rules, rate limits, closed paths and bodies. It reports no value
for a period without requests, so each term is filled with zero.
"""

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

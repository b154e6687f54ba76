"""Plans of production on Azure, recorded once for the tests."""

import pytest

from automation.plan.inventory import Inventory
from tests.planning import DROP, plan, production


@pytest.fixture(scope="session")
def prod() -> Inventory:
    """Production on Azure, with readable placeholders for computed values."""
    return plan(production(cloud="azure"))


@pytest.fixture(scope="session")
def minimal() -> Inventory:
    """Production with few optional features: no domain, WAF, Prometheus, Slack, SLO or dashboards."""
    return plan(
        production(
            {
                "ingress.domain": DROP,
                "ingress.dns_zone": DROP,
                "ingress.waf": False,
                "ingress.allowed_cidrs": ["203.0.113.0/24"],
                "services.gateway.replicas": {"min": 3, "max": 3},
                "services.chat.calls": [],
                "services.gateway.calls": [],
                "monitoring.prometheus": False,
                "monitoring.slack": DROP,
                "monitoring.slo": DROP,
                "monitoring.dashboards": False,
                "accept_risk": {"ingress.domain": "a trial", "ingress.waf": "a trial"},
            },
            cloud="azure",
        )
    )

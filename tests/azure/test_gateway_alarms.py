"""Alarms and log queries of a stack behind an Application Gateway."""

from providers.azure.monitoring.metrics import access_log
from providers.contract.alarms import Signal, alarm_rules
from tests.azure.kql import faults, parses_queries
from tests.azure.plans import context_of, mappings_at, spec_of
from tests.azure.test_gateway import GATEWAY, PAGE, declared
from tests.azure.test_queries import queries


def test_each_service_has_alarms_on_errors_and_on_the_first_byte() -> None:
    spec = spec_of({**GATEWAY, **PAGE})
    inventory = declared(PAGE)
    for name in spec.public:
        latency = inventory.one(f"prod-monitoring-{alarm_rules(spec).rule(name, Signal.LATENCY_P95_SECONDS).key}")
        (criterion,) = mappings_at(latency, "criteria.allOf")
        assert latency.inputs["scopes"] == ["<network:ApplicationGateway prod-entry-application-gateway>.id"]
        assert (criterion["metricName"], criterion["threshold"]) == ("BackendFirstByteResponseTime", 5000)
        assert criterion["dimensions"] == [{"name": "BackendPool", "operator": "Include", "values": [name]}]
        errors = inventory.one(f"prod-monitoring-{name}-error-percent")
        assert f'route =~ "{name}"' in str(mappings_at(errors, "criteria.allOf")[0]["query"])
    health = inventory.one("prod-monitoring-backend-health")
    (criterion,) = mappings_at(health, "criteria.allOf")
    assert (criterion["metricName"], criterion["operator"], criterion["threshold"]) == (
        "UnhealthyHostCount",
        "GreaterThan",
        0,
    )


def test_requests_are_attributed_to_services_by_the_longest_path() -> None:
    query = access_log(context_of({**GATEWAY, **PAGE}))
    assert (
        'case(path =~ "/Page" or path startswith "/Page/", "chat", path =~ "/api" or path startswith "/api/", "gateway", "")'
        in query
    )
    assert 'route = "gateway"' in access_log(context_of(GATEWAY))


@parses_queries
def test_every_query_is_valid() -> None:
    named = list(queries(declared(PAGE)))
    assert any("ApplicationGatewayAccessLog" in query for _, query in named)
    assert not any("FrontDoor" in query for _, query in named)
    results = faults([query for _, query in named])
    assert {name: found for (name, _), found in zip(named, results, strict=True) if found} == {}

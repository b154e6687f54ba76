"""What one machine refuses or does in its own way: a sentence each."""

from collections.abc import Mapping

import pytest

from providers.docker.monitoring.limits import stack_secrets
from tests.docker.asked import approximated, refused, spec_of
from tests.planning import DROP

ONE_ZONE = "a standby on the same machine would fall with it; set it to false."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"services.chat.replicas.max": 6},
            "services.chat.replicas.max: 6 is not possible on docker: one machine runs a fixed number of copies; "
            "set max equal to min, which is 3.",
        ),
        ({"database.high_availability": True, "accept_risk": {"cache.high_availability": "one machine only"}}, ONE_ZONE),
        ({"cache.high_availability": True, "accept_risk": {"database.high_availability": "one machine only"}}, ONE_ZONE),
        ({"docker.entry_port": 65535}, "use 65534 or less"),
        ({"docker.images": {"proxi": "haproxy:3"}}, "fills no role (did you mean proxy)"),
        ({"services.gateway.uses": ["database", "cache", "storage", "models"]}, "of which docker has none"),
        ({"services.gateway.environment": {"AWS_REGION": "x"}}, "opens the platform's object store on docker"),
        ({"services.chat.size": {"vcpu": 0.001, "memory_gib": 1}}, "at least 0.01 vCPU and 6 MiB"),
        ({"services.chat.size": {"vcpu": 0.05, "memory_gib": 1}}, "tells 0.05 vCPU back as 0.1"),
        ({"database.parameters": {"ssl": False}}, "TLS is always on"),
        ({"database.parameters": {"shared_buffers_mib": 16384}}, "a quarter is usual"),
        ({"database.parameters": {"work_mem": "64MB"}}, "has a unit"),
    ],
)  # fmt: skip
def test_what_one_machine_cannot_do_is_refused_in_one_sentence(changes: Mapping[str, object], sentence: str) -> None:
    (told,) = refused(changes)
    assert sentence in told
    assert "\n" not in told


def test_a_stack_that_docker_could_not_name_is_refused() -> None:
    (told,) = refused(stack="Prod_1")
    assert told.startswith('stack: "Prod_1" names every container')


def test_without_bounds_a_service_runs_its_least_number() -> None:
    replicas = spec_of({"services.chat.replicas": DROP}).services["chat"].replicas
    assert (replicas.min, replicas.max) == (3, 3)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("network.zones", "this machine"),
        ("network.egress", "one way out"),
        ("network.flow_logs", "the entry's line for each request"),
        ("ingress.waf", "7 rules of the proxy's own"),
        ("ingress.domain", "the platform's own authority"),
        ("services.gateway.secrets", "`docker inspect`"),
        ("database.storage_gib", "this machine's disk"),
        ("budget.monthly_usd", "bills nobody"),
        ("deployer", "cannot sign in to this machine"),
        ("monitoring.log_retention_days", "100 files of 10 MiB"),
        ("monitoring.emails", "SMTP_SMARTHOST, SMTP_FROM, SMTP_USERNAME, SMTP_PASSWORD"),
        ("monitoring.slack", "agent-platform:SLACK_WEBHOOK_URL"),
        ("monitoring.alerts", "nothing can be asked of worker"),
    ],
)
def test_what_is_done_in_another_way_is_told(path: str, words: str) -> None:
    (given,) = approximated()[path]
    assert words in given


def test_the_relay_and_the_webhook_are_asked_of_the_stack_where_somebody_is_told() -> None:
    assert len(stack_secrets(spec_of())) == 5
    assert stack_secrets(spec_of({"monitoring.emails": [], "monitoring.slack": DROP})) == ()

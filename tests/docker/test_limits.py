"""Settings that a Docker host refuses or adjusts."""

from collections.abc import Mapping

import pytest

from providers.contract.diagnostics import Effect
from providers.contract.prometheus_alerts import receiver_secrets
from tests.docker.specs import adjustments, refusals, spec_of
from tests.planning import DROP

STANDBY = "a standby on the same host would fail together with the primary. Set it to false."


@pytest.mark.parametrize(
    ("changes", "key", "text"),
    [
        (
            {"services.chat.replicas.max": 6},
            "services.chat.replicas.max",
            "not supported on docker: 6 exceeds replicas.min, and one host runs a fixed number of replicas. "
            "Set it to 3, the value of replicas.min.",
        ),
        (
            {"database.high_availability": True, "accept_risk": {"cache.high_availability": "one host only"}},
            "database.high_availability",
            STANDBY,
        ),
        (
            {"cache.high_availability": True, "accept_risk": {"database.high_availability": "one host only"}},
            "cache.high_availability",
            STANDBY,
        ),
        ({"docker.entry_port": 65535}, "docker.entry_port", "Use 65534 or less"),
        ({"docker.images": {"proxi": "haproxy:3"}}, "docker.images.proxi", "is not a role (did you mean proxy)"),
        (
            {"services.gateway.uses": ["database", "cache", "storage", "models"]},
            "services.gateway.uses",
            "models",
        ),
        (
            {"services.gateway.environment": {"AWS_REGION": "x"}},
            "services.gateway.environment.AWS_REGION",
            "AWS_REGION is set by the platform for its object store",
        ),
        (
            {"services.chat.size": {"vcpu": 0.001, "memory_gib": 1}},
            "services.chat.size",
            "0.001 vCPU and 1 GiB are below Docker's minimum. Use at least 0.01 vCPU and 6 MiB",
        ),
        (
            {"services.chat.size": {"vcpu": 0.05, "memory_gib": 1}},
            "services.chat.size.vcpu",
            "the Docker provider rounds 0.05 vCPU to 0.1. Use 0.1 or more",
        ),
        (
            {"monitoring.grafana_admins": ["00000000-0000-0000-0000-000000000005"]},
            "monitoring.grafana_admins",
            "Grafana on this host has one user, admin",
        ),
        (
            {
                "services.gateway.image_credentials": "GHCR_LOGIN",
                "services.chat.image": "ghcr.io/acme/chat@sha256:" + "0" * 64,
                "services.chat.image_credentials": "CHAT_LOGIN",
            },
            "services.chat.image_credentials",
            "GHCR_LOGIN is already the login to ghcr.io, and Docker uses one for each registry. Use GHCR_LOGIN here too.",
        ),
        ({"database.parameters": {"ssl": False}}, "database.parameters.ssl", "TLS is always on"),
        (
            {"database.parameters": {"shared_buffers_mib": 16384}},
            "database.parameters.shared_buffers_mib",
            "16384 leaves nothing of the server's 16384 MiB, so it would not start. Use about 4096",
        ),
        ({"database.parameters": {"work_mem": "64MB"}}, "database.parameters.work_mem", "unit"),
    ],
)
def test_a_setting_that_a_host_cannot_honour_is_refused(changes: Mapping[str, object], key: str, text: str) -> None:
    (refusal,) = refusals(changes)
    assert refusal.key == key
    assert text in str(refusal)
    assert "\n" not in str(refusal)


def test_a_stack_name_that_docker_rejects_is_refused() -> None:
    (refusal,) = refusals(stack="Prod_1")
    assert (refusal.key, refusal.problem) == ("stack", '"Prod_1" is no valid prefix of container names')


def test_a_service_without_bounds_runs_its_minimum() -> None:
    replicas = spec_of({"services.chat.replicas": DROP}).services["chat"].replicas
    assert (replicas.min, replicas.max) == (3, 3)


@pytest.mark.parametrize(
    ("key", "effect", "reason"),
    [
        ("network.zones", Effect.IGNORED, "all containers run on this host"),
        ("network.egress", Effect.ADJUSTED, "outbound connections use this host's address"),
        ("network.flow_logs", Effect.PARTIAL, "the entry logs each request"),
        ("ingress.waf", Effect.ADJUSTED, "14 HAProxy rules"),
        ("ingress.domain", Effect.PARTIAL, "the stack's own authority"),
        ("services.gateway.secrets", Effect.ADJUSTED, "`docker inspect`"),
        ("database.storage_gib", Effect.ADJUSTED, "this host's disk"),
        ("budget.monthly_usd", Effect.IGNORED, "has no bill"),
        ("deployer", Effect.IGNORED, "cannot sign in to this host"),
        ("monitoring.log_retention_days", Effect.PARTIAL, "at most 10 GiB"),
        ("monitoring.emails", Effect.ADJUSTED, "SMTP_SMARTHOST, SMTP_FROM, SMTP_USERNAME, SMTP_PASSWORD"),
        ("monitoring.slack", Effect.ADJUSTED, "agent-platform:SLACK_WEBHOOK_URL"),
        (
            "monitoring.alerts",
            Effect.PARTIAL,
            "services without a metrics endpoint (`metrics: none`, its default for agentos, or no port) have no alarms",
        ),
    ],
)
def test_an_adjusted_setting_states_effect_and_reason(key: str, effect: Effect, reason: str) -> None:
    (adjustment,) = adjustments()[key]
    assert adjustment.effect is effect
    assert reason in adjustment.reason


def test_adjusted_alarms_name_the_services_without_metrics() -> None:
    (adjustment,) = adjustments()["monitoring.alerts"]
    assert adjustment.reason.endswith(": worker")
    (adjustment,) = adjustments({"services.chat.metrics": "none"})["monitoring.alerts"]
    assert adjustment.reason.endswith(": chat and worker")
    assert "monitoring.alerts" not in adjustments({"services.worker.metrics": {"port": 9808}})


def test_relay_and_webhook_are_required_only_with_receivers() -> None:
    assert len(receiver_secrets(spec_of())) == 5
    assert receiver_secrets(spec_of({"monitoring.emails": [], "monitoring.slack": DROP})) == ()

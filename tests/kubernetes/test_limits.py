"""What a cluster refuses and adjusts, with the key, the problem and the fix."""

from collections.abc import Mapping

import pytest

from components.adjustments import adjustments
from components.validation.parse import parse
from providers.contract.diagnostics import Effect, InvalidConfiguration
from tests.kubernetes.platforms import GATEWAY, SIMPLE_INGRESS, prod, staging
from tests.planning import DROP


def refused(raw: dict[str, object], stack: str = "staging") -> dict[str, str]:
    """Refusals by key."""
    try:
        parse(raw, stack)
    except InvalidConfiguration as invalid:
        return {each.key: str(each) for each in invalid.diagnostics}
    return {}


def adjusted(raw: dict[str, object], stack: str = "staging") -> dict[str, Effect]:
    return {each.key: each.effect for each in adjustments(parse(raw, stack))}


def test_production_and_staging_are_accepted() -> None:
    assert refused(prod(), "prod") == {}
    assert refused(staging()) == {}
    assert refused(staging(SIMPLE_INGRESS, GATEWAY)) == {}


@pytest.mark.parametrize(
    ("changes", "block", "key", "part"),
    [
        ({}, {"cluster_uid": None}, "kubernetes.cluster_uid", "kubectl get namespace kube-system"),
        ({}, {"entry": "gateway", "gateway_class": "eg"}, "ingress.rate_limit.per_address", "no limit per client"),
        ({}, {"entry": "gateway", "gateway_class": "eg"}, "ingress.waf", "Set kubernetes.entry to haproxy"),
        ({"services.chat.image": "chat:1"}, {}, "services.chat.image", "names no registry"),
        ({"network.cidr": "10.9.0.0/16"}, {}, "network.cidr", "its own address ranges"),
        ({"network.egress_control": "names"}, {}, "network.egress_control", "no names of hosts"),
        ({}, {"issuer": None}, "kubernetes.issuer", "needs a certificate"),
        ({}, {"issuer": "a", "tls_secret": "b"}, "kubernetes.issuer", "both are set"),
        ({"ingress.auth": {"mode": "oidc"}}, {}, "ingress.auth.mode", "does not sign browsers in"),
        ({"tags": {"owner": "a team"}}, {}, "tags.owner", "not a valid label value"),
        ({"services.gateway.size": {"vcpu": 0.0005}}, {}, "services.gateway.size.vcpu", "thousandths of a CPU"),
        ({}, {"identities": {"gateway": "a"}}, "kubernetes.identities", "no identities of a cloud"),
        ({}, {"images": {"prxy": "ghcr.io/a/b:1"}}, "kubernetes.images.prxy", "did you mean proxy"),
        ({"recovery": {"mode": "backup", "standby_region": "b"}}, {}, "recovery.mode", "one cluster"),
        ({"services.chat.rollout": {"strategy": "canary"}}, {}, "services.chat.rollout.strategy", "no weights"),
    ],
)
def test_production_is_refused_in_words(
    changes: Mapping[str, object], block: Mapping[str, object], key: str, part: str
) -> None:
    messages = refused(prod(changes, block), "prod")
    assert key in messages
    assert part in messages[key]


@pytest.mark.parametrize(
    ("changes", "block", "key"),
    [
        ({"ingress.allowed_cidrs": ["198.51.100.0/24"]}, {}, "ingress.allowed_cidrs"),
        ({"ingress.rate_limit": {"per_address": 60}}, {}, "ingress.rate_limit.per_address"),
        ({"ingress.rate_limit": {"per_key": 60}}, {}, "ingress.rate_limit.per_key"),
        ({"ingress.waf": True}, {}, "ingress.waf"),
        ({"ingress.domain": DROP, "ingress.dns_zone": DROP}, {"issuer": None, "tls_secret": "t"}, "ingress.domain"),
        ({}, {"gateway_class": None}, "kubernetes.gateway_class"),
    ],
)
def test_a_bare_gateway_refuses_what_it_cannot_promise(
    changes: Mapping[str, object], block: Mapping[str, object], key: str
) -> None:
    assert key in refused(staging({**SIMPLE_INGRESS, **changes}, {**GATEWAY, **block}))


def test_each_replica_of_haproxy_counts_on_its_own() -> None:
    (limit,) = [each for each in adjustments(parse(prod(), "prod")) if each.key.startswith("ingress.rate_limit")]
    assert "each of the 3 replicas of HAProxy counts on its own" in limit.reason
    assert "1800 requests per minute" in limit.reason


def test_what_a_cluster_does_not_decide_is_an_adjustment() -> None:
    effects = adjusted(prod(), "prod")
    assert effects["network.zones"] is Effect.ADJUSTED
    assert effects["network.flow_logs"] is Effect.IGNORED
    assert effects["services.gateway.secrets"] is Effect.ADJUSTED
    assert effects["services.gateway.autoscaling.requests_per_replica_per_minute"] is Effect.IGNORED
    assert effects["services.gateway.autoscaling.scale_out_cooldown_seconds"] is Effect.ADJUSTED
    assert effects["ingress.dns_zone"] is Effect.IGNORED


def test_keda_honours_requests_per_replica() -> None:
    effects = adjusted(prod(block={"keda_prometheus_url": "http://prometheus.monitoring.svc:9090"}), "prod")
    assert "services.gateway.autoscaling.requests_per_replica_per_minute" not in effects


@pytest.mark.parametrize(("asked", "period"), [(0, "within 1 seconds"), (1800, "within 1800 "), (3600, "within 1800 ")])
def test_the_cooldown_after_a_scale_out_has_the_bounds_of_the_server(asked: int, period: str) -> None:
    raw = prod({"services.gateway.autoscaling.scale_out_cooldown_seconds": asked})
    key = "services.gateway.autoscaling.scale_out_cooldown_seconds"
    (found,) = [each for each in adjustments(parse(raw, "prod")) if each.key == key]
    assert period in found.reason


def test_a_service_name_that_an_object_of_the_platform_has_is_refused() -> None:
    assert "services.entry" in refused(prod({"services.entry": {"image": "ghcr.io/acme/entry:1"}}), "prod")


def test_an_unused_key_of_the_block_is_reported() -> None:
    unused = adjusted(prod(block={"flavour": "eks", "models_identity": "a"}), "prod")
    assert unused["kubernetes.models_identity"] is Effect.IGNORED
    assert adjusted(prod(block={"gateway_class": "eg"}), "prod")["kubernetes.gateway_class"] is Effect.IGNORED

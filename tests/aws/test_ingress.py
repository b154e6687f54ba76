"""The load balancer of a region, its listeners, certificate and routes."""

import json
from typing import cast

from automation.plan.inventory import Inventory
from tests.aws.variants import private, staging


def statements(prod: Inventory) -> list[dict[str, object]]:
    policy = prod.one("prod-ingress-logs-policy").inputs["policy"]
    return cast("list[dict[str, object]]", json.loads(cast("str", policy))["Statement"])


def test_the_load_balancer_is_protected_and_strict_in_production(prod: Inventory) -> None:
    inputs = prod.one("prod-ingress", "lb:LoadBalancer").inputs
    assert inputs["enableDeletionProtection"] is True
    assert inputs["dropInvalidHeaderFields"] is True
    assert inputs["desyncMitigationMode"] == "defensive"
    assert inputs["enableZonalShift"] is True


def test_the_load_balancer_may_be_deleted_outside_production() -> None:
    assert staging().one("prod-ingress", "lb:LoadBalancer").inputs["enableDeletionProtection"] is False


def test_the_load_balancer_stands_in_the_public_subnets_of_every_zone(prod: Inventory) -> None:
    subnets = cast("list[str]", prod.one("prod-ingress", "lb:LoadBalancer").inputs["subnets"])
    assert len(subnets) == 3
    assert all("public" in subnet for subnet in subnets)


def test_streams_may_pause_as_long_as_the_spec_says() -> None:
    assert staging().one("prod-ingress", "lb:LoadBalancer").inputs["idleTimeout"] == 333


def test_requests_and_connections_are_logged_before_the_first_one(prod: Inventory) -> None:
    balancer = prod.one("prod-ingress", "lb:LoadBalancer")
    for kind in ("accessLogs", "connectionLogs"):
        logs = cast("dict[str, object]", balancer.inputs[kind])
        assert logs["enabled"] is True and logs["bucket"] == "<s3:Bucket prod-ingress-logs>.id"
    assert prod.one("prod-ingress-logs-policy").urn in balancer.depends_on


def test_only_log_delivery_for_this_account_writes_to_the_log_bucket(prod: Inventory) -> None:
    allowed = [statement for statement in statements(prod) if statement["Effect"] == "Allow"]
    assert [statement["Action"] for statement in allowed] == ["s3:PutObject", "s3:PutObject"]
    for statement in allowed:
        assert statement["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
        assert "/AWSLogs/111122223333/*" in cast("str", statement["Resource"])
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": "arn:aws:elasticloadbalancing:us-west-2:111122223333:loadbalancer/*"},
        }


def test_the_log_bucket_uses_keys_of_s3_because_delivery_cannot_use_others(prod: Inventory) -> None:
    assert '"AES256"' in json.dumps(prod.one("prod-ingress-logs-encryption").inputs["rules"])


def test_plain_http_is_sent_on_to_https_for_good(prod: Inventory) -> None:
    (action,) = cast("list[dict[str, object]]", prod.one("prod-ingress-http").inputs["defaultActions"])
    assert action["redirect"] == {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}


def test_https_speaks_the_newest_tls_and_says_so_to_browsers(prod: Inventory) -> None:
    inputs = prod.one("prod-ingress-https").inputs
    assert inputs["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert inputs["routingHttpResponseStrictTransportSecurityHeaderValue"] == "max-age=31536000; includeSubDomains"


def test_what_no_path_takes_is_not_found(prod: Inventory) -> None:
    (action,) = cast("list[dict[str, object]]", prod.one("prod-ingress-https").inputs["defaultActions"])
    assert cast("dict[str, object]", action["fixedResponse"])["statusCode"] == "404"


def test_the_certificate_is_used_only_after_its_proof(prod: Inventory) -> None:
    listener = prod.one("prod-ingress-https")
    assert prod.one("prod-ingress-certificate-valid").urn in listener.depends_on
    assert prod.one("prod-ingress-certificate").inputs["domainName"] == "agents.example.com"
    assert prod.one("prod-ingress-certificate-proof").inputs["zoneId"] == "<route53:Zone example.com>.zoneId"


def test_without_a_domain_the_plain_listener_routes() -> None:
    assert not staging().of_type("acm:Certificate")
    (listener,) = staging().of_type("lb:Listener")
    assert listener.inputs["port"] == 80
    assert all(listener.urn in rule.depends_on for rule in staging().of_type("lb:ListenerRule"))


def test_every_public_service_has_a_route_to_its_own_copies() -> None:
    for name, values in {"gateway": ["/*"], "chat": ["/chat", "/chat/*"], "ui": ["/ui", "/ui/*"]}.items():
        rule = staging().one(f"prod-ingress-{name}-route").inputs
        assert rule["conditions"] == [{"pathPattern": {"values": values}}]
        assert f"<lb:TargetGroup prod-ingress-{name}>.arn" in json.dumps(rule["actions"])


def test_a_new_route_leaves_the_priority_of_the_others(prod: Inventory) -> None:
    before, after = (each.one("prod-ingress-gateway-route").inputs["priority"] for each in (prod, staging()))
    assert before == after
    assert cast("int", staging().one("prod-ingress-chat-route").inputs["priority"]) < cast("int", after)


def test_a_private_service_has_no_route(prod: Inventory) -> None:
    assert [rule.name for rule in prod.of_type("lb:ListenerRule")] == ["prod-ingress-gateway-route"]


def test_the_health_numbers_of_the_spec_reach_the_target_group() -> None:
    assert staging().one("prod-ingress-chat", "lb:TargetGroup").inputs["healthCheck"] == {
        "enabled": True,
        "path": "/ready",
        "protocol": "HTTP",
        "port": "traffic-port",
        "matcher": "200",
        "interval": 40,
        "timeout": 9,
        "healthyThreshold": 3,
        "unhealthyThreshold": 4,
    }


def test_a_busy_copy_gets_no_more_requests_than_a_free_one(prod: Inventory) -> None:
    group = prod.one("prod-ingress-gateway", "lb:TargetGroup").inputs
    assert group["targetType"] == "ip"
    assert group["loadBalancingAlgorithmType"] == "least_outstanding_requests"


def test_a_streamlit_browser_comes_back_to_its_copy() -> None:
    def sticky(name: str) -> object:
        group = staging().one(f"prod-ingress-{name}", "lb:TargetGroup")
        return cast("dict[str, object]", group.inputs["stickiness"])["enabled"]

    assert sticky("ui") is True
    assert sticky("chat") is False


def test_a_platform_without_a_path_has_no_load_balancer() -> None:
    assert not [each for each in private().custom if each.type.startswith(("aws:lb/", "aws:wafv2/"))]

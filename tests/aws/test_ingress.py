"""Load balancer, listeners, certificate and routes of a region."""

import json

import pytest

from automation.plan.inventory import Inventory
from tests.aws.plans import changed, private, staging
from tests.aws.readers import json_object, json_objects, number, strings, text


def statements(prod: Inventory) -> list[dict[str, object]]:
    policy = prod.one("prod-ingress-logs-policy").inputs["policy"]
    return json_objects(json.loads(text(policy))["Statement"])


def test_the_load_balancer_is_protected_and_strict_in_production(prod: Inventory) -> None:
    inputs = prod.one("prod-ingress", "lb:LoadBalancer").inputs
    assert inputs["enableDeletionProtection"] is True
    assert inputs["dropInvalidHeaderFields"] is True
    assert inputs["desyncMitigationMode"] == "defensive"
    assert inputs["enableZonalShift"] is True


def test_the_load_balancer_may_be_deleted_outside_production() -> None:
    assert staging().one("prod-ingress", "lb:LoadBalancer").inputs["enableDeletionProtection"] is False


def test_the_load_balancer_is_in_the_public_subnets_of_every_zone(prod: Inventory) -> None:
    subnets = strings(prod.one("prod-ingress", "lb:LoadBalancer").inputs["subnets"])
    assert len(subnets) == 3
    assert all("public" in subnet for subnet in subnets)


def test_the_idle_timeout_is_that_of_the_spec() -> None:
    assert staging().one("prod-ingress", "lb:LoadBalancer").inputs["idleTimeout"] == 333


def test_access_and_connection_logs_are_enabled_after_the_bucket_policy(prod: Inventory) -> None:
    balancer = prod.one("prod-ingress", "lb:LoadBalancer")
    for kind in ("accessLogs", "connectionLogs"):
        logs = json_object(balancer.inputs[kind])
        assert logs["enabled"] is True and logs["bucket"] == "<s3:Bucket prod-ingress-logs>.id"
    assert prod.one("prod-ingress-logs-policy").urn in balancer.depends_on


def test_only_log_delivery_for_this_account_writes_to_the_log_bucket(prod: Inventory) -> None:
    allowed = [statement for statement in statements(prod) if statement["Effect"] == "Allow"]
    assert [statement["Action"] for statement in allowed] == ["s3:PutObject", "s3:PutObject"]
    for statement in allowed:
        assert statement["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
        assert "/AWSLogs/111122223333/*" in text(statement["Resource"])
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": "arn:aws:elasticloadbalancing:us-west-2:111122223333:loadbalancer/*"},
        }


def test_only_outside_production_the_log_bucket_is_deleted_with_its_logs(prod: Inventory) -> None:
    assert prod.one("prod-ingress-logs", "s3:Bucket").inputs["forceDestroy"] is False
    assert staging().one("prod-ingress-logs", "s3:Bucket").inputs["forceDestroy"] is True


def test_the_log_bucket_uses_s3_managed_keys(prod: Inventory) -> None:
    assert '"AES256"' in json.dumps(prod.one("prod-ingress-logs-encryption").inputs["rules"])


def test_http_is_redirected_permanently_to_https(prod: Inventory) -> None:
    (action,) = json_objects(prod.one("prod-ingress-http").inputs["defaultActions"])
    assert action["redirect"] == {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}


def test_https_uses_the_tls_policy_and_hsts(prod: Inventory) -> None:
    inputs = prod.one("prod-ingress-https").inputs
    assert inputs["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert inputs["routingHttpResponseStrictTransportSecurityHeaderValue"] == "max-age=31536000; includeSubDomains"


def test_a_path_without_a_route_is_not_found(prod: Inventory) -> None:
    (action,) = json_objects(prod.one("prod-ingress-https").inputs["defaultActions"])
    assert json_object(action["fixedResponse"])["statusCode"] == "404"


def test_the_certificate_is_used_after_its_validation(prod: Inventory) -> None:
    listener = prod.one("prod-ingress-https")
    assert prod.one("prod-ingress-certificate-valid").urn in listener.depends_on
    assert prod.one("prod-ingress-certificate").inputs["domainName"] == "agents.example.com"
    assert prod.one("prod-ingress-certificate-proof").inputs["zoneId"] == "<route53:Zone example.com>.zoneId"


def test_without_a_domain_the_http_listener_routes_requests() -> None:
    assert not staging().of_type("acm:Certificate")
    (listener,) = staging().of_type("lb:Listener")
    assert listener.inputs["port"] == 80
    assert all(listener.urn in rule.depends_on for rule in staging().of_type("lb:ListenerRule"))


def test_every_public_service_has_a_route_to_its_target_group() -> None:
    for name, values in {"gateway": ["/*"], "chat": ["/chat", "/chat/*"], "ui": ["/ui", "/ui/*"]}.items():
        rule = staging().one(f"prod-ingress-{name}-route").inputs
        assert rule["conditions"] == [{"pathPattern": {"values": values}}]
        assert f"<lb:TargetGroup prod-ingress-{name}>.arn" in json.dumps(rule["actions"])


def test_a_new_route_does_not_change_the_priority_of_others(prod: Inventory) -> None:
    before, after = (each.one("prod-ingress-gateway-route").inputs["priority"] for each in (prod, staging()))
    assert before == after
    assert number(staging().one("prod-ingress-chat-route").inputs["priority"]) < number(after)


def test_a_private_service_has_no_route(prod: Inventory) -> None:
    assert [rule.name for rule in prod.of_type("lb:ListenerRule")] == [
        "prod-ingress-closed-docs",
        "prod-ingress-closed-metrics",
        "prod-ingress-closed-openapi.json",
        "prod-ingress-closed-redoc",
        "prod-ingress-gateway-route",
    ]


def test_metrics_are_not_found_before_the_route_of_the_service_is_evaluated() -> None:
    rules = {rule.name.removeprefix("prod-ingress-"): rule for rule in staging().of_type("lb:ListenerRule")}
    assert {name for name in rules if name.startswith("closed")} == {
        "closed-chat-metrics",
        "closed-metrics",
        "closed-ui-_stcore-metrics",
    }
    closed = rules["closed-metrics"].inputs
    assert closed["conditions"] == [{"pathPattern": {"values": ["/metrics", "/metrics/*"]}}]
    (action,) = json_objects(closed["actions"])
    assert (action["type"], json_object(action["fixedResponse"])["statusCode"]) == ("fixed-response", "404")
    assert number(closed["priority"]) < number(rules["gateway-route"].inputs["priority"])
    assert rules["closed-metrics"].urn in staging().one("prod-compute-gateway", "ecs:Service").depends_on


@pytest.mark.parametrize(("idle", "delay"), [(30, 60), (120, 120), (3600, 3600)])
def test_a_task_is_drained_as_long_as_a_stream_may_pause(idle: int, delay: int) -> None:
    plan = changed({"ingress.idle_timeout_seconds": idle})
    assert plan.one("prod-ingress-gateway", "lb:TargetGroup").inputs["deregistrationDelay"] == delay


def test_the_health_settings_of_the_spec_reach_the_target_group() -> None:
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


def test_requests_go_to_the_target_with_the_fewest_open_requests(prod: Inventory) -> None:
    group = prod.one("prod-ingress-gateway", "lb:TargetGroup").inputs
    assert group["targetType"] == "ip"
    assert group["loadBalancingAlgorithmType"] == "least_outstanding_requests"


def test_only_streamlit_has_session_affinity() -> None:
    def sticky(name: str) -> object:
        group = staging().one(f"prod-ingress-{name}", "lb:TargetGroup")
        return json_object(group.inputs["stickiness"])["enabled"]

    assert sticky("ui") is True
    assert sticky("chat") is False


def test_a_platform_without_a_path_has_no_load_balancer() -> None:
    assert not [each for each in private().custom if each.type.startswith(("aws:lb/", "aws:wafv2/"))]

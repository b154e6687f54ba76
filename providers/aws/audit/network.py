"""Checks of the network and the entry on AWS. Pure."""

from collections.abc import Iterator

from providers.contract.audit import AuditSite, CheckEvidence, equals, is_false, is_set, require, require_one, state

ANYWHERE = ("0.0.0.0/0", "::/0")
ENTRY_PORTS = (80, 443)
ENTRY_GROUP = "load-balancer"
"""End of the name of the only security group that accepts connections from the internet."""


def only_the_entry_is_open(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield every rule that accepts connections, with the addresses it accepts them from."""
    for rule in site.of_type("vpc:SecurityGroupIngressRule"):
        source = rule.value("cidrIpv4") or rule.value("cidrIpv6") or rule.value("referencedSecurityGroupId")
        at_entry = f"{ENTRY_GROUP}>" in str(rule.value("securityGroupId")) and rule.value("fromPort") in ENTRY_PORTS
        yield state(rule, "cidrIpv4", source, source not in ANYWHERE or at_entry, "open to the internet")
    for service in site.of_type("ecs:Service"):
        public = service.value("networkConfiguration", "assignPublicIp")
        yield state(service, "networkConfiguration.assignPublicIp", public, not public, "the task has a public address")


def plain_http_only_redirects(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield listeners without TLS, which may only redirect."""
    for listener in site.of_type("lb:Listener"):
        if listener.value("protocol") == "HTTP":
            kinds = [each.get("type") for each in listener.items("defaultActions")]
            yield state(listener, "defaultActions.type", kinds, kinds == ["redirect"], "answers without encryption")


def tls_of_today(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the TLS policy of every listener with TLS."""
    for listener in site.of_type("lb:Listener"):
        if listener.value("protocol") == "HTTPS":
            policy = str(listener.value("sslPolicy"))
            yield state(listener, "sslPolicy", policy, "TLS13" in policy, "accepts versions before TLS 1.2")


def inside_is_encrypted(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the protocol from the load balancer to services."""
    why = "requests and answers are readable inside the network"
    yield from require(site.of_type("lb:TargetGroup"), "protocol", equals("HTTPS"), why)


def filters_and_defaults_are_closed(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the rules of network filters, and the defaults of the network, which have none."""
    for rule in site.of_type("ec2:NetworkAclRule"):
        wide = (
            rule.value("cidrBlock") in ANYWHERE
            and rule.value("protocol") == "-1"
            and rule.value("ruleAction") == "allow"
        )
        yield state(rule, "protocol", rule.value("protocol"), not wide, "allows every protocol from every address")
    for group in site.of_type("ec2:DefaultSecurityGroup", "ec2:DefaultNetworkAcl"):
        rules = group.length("ingress") + group.length("egress")
        yield state(group, "ingress, egress", f"{rules} rules", rules == 0, "a default allows connections")


def data_stores_are_private(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the public access of every database."""
    yield from require(site.of_type("rds:Instance"), "publiclyAccessible", is_false, "has a public address")


def data_has_no_way_out(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield routes of the subnets of data stores to the internet."""
    for route in site.of_type("ec2:Route"):
        table = str(route.value("routeTableId"))
        out = route.value("destinationCidrBlock") in ANYWHERE
        yield state(
            route,
            "routeTableId",
            table,
            not (out and "-database" in table),
            "the subnet of the data reaches the internet",
        )


def flow_is_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the flow log of each network."""
    yield from require_one(site.of_type("ec2:FlowLog"), "ec2:FlowLog", "connections leave no record")
    yield from require(
        site.of_type("ec2:FlowLog"), "trafficType", equals("ALL"), "a part of the connections leaves no record"
    )


def attacks_are_filtered_and_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield firewall, its association with the load balancer, and its log."""
    if not site.of_type("lb:LoadBalancer"):
        return
    for name in ("wafv2:WebAcl", "wafv2:WebAclAssociation", "wafv2:WebAclLoggingConfiguration"):
        yield from require_one(site.of_type(name), name, "requests are not filtered, or without a record")
    yield from require(site.of_type("lb:LoadBalancer"), "accessLogs.enabled", is_set, "requests leave no record")


def odd_traffic_is_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield alarms on metrics of the firewall that notify."""
    if site.of_type("wafv2:WebAcl"):
        alarms = [
            each
            for each in site.of_type("cloudwatch:MetricAlarm")
            if "AWS/WAFV2" in f"{each.value('namespace')} {each.value('metricQueries')}"
            and is_set(each.value("alarmActions"))
        ]
        yield from require_one(alarms, "alarm on AWS/WAFV2", "blocked requests notify no one")


def denied_flows_are_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield alarms that notify on a metric that counts rejected records of the flow logs."""
    counted = {
        str(each.value("metricTransformation", "name"))
        for each in site.of_type("cloudwatch:LogMetricFilter")
        if "REJECT" in str(each.value("pattern"))
    }
    alarms = [
        each
        for each in site.of_type("cloudwatch:MetricAlarm")
        if str(each.value("metricName")) in counted and is_set(each.value("alarmActions"))
    ]
    yield from require_one(alarms, "alarm on rejected flows", "denied connections notify no one")

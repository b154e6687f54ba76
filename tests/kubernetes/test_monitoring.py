"""Monitors, rules, receivers, dashboard and traces."""

import json
import re

from automation.plan.inventory import Inventory, Secret
from providers.contract.alarms import alarm_rules
from providers.contract.burn_rates import BURN_RATES
from providers.contract.json_data import Raw, is_mapping, mappings
from providers.contract.prometheus_alerts import receiver_secrets
from providers.contract.spec import Platform
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.monitoring.limits import monitoring_adjustments, monitoring_refusals
from providers.kubernetes.monitoring.monitors import monitors
from providers.kubernetes.monitoring.rules import rules_spec
from tests.kubernetes.manifests import manifest
from tests.kubernetes.platforms import GATEWAY, SIMPLE_INGRESS, prod, prod_plan, spec_of, staging, staging_plan
from tests.planning import JOBS, plan

MONITOR, RULES = "monitoring.coreos.com:PodMonitor", "monitoring.coreos.com:PrometheusRule"
WITHOUT_NAMESPACE = ("time()", "vector(")


def context_of(spec: Platform, stack: str = "prod") -> KubernetesContext:
    """Return the context of a spec."""
    return KubernetesContext(spec, stack, "cluster")


def alerts_of(spec: Platform) -> dict[str, Raw]:
    """Return every alerting rule by its name."""
    groups = rules_spec(context_of(spec))["groups"]
    return {str(rule["alert"]): dict(rule) for group in groups for rule in group["rules"]}


def part(inventory: Inventory, name: str, token: str | None = None, key: str = "spec") -> Raw:
    """Return a part of an object."""
    found = manifest(inventory.one(name, token))[key]
    assert is_mapping(found)
    return found


def test_every_rule_of_the_table_has_an_alert_except_those_that_a_cluster_cannot_see() -> None:
    spec = spec_of(prod({"jobs": JOBS}))
    missing = {rule.key for rule in alarm_rules(spec)} - {*alerts_of(spec)}
    # gateway has a separate port of metrics and worker has none, but its rules need no endpoint
    # the cache of production is external, and reports nothing
    assert missing == {"cache-evictions", "cache-memory-percent"}


def test_services_without_an_endpoint_have_alarms_on_cpu_memory_and_replicas() -> None:
    alerts = alerts_of(spec_of(staging()))
    assert {"worker-cpu-percent", "worker-memory-percent", "worker-missing-replicas"} <= {*alerts}
    # the gateway of staging is an AgentOS without an exporter
    assert "gateway-missing-replicas" in alerts
    assert "gateway-error-percent" not in alerts


def test_every_selector_names_the_namespace_because_platforms_share_the_server() -> None:
    for name, rule in alerts_of(spec_of(prod({"jobs": JOBS, "monitoring.tracing": {}}))).items():
        for selector in re.findall(r"[a-z_]+\{([^}]*)\}", str(rule["expr"])):
            assert 'namespace="agent-platform-prod"' in selector, (name, selector)


def test_every_alert_has_the_namespace_by_which_the_operator_assigns_it() -> None:
    for name, rule in alerts_of(spec_of(prod())).items():
        labels = rule["labels"]
        assert is_mapping(labels)
        assert labels["namespace"] == "agent-platform-prod", name
        assert labels["severity"] in ("warning", "critical"), name


def test_burn_rates_are_those_of_every_cloud() -> None:
    names = {*alerts_of(spec_of(prod()))}
    hours = {f"gateway-availability-burn-{rate.long_seconds // 3600}h" for rate in BURN_RATES}
    assert hours | {"gateway-speed-burn-1h"} <= names


def test_blocked_requests_are_watched_with_haproxy_alone() -> None:
    assert "entry-firewall-blocked-percent" in alerts_of(spec_of(staging()))
    assert "entry-firewall-blocked-percent" not in alerts_of(spec_of(staging(SIMPLE_INGRESS, GATEWAY)))


def test_the_end_of_archiving_and_of_metrics_sets_off_alarms_of_their_own() -> None:
    alerts = alerts_of(spec_of(prod()))
    assert {"cluster-metrics-missing", "database-archiving-stopped"} <= {*alerts}
    assert "database-archiving-stopped" not in alerts_of(spec_of(staging({"database.backup.retention_days": 0})))


def test_monitors_set_the_label_that_rules_select() -> None:
    found = {each.component: each.spec for each in monitors(context_of(spec_of(prod())))}
    assert set(found) == {"gateway", "chat", "database", "entry"}
    (gateway,) = found["gateway"]["podMetricsEndpoints"]
    assert (gateway["port"], gateway["path"]) == ("metrics", "/metrics")
    assert gateway["relabelings"][0] == {"action": "replace", "targetLabel": "job", "replacement": "gateway"}
    (chat,) = found["chat"]["podMetricsEndpoints"]
    assert chat["port"] == "http"
    (entry,) = found["entry"]["podMetricsEndpoints"]
    assert entry["relabelings"][0]["replacement"] == "proxy"
    assert found["database"]["selector"] == {"matchLabels": {"cnpg.io/cluster": "database"}}
    revisions = found["gateway"]["selector"]["matchExpressions"]
    assert revisions[0]["values"] == ["gateway", "gateway-next"]


def test_external_data_stores_have_no_monitors() -> None:
    block = {"database": {"external": True}, "cache": {"external": True}}
    spec = spec_of(staging({"database": {}, "cache": {"eviction": "volatile-lru"}}, block))
    assert {each.component for each in monitors(context_of(spec))} == {"chat", "entry"}


def test_objects_have_the_labels_that_the_cluster_selects() -> None:
    for name, token in (("rules", RULES), ("chat", MONITOR)):
        labels = part(prod_plan(), f"prod-monitoring-{name}", token, "metadata")["labels"]
        assert is_mapping(labels)
        assert labels["release"] == "kube-prometheus-stack"


def test_receivers_read_passwords_from_a_secret() -> None:
    inventory = prod_plan()
    spec = part(inventory, "prod-monitoring-channels")
    (receiver,) = mappings(spec["receivers"])
    assert "smtp-password" in str(receiver["emailConfigs"])
    assert "slack-webhook-url" in str(receiver["slackConfigs"])
    assert "channel': 'C0000000'" in str(receiver["slackConfigs"])
    assert isinstance(inventory.one("prod-monitoring-receivers").inputs["data"], Secret)


def test_values_of_the_relay_are_secret_in_the_plan() -> None:
    spec = prod_plan().one("prod-monitoring-channels").inputs["spec"]
    text = str(spec)
    assert "the value of every listed secret" not in text


def test_a_stack_without_receivers_declares_none() -> None:
    inventory = plan(staging({"monitoring.emails": []}), stack="staging")
    assert not [each for each in inventory.resources if "AlertmanagerConfig" in each.type]
    assert receiver_secrets(spec_of(staging({"monitoring.emails": []}))) == ()


def test_the_dashboard_selects_this_namespace_and_lets_users_choose_the_data_source() -> None:
    data = part(prod_plan(), "prod-monitoring-dashboard", key="data")
    document = json.loads(str(data["agent-platform-prod.json"]))
    assert document["templating"]["list"][0]["name"] == "datasource"
    queries = [target["expr"] for panel in document["panels"] for target in panel.get("targets", [])]
    assert queries
    assert all('namespace="agent-platform-prod"' in query for query in queries)
    assert len(str(data)) < 1024 * 1024
    labels = part(prod_plan(), "prod-monitoring-dashboard", key="metadata")["labels"]
    assert is_mapping(labels)
    assert labels["grafana_dashboard"] == "1"


def test_without_dashboards_there_is_no_config_map() -> None:
    inventory = plan(staging({"monitoring.dashboards": False}), stack="staging")
    assert "staging-monitoring-dashboard" not in {each.name for each in inventory.resources}


def test_traces_are_kept_in_a_volume_for_their_days() -> None:
    inventory = plan(staging({"monitoring.tracing": {"retention_days": 10}}), stack="staging")
    settings = part(inventory, "staging-monitoring-traces-settings", key="data")
    assert json.loads(str(settings["tempo.yaml"]))["compactor"]["compaction"]["block_retention"] == "240h"
    chat = str(manifest(inventory.one("staging-compute-chat", "apps:Deployment")))
    assert "http://traces:4318" in chat
    assert "staging-monitoring-traces" not in {each.name for each in staging_plan().resources}


def test_what_belongs_to_the_cluster_is_refused_in_words() -> None:
    changes = {
        "monitoring.grafana_admins": ["00000000-0000-0000-0000-000000000001"],
        "budget": {"monthly_usd": 10},
        "deployer": {"github": "acme/agents"},
    }
    refused = monitoring_refusals(spec_of(staging(changes), check=False), "staging")
    assert [each.key for each in refused] == ["monitoring.grafana_admins", "budget", "deployer"]
    assert all(str(each).count(". ") == 1 for each in refused)


def test_adjustments_say_what_a_cluster_does_instead() -> None:
    keys = {each.key for each in monitoring_adjustments(spec_of(prod()))}
    assert keys == {
        "monitoring.log_retention_days",
        "monitoring.emails",
        "monitoring.slack",
        "monitoring.prometheus",
        "monitoring.slo",
        "monitoring.dashboards",
        "monitoring.alerts.blocked_percent",
        "monitoring.alerts.permission_changes",
        "monitoring.alerts.denied_flows",
    }

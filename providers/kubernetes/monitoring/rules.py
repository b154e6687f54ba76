"""Rules of the cluster's Prometheus: the rule table, service level objectives, and the rules of this cluster alone. Pure."""

from collections.abc import Iterator, Mapping

from providers.contract.alarms import Subject
from providers.contract.prometheus import SUBJECTS, prometheus_rules
from providers.contract.prometheus_alerts import RuleDocument, alert, slo_rules
from providers.contract.spec import Platform
from providers.kubernetes.cache.external import own_caches
from providers.kubernetes.context import KubernetesContext, block_of, by_haproxy, keeps_backups
from providers.kubernetes.monitoring.custom_resources import PrometheusRuleSpec, RuleGroup
from providers.kubernetes.monitoring.expressions import cluster_series

ARCHIVING_SECONDS = 1800
"""Age of the last archived change above which an alarm fires; a change is archived after 5 minutes at most."""
METRICS_SECONDS = 900
CLUSTER_GROUP, OBJECTIVES = "cluster", "objectives"


def rules_spec(context: KubernetesContext) -> PrometheusRuleSpec:
    """Every rule; each has the namespace as a label, by which the operator assigns alerts to receivers."""
    groups: dict[str, list[RuleDocument]] = {}
    series, reporting = cluster_series(context), {cache.part for cache in own_caches(context.spec)}
    for rule in prometheus_rules(context.spec, context.alarm_rules, subjects_of(context.spec), series):
        if rule.rule.subject == "cache" and rule.rule.name not in reporting:
            continue
        groups.setdefault(rule.rule.name, []).append(rule.document())
    groups[OBJECTIVES] = list(slo_rules(context.spec, context.alarm_rules, series))
    groups[CLUSTER_GROUP] = list(_cluster_rules(context))
    return {
        "groups": [
            RuleGroup(name=name, rules=[_labelled(context, rule) for rule in rules])
            for name, rules in groups.items()
            if rules
        ]
    }


def subjects_of(spec: Platform) -> tuple[Subject, ...]:
    """Subjects with series: blocked requests are counted by HAProxy alone, and an external database reports nothing here."""
    block = block_of(spec)
    reports = {"entry": by_haproxy(spec), "database": not block.database.external}
    return tuple(subject for subject in SUBJECTS if reports.get(subject, True))


def _labelled(context: KubernetesContext, rule: RuleDocument) -> RuleDocument:
    labels = rule["labels"]
    own = labels if isinstance(labels, Mapping) else {}
    return {**rule, "labels": {**own, "namespace": context.namespace, "stack": context.stack}}


def _cluster_rules(context: KubernetesContext) -> Iterator[RuleDocument]:
    """Rules on the metrics that other rules need, and on archived changes of the database."""
    labels = f'namespace="{context.namespace}"'
    yield alert(
        name="cluster-metrics-missing",
        expr=(
            f"absent(kube_deployment_spec_replicas{{{labels}}}) or absent(container_memory_working_set_bytes{{{labels}}})"
        ),
        for_seconds=METRICS_SECONDS,
        severity="critical",
        subject=CLUSTER_GROUP,
        summary="kube-state-metrics or the kubelet report nothing about this namespace, so alarms on replicas cannot fire",
    )
    if keeps_backups(context.spec):
        yield alert(
            name="database-archiving-stopped",
            expr=(
                f'max(cnpg_pg_stat_archiver_seconds_since_last_archival{{{labels},job="database"}}) > {ARCHIVING_SECONDS}'
            ),
            for_seconds=300,
            severity="critical",
            subject="database",
            summary="changes of the database have not reached the bucket for half an hour, and a restore would lose them",
        )

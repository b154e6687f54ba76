"""PromQL of the alarm rules on a cluster's Prometheus, which several platforms share. Pure.

CPU and memory are those that the kubelet reports (cAdvisor), replicas, jobs and volumes those of kube-state-metrics; so
services without a metrics endpoint have these alarms too. Metrics of the database are those of CloudNativePG 1.30 and of its
plugin (https://cloudnative-pg.io/documentation/1.30/monitoring/). Each of three instances reports them, so they are never added.
"""

from collections.abc import Mapping

from providers.contract.alarms import Signal
from providers.contract.prometheus import EXPRESSIONS, SECONDS_WITHOUT_BACKUP, Series
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.naming import DATABASE, DRILL

POD = 'pod=~"$job(-next)?-[a-z0-9]+-[a-z0-9]{5}",container="$job"'
"""Replicas of both revisions; pods of jobs have the same container, but another name."""
DEPLOYMENT = 'deployment=~"$job(-next)?"'
INSTANCE = f'pod=~"{DATABASE}-[0-9]+"'
CLAIM = f'persistentvolumeclaim=~"{DATABASE}-[0-9]+"'
STARTED_SECONDS = 600
"""Age of a pod above which it is expected to be ready."""
FIRST_SECONDS = 900
"""Age of the namespace before which nothing has been scraped."""
NAMESPACE_CREATED = "kube_namespace_created{${labels}}"
"""Series of kube-state-metrics that exists as long as the stack."""
LAST_BACKUP = "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"
LAST_SUCCESS = "kube_cronjob_status_last_successful_time"
EVERY_SERVICE = frozenset(
    {Signal.CPU_PERCENT, Signal.MEMORY_PERCENT, Signal.MISSING_REPLICAS, Signal.UNHEALTHY_REPLICAS}
)
"""Signals that do not need a metrics endpoint of the service."""


def _since_success(job: str) -> str:
    """Seconds since the last success of a CronJob, or since its creation."""
    labels = f'${{labels}}cronjob="{job}"'
    return f"(time() - (max({LAST_SUCCESS}{{{labels}}}) or max(kube_cronjob_created{{{labels}}})))"


CLUSTER_EXPRESSIONS: Mapping[Signal, str] = {
    **EXPRESSIONS,
    Signal.CPU_PERCENT: (
        f"100 * avg(sum by (pod) (rate(container_cpu_usage_seconds_total{{${{labels}}{POD}}}[${{window}}s]))) / $vcpu"
    ),
    Signal.MEMORY_PERCENT: (
        f"100 * avg(sum by (pod) (container_memory_working_set_bytes{{${{labels}}{POD}}})) / $memory_bytes"
    ),
    # a Deployment that was deleted has no series, which counts as no replica while kube-state-metrics answers
    Signal.MISSING_REPLICAS: (
        f"$replicas - (sum(kube_deployment_status_replicas_available{{${{labels}}{DEPLOYMENT}}})"
        f" or 0 * max({NAMESPACE_CREATED}))"
    ),
    Signal.UNHEALTHY_REPLICAS: (
        'count((kube_pod_status_ready{${labels}condition="true",pod=~"$job(-next)?-[a-z0-9]+-[a-z0-9]{5}"} == 0)'
        ' and on (pod) (kube_pod_status_phase{${labels}phase="Running"} == 1)'
        f" and on (pod) (time() - kube_pod_created{{${{labels}}}} > {STARTED_SECONDS}))"
    ),
    Signal.DATABASE_FAILED_CONNECTIONS: (
        '(1 - (max(max_over_time(cnpg_collector_up{${labels}job="$job"}[${window}s])) or vector(0))'
        f" and on () (time() - max({NAMESPACE_CREATED}) > {FIRST_SECONDS}))"
    ),
    Signal.DATABASE_CONNECTIONS_PERCENT: (
        '100 * max(sum by (pod) (cnpg_backends_total{${labels}job="$job"}))'
        ' / max(cnpg_pg_settings_setting{${labels}job="$job",name="max_connections"})'
    ),
    Signal.DATABASE_CPU_PERCENT: (
        "100 * max(sum by (pod) (rate(container_cpu_usage_seconds_total"
        f'{{${{labels}}{INSTANCE},container="postgres"}}[${{window}}s]))) / $vcpu'
    ),
    # not every storage driver reports the use of a volume; the databases alone are less than what a volume has
    Signal.DATABASE_STORAGE_PERCENT: (
        f"(100 * max(kubelet_volume_stats_used_bytes{{${{labels}}{CLAIM}}}"
        f" / kubelet_volume_stats_capacity_bytes{{${{labels}}{CLAIM}}})"
        ' or 100 * max(sum by (pod) (cnpg_pg_database_size_bytes{${labels}job="$job"})) / $storage_bytes)'
    ),
    Signal.DATABASE_BACKUP_FAILED: (
        f'max(time() - (max({LAST_BACKUP}{{${{labels}}job="$job"}} > 0)'
        f" or max(kube_persistentvolumeclaim_created{{${{labels}}{CLAIM}}})) > bool {SECONDS_WITHOUT_BACKUP})"
    ),
    Signal.DATABASE_BACKUP_AGE_SECONDS: _since_success(DRILL),
    Signal.DATABASE_DRILL_LEFTOVERS: (
        f'count(time() - kube_pod_created{{${{labels}}pod=~"{DATABASE}-{DRILL}-[0-9]+"}} > 86400)'
    ),
    # a Job that failed keeps its series, so those are counted that had not failed one window ago
    Signal.JOB_FAILED: (
        'count((kube_job_failed{${labels}condition="true",job_name=~"$job-[0-9]+"} == 1)'
        ' unless on (job_name) (kube_job_failed{${labels}condition="true",job_name=~"$job-[0-9]+"}'
        " offset ${window}s == 1))"
    ),
    Signal.JOB_MISSED: f"{_since_success('$job')} > bool $total",
}
"""PromQL of each signal; the other ones are those of every Prometheus."""


def cluster_series(context: KubernetesContext) -> Series:
    """Series of this platform: those of its namespace."""
    return Series(
        labels=f'namespace="{context.namespace}",',
        expressions=CLUSTER_EXPRESSIONS,
        of_every_service=EVERY_SERVICE,
    )

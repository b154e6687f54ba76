"""Scheduled jobs: a CronJob each; and a suspended CronJob for each release command, from which `up` creates a run.

A run has the image, variables, identity and network of its service. Its pods have another component in their labels, so that no
Service sends them requests and no autoscaler counts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.release import CommandTask, job_task, release_tasks
from providers.contract.results import Environment, Jobs
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import metadata
from providers.kubernetes.compute.pods import ServicePods, task_template
from providers.kubernetes.compute.resources import KubernetesDataStores
from providers.kubernetes.naming import task_component

NEVER = "0 0 1 1 *"
"""Schedule of a release command; its CronJob is suspended, so it has no effect."""
STARTING_DEADLINE_SECONDS = 600
"""Time after which a run that could not start is left out; without one, a long pause of the controller ends a CronJob."""
HISTORY = 5
SECONDS_PER_MINUTE = 60


@dataclass(frozen=True)
class KubernetesJobs(Jobs):
    """Scheduled jobs by name, which is the name of their CronJob."""


def create_jobs(
    scope: Scope, base: KubernetesBaseResources, stores: KubernetesDataStores, environments: Mapping[str, Environment]
) -> KubernetesJobs | None:
    """Declare the CronJob of every job and of every release command; None without a scheduled job."""
    for task in release_tasks(base.spec):
        _cron_job(scope, ServicePods(base, task.service, environments[task.service], stores.storage), task)
    for name, job in base.spec.jobs.items():
        pods = ServicePods(base, job.service, environments[job.service], stores.storage)
        _cron_job(scope, pods, job_task(base.spec, name), schedule=job.schedule, time_zone=job.time_zone)
    return KubernetesJobs(names=tuple(base.spec.jobs)) if base.spec.jobs else None


def _cron_job(
    scope: Scope, pods: ServicePods, task: CommandTask, *, schedule: str | None = None, time_zone: str = "UTC"
) -> None:
    """CronJob of a task; suspended without a schedule."""
    base, component = pods.base, task_component(pods.name)
    kubernetes.batch.v1.CronJob(
        scope.named(task.name),
        metadata=metadata(scope, base.context, component, task.name),
        spec=kubernetes.batch.v1.CronJobSpecArgs(
            schedule=schedule or NEVER,
            time_zone=time_zone,
            suspend=schedule is None,
            concurrency_policy="Forbid",
            starting_deadline_seconds=STARTING_DEADLINE_SECONDS,
            successful_jobs_history_limit=HISTORY,
            failed_jobs_history_limit=HISTORY,
            job_template=_job_template(scope, pods, task, component),
        ),
        # a pod without its policies could connect to anything; the account is named, which no Output expresses
        opts=scope.opts(depends_on=[*pods.ready, base.identity.services[pods.name]]),
    )


def _job_template(
    scope: Scope, pods: ServicePods, task: CommandTask, component: str
) -> "kubernetes.batch.v1.JobTemplateSpecArgs":
    context = pods.base.context
    template = task_template(scope, pods, component, task.command, task.timeout_minutes * SECONDS_PER_MINUTE, task.name)
    moved = kubernetes.batch.v1.PodFailurePolicyRuleArgs(
        action="Ignore",
        # an eviction, such as the drain of a node, is no failure of the command
        on_pod_conditions=[
            kubernetes.batch.v1.PodFailurePolicyOnPodConditionsPatternArgs(type="DisruptionTarget", status="True")
        ],
    )
    return kubernetes.batch.v1.JobTemplateSpecArgs(
        metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=context.labels(component, scope.tags)),
        spec=kubernetes.batch.v1.JobSpecArgs(
            backoff_limit=task.retries,
            pod_failure_policy=kubernetes.batch.v1.PodFailurePolicyArgs(rules=[moved]),
            template=template,
        ),
    )

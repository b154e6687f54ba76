"""Scheduled jobs: a CronJob each; and a suspended CronJob for each release command, from which `up` creates a run."""

from collections.abc import Mapping

from providers.contract.component import Scope
from providers.contract.results import Environment, Jobs
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.compute.resources import KubernetesDataStores


class KubernetesJobs(Jobs):
    """Scheduled jobs by name, which is the name of their CronJob."""


def create_jobs(
    scope: Scope, base: KubernetesBaseResources, stores: KubernetesDataStores, environments: Mapping[str, Environment]
) -> KubernetesJobs | None:
    """Declare the CronJob of every job and of every release command; None without a scheduled job."""
    raise NotImplementedError

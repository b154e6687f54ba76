"""Spec of a platform: frozen data, the same for every cloud."""

from providers.contract.spec.base import CloudName, Profile, SpecModel
from providers.contract.spec.data import (
    BackupSpec,
    CacheSpec,
    DatabaseSize,
    DatabaseSpec,
    MaintenanceSpec,
    Parameter,
    StorageSpec,
)
from providers.contract.spec.job import Job
from providers.contract.spec.network import IngressSpec, NetworkSpec, Replicas
from providers.contract.spec.operations import (
    Alerts,
    BudgetSpec,
    Deployer,
    Drill,
    MonitoringSpec,
    RecoverySpec,
    Slack,
    Slo,
)
from providers.contract.spec.platform import AwsBlock, AzureBlock, DockerBlock, GcpBlock, Platform
from providers.contract.spec.rollout import Release, Rollout, Smoke
from providers.contract.spec.service import (
    PRESETS,
    UNBUILT_TAG,
    App,
    Autoscaling,
    Build,
    Health,
    Metrics,
    Preset,
    Service,
    Size,
    Uses,
)

__all__ = [
    "PRESETS",
    "UNBUILT_TAG",
    "Alerts",
    "App",
    "Autoscaling",
    "AwsBlock",
    "AzureBlock",
    "BackupSpec",
    "BudgetSpec",
    "Build",
    "CacheSpec",
    "CloudName",
    "DatabaseSize",
    "DatabaseSpec",
    "Deployer",
    "DockerBlock",
    "Drill",
    "GcpBlock",
    "Health",
    "IngressSpec",
    "Job",
    "MaintenanceSpec",
    "Metrics",
    "MonitoringSpec",
    "NetworkSpec",
    "Parameter",
    "Platform",
    "Preset",
    "Profile",
    "RecoverySpec",
    "Release",
    "Replicas",
    "Rollout",
    "Service",
    "Size",
    "Slack",
    "Slo",
    "Smoke",
    "SpecModel",
    "StorageSpec",
    "Uses",
]

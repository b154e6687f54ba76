"""The spec: frozen, pure data, the same for every cloud."""

from providers.contract.spec.base import CloudName, Model, Profile
from providers.contract.spec.clouds import AwsBlock, AzureBlock, DockerBlock, GcpBlock
from providers.contract.spec.data import Backup, Cache, Database, DatabaseSize, Maintenance, Parameter, Storage
from providers.contract.spec.network import Ingress, Network, Replicas
from providers.contract.spec.operations import Alerts, Budget, Deployer, Monitoring, Recovery, Slack, Slo
from providers.contract.spec.platform import Platform
from providers.contract.spec.presets import PRESETS, App, Preset
from providers.contract.spec.service import Autoscaling, Health, Service, Size, Uses

__all__ = [
    "PRESETS",
    "Alerts",
    "App",
    "Autoscaling",
    "AwsBlock",
    "AzureBlock",
    "Backup",
    "Budget",
    "Cache",
    "CloudName",
    "Database",
    "DatabaseSize",
    "Deployer",
    "DockerBlock",
    "GcpBlock",
    "Health",
    "Ingress",
    "Maintenance",
    "Model",
    "Monitoring",
    "Network",
    "Parameter",
    "Platform",
    "Preset",
    "Profile",
    "Recovery",
    "Replicas",
    "Service",
    "Size",
    "Slack",
    "Slo",
    "Storage",
    "Uses",
]

"""Google Cloud services (APIs) that the platform needs: those that a user enables, and those that the stack enables. Pure."""

from collections.abc import Iterator, Mapping

from providers.contract.authentication import guarded_services
from providers.contract.region_specs import is_warm
from providers.contract.spec import Platform
from providers.gcp.naming import exports_database

ENABLED_BEFORE: Mapping[str, str] = {
    "cloudresourcemanager": "the provider reads the project and changes its permissions",
    "serviceusage": "the stack enables every other service",
}
"""Services that must be enabled before the first update, with the reason; no resource can enable the API that enables APIs."""
STATE_SERVICES = ("cloudkms", "storage")
"""Services that the Pulumi state in this project needs, before the stack exists."""
STANDBY_SERVICES = ("artifactregistry", "cloudkms", "containerscanning", "iam", "secretmanager", "storage")
"""Services that what receives copies in a standby region needs."""
ALWAYS_ENABLED = (
    "artifactregistry",
    "cloudasset",
    "cloudkms",
    "cloudtrace",
    "compute",
    "containeranalysis",
    "containerscanning",
    "dns",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
    "storage",
)
"""Both `container` services are for image scanning; `cloudasset` records every change of the project (CIS 2.13)."""


def enabled_services(spec: Platform) -> tuple[str, ...]:
    """Names without `.googleapis.com`, in alphabetical order."""
    return tuple(sorted({*ALWAYS_ENABLED, *_services_of_spec(spec)}))


def standby_services(spec: Platform) -> tuple[str, ...]:
    """Names of the services that the standby region needs, in alphabetical order."""
    return enabled_services(spec) if is_warm(spec) else STANDBY_SERVICES


def enable_command(project: str, *services: str) -> tuple[str, ...]:
    """Return the command that enables services, by default those of `ENABLED_BEFORE`; it can be repeated."""
    names = (f"{name}.googleapis.com" for name in services or tuple(ENABLED_BEFORE))
    return ("gcloud", "services", "enable", *names, f"--project={project}")


def _services_of_spec(spec: Platform) -> Iterator[str]:
    if spec.database is not None:
        yield from ("servicenetworking", "sqladmin")
    if spec.all_caches:
        yield from ("redis", "servicenetworking")
    if spec.users_of("models"):
        yield "aiplatform"
    if spec.ingress.domain is not None:
        yield "certificatemanager"
    if guarded_services(spec):
        yield "iap"
    if spec.jobs:
        yield "cloudscheduler"
    if exports_database(spec) or spec.recovery.drill is not None:
        yield from ("cloudscheduler", "workflowexecutions", "workflows")
    if spec.deployer is not None:
        yield "sts"
    if spec.budget is not None:
        # the project's billing account is read from Cloud Billing
        yield from ("billingbudgets", "cloudbilling")

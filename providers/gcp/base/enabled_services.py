"""Which services of Google Cloud the platform calls, by what the spec asks for. Pure."""

from collections.abc import Iterator

from providers.contract.spec import Platform

ALWAYS = (
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
"""Scanning of images needs the two `container` ones; `cloudasset` records every change of the project (CIS 2.13)."""


def services(spec: Platform) -> tuple[str, ...]:
    """Names without `.googleapis.com`, in alphabetical order."""
    return tuple(sorted({*ALWAYS, *_asked(spec)}))


def _asked(spec: Platform) -> Iterator[str]:
    if spec.database is not None:
        yield from ("servicenetworking", "sqladmin")
    if spec.cache is not None:
        yield from ("redis", "servicenetworking")
    if spec.users_of("models"):
        yield "aiplatform"
    if spec.ingress.domain is not None:
        yield "certificatemanager"
    if spec.deployer is not None:
        yield "sts"
    if spec.budget is not None:
        # the account that pays is read from the project, which Cloud Billing tells
        yield from ("billingbudgets", "cloudbilling")

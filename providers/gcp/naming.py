"""Physical names that Google Cloud limits, and the refusals of a stack or service whose names would not fit. Pure.

Most resources are named by Pulumi (logical name, hyphen, seven hexadecimal digits). A name is made here when another
string must predict it or the API demands one. Nothing is cut silently: a name that does not fit is refused with the
number of characters to drop. Default labels come from the tags, so a tag that is no label is refused as well.
"""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported, legacy_error, legacy_unsupported
from providers.contract.naming import STACK_PATTERN, Name, too_long
from providers.contract.spec import Platform

DEPLOYER = "deployer"
LIMITS = {"service account": 30, "Cloud Run service": 49, "workload identity pool": 32}
"""Characters Google Cloud allows a name, by kind: the reference of each API."""
SHORTEST_ACCOUNT = 6
"""Characters a service account id must have: IAM API, `projects.serviceAccounts.create`."""
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
"""Resource Manager documentation, "Requirements for labels"; letters of other scripts are left out here."""


def run_name(stack: str, service: str) -> str:
    """`prod-gateway`: fixed, because callers' addresses, endpoint groups and alarms carry it; 49 characters at most."""
    return f"{stack}-{service}"


def account_id(stack: str, service: str) -> str:
    """`prod-gateway`: the part of a service account's address before the @; 6 to 30 characters."""
    return f"{stack}-{service}"


def network_tag(stack: str, service: str) -> str:
    """`prod-gateway`: what a service's firewall rules name."""
    return f"{stack}-{service}"


def deployer_account_id(stack: str) -> str:
    """`prod-deployer`: fixed, because the workflow file in the repository names it."""
    return account_id(stack, DEPLOYER)


def identity_pool_id(stack: str) -> str:
    """`prod-github`: 4 to 32 characters; a deleted one stays reserved for 30 days."""
    return f"{stack}-github"


def models_role_id(stack: str) -> str:
    """`prod_models`: roles take underscores and no hyphens."""
    return f"{stack.replace('-', '_')}_models"


def secret_id(stack: str, name: str) -> str:
    """`prod-OPENAI_API_KEY`: fixed, because whoever rotates the value by hand looks for it."""
    return f"{stack}-{name}"


def naming_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """A stack name or tag with letters Google Cloud refuses, and every name too long, too short or taken."""
    return [
        *_label_refusals(spec),
        *(_name_refusals(spec, stack) if STACK_PATTERN.fullmatch(stack) else [_letters(stack)]),
    ]


def _letters(stack: str) -> ConfigError:
    advice = (
        "names every resource on Google Cloud; use lower-case letters, digits and single hyphens, beginning with a letter "
        "and not ending with a hyphen"
    )
    return legacy_error("stack", stack, advice)


def _name_refusals(spec: Platform, stack: str) -> Iterator[Diagnostic]:
    for name in names(spec, stack):
        if name.excess > 0:
            yield _too_long(name)
        elif name.kind == "service account" and len(name.text) < SHORTEST_ACCOUNT:
            advice = f"its service account `{name.text}` would have fewer than {SHORTEST_ACCOUNT} characters; lengthen the name"
            yield legacy_unsupported("gcp", name.path, name.value, advice)
    if spec.deployer is not None and DEPLOYER in spec.services:
        advice = "is the name of the service account that CI deploys as; give the service another name"
        yield legacy_error(f"services.{DEPLOYER}", DEPLOYER, advice)


def names(spec: Platform, stack: str) -> Iterator[Name]:
    """Every limited name of the platform."""
    for service in spec.services:
        path = f"services.{service}"
        yield _name("service account", account_id(stack, service), path, service)
        yield _name("Cloud Run service", run_name(stack, service), path, service)
    if spec.deployer is not None:
        yield _name("service account", deployer_account_id(stack), "stack", stack)
        yield _name("workload identity pool", identity_pool_id(stack), "stack", stack)


def _name(kind: str, text: str, path: str, value: str) -> Name:
    return Name(kind, text, path, value, LIMITS[kind])


def _too_long(name: Name) -> Unsupported:
    return too_long(name, cloud="gcp", brand="Google Cloud")


def _label_refusals(spec: Platform) -> Iterator[Diagnostic]:
    for key, value in spec.tags.items():
        if not LABEL_KEY.fullmatch(key):
            advice = "is no label key; use up to 63 lower-case letters, digits, hyphens and underscores after a letter"
            yield legacy_unsupported("gcp", f"tags.{key}", key, advice)
        if not LABEL_VALUE.fullmatch(value):
            advice = "is no label value; use up to 63 lower-case letters, digits, hyphens and underscores"
            yield legacy_unsupported("gcp", f"tags.{key}", value, advice)

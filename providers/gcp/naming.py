"""Physical names with a fixed form or a length limit, and refusals of names that do not fit. Pure.

Pulumi generates the names of most resources (logical name, hyphen, seven hexadecimal digits). This module has the names
that other strings refer to or that the API requires. A name is never truncated: one that does not fit is refused with the
number of characters to remove. The provider's default labels are the tags, so an invalid label is refused as well.
"""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported, displayed
from providers.contract.naming import STACK_PATTERN, Name, length_refusal
from providers.contract.region_specs import is_standby
from providers.contract.release import release_name
from providers.contract.spec import Platform, Slack

DEPLOYER = "deployer"
JOB_STARTER = "jobs"
COPIER = "copies"
DRILL = "drill"
APP_CONTAINER = "app"
"""Name of the main container of a service; metrics have it as a label."""
MAX_CHARACTERS = {
    "service account": 30,
    "Cloud Run service": 49,
    "Cloud Run job": 63,
    "workload identity pool": 32,
    "Memorystore instance": 40,
}
"""Maximum length of a name by kind: the reference of each API."""
DATABASE_NAME, USERNAME = "agents", "platform"
"""Database and user of the services."""
GENERATION = "000000"
"""Example of a generation (`base/generations.py`), for lengths."""
MIN_ACCOUNT_CHARACTERS = 6
"""Minimum length of a service account id: IAM API, `projects.serviceAccounts.create`."""
MAX_BUCKET_CHARACTERS = 63
STATE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
"""Name of a bucket, and a part of it: Cloud Storage documentation, "Bucket naming guidelines"."""
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
"""Resource Manager documentation, "Requirements for labels"; international characters are not supported here."""


def run_name(stack: str, service: str) -> str:
    """`prod-gateway`: fixed, because addresses, endpoint groups and alarms contain it; up to 49 characters."""
    return f"{stack}-{service}"


def job_name(stack: str, service: str, digest: str) -> str:
    """`prod-gateway-run-1a2b3c4d`: job of a one-off task; up to 63 characters, and a service's name has 49."""
    return f"{run_name(stack, service)}-run-{digest}"


def state_bucket(project: str, name: str) -> str:
    """`acme-agents-prod-state`: bucket of the Pulumi state."""
    return f"{project}-{name}-state"


def account_id(stack: str, service: str) -> str:
    """`prod-gateway`: part of a service account's e-mail address before the @; 6 to 30 characters."""
    return f"{stack}-{service}"


def network_tag(stack: str, service: str) -> str:
    """`prod-gateway`: network tag to which a service's firewall rules refer."""
    return f"{stack}-{service}"


def deployer_account_id(stack: str) -> str:
    """`prod-deployer`: fixed, because the workflow file in the repository contains it."""
    return account_id(stack, DEPLOYER)


def job_starter_id(stack: str) -> str:
    """`prod-jobs`: service account that starts the scheduled jobs."""
    return account_id(stack, JOB_STARTER)


def standby_starter_id(stack: str, region: str) -> str:
    """`prod-jobs-usea1`: the account of the standby region; some names of regions are almost as long as an id may be."""
    code = "".join(re.sub(r"([a-z]{2})[a-z]*", r"\1", part) for part in region.split("-"))
    return account_id(stack, f"{JOB_STARTER}-{code}")


def region_name(stack: str, region: str) -> str:
    """`prod-us-east1`: beginning of every name in the standby region."""
    return f"{stack}-{region}"


def instance_name(place: str, generation: str) -> str:
    """`prod-us-east1-database-1a2b3c`: database instance in the standby region; up to 98 characters with those of the project."""
    return f"{place}-database-{generation}"


def identity_pool_id(stack: str, generation: str) -> str:
    """`prod-1a2b3c`: 4 to 32 characters."""
    return f"{stack}-{generation}"


def log_bucket_id(stack: str, generation: str) -> str:
    """`prod-platform-1a2b3c`: up to 100 characters."""
    return f"{stack}-platform-{generation}"


def secret_id(stack: str, name: str) -> str:
    """`prod-OPENAI_API_KEY`: fixed, because operators who rotate a value by hand search for it."""
    return f"{stack}-{name}"


def standby_secret_id(stack: str, region: str, name: str) -> str:
    """`prod-us-east1-OPENAI_API_KEY`: copy of a secret; names of secrets are unique in a project, not in a region."""
    return f"{stack}-{region}-{name}"


def copier_id(stack: str) -> str:
    """`prod-copies`: service account that exports the database to the standby region."""
    return account_id(stack, COPIER)


def drill_account_id(stack: str) -> str:
    """`prod-drill`: service account that restores backups in drills."""
    return account_id(stack, DRILL)


def query_account_id(stack: str) -> str:
    """`prod-drill-query`: service account of the query of a drill."""
    return account_id(stack, f"{DRILL}-query")


def workflow_id(stack: str, part: str) -> str:
    """`prod_copies`: workflow, and the job of Cloud Scheduler that starts it; no job of a stack has an underscore."""
    return f"{stack}_{part}"


def role_id(stack: str, part: str, generation: str) -> str:
    """`prod_copies_1a2b3c`: role ids have underscores instead of hyphens."""
    return f"{stack.replace('-', '_')}_{part.replace('-', '_')}_{generation}"


def metric_type(metric: str) -> str:
    """`custom.googleapis.com/agent_platform/backup_verified_age_seconds`: metric that the platform puts."""
    return f"custom.googleapis.com/agent_platform/{metric}"


def slack_channel_name(slack: Slack) -> str:
    """Display name of the Slack notification channel that an operator creates in the console."""
    return f"{slack.workspace}/{slack.channel}"


def naming_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Refuse invalid characters in the stack name and tags, and names that are too long, too short or reserved."""
    return [
        *_label_refusals(spec),
        *(_name_refusals(spec, stack) if STACK_PATTERN.fullmatch(stack) else [_stack_error(stack)]),
    ]


def _stack_error(stack: str) -> ConfigError:
    fix = "use lower-case letters, digits and single hyphens, beginning with a letter and ending with a letter or digit"
    return ConfigError("stack", problem=f"{displayed(stack)} is not a valid part of resource names", fix=fix)


def _name_refusals(spec: Platform, stack: str) -> Iterator[Diagnostic]:
    for name in names(spec, stack):
        if name.excess > 0:
            parts = {"jobs": "job", "caches": "cache"}
            part = parts.get(name.path.partition(".")[0], "service")
            yield length_refusal(name, cloud="gcp", brand="Google Cloud", part=part)
        elif name.kind == "service account" and len(name.text) < MIN_ACCOUNT_CHARACTERS:
            problem = f"the service account id {name.text} has fewer than {MIN_ACCOUNT_CHARACTERS} characters"
            yield Unsupported("gcp", name.path, problem=problem, fix="use a longer name")
    if spec.deployer is not None and DEPLOYER in spec.services:
        problem = f"{DEPLOYER} is the name of the service account that CI uses"
        yield ConfigError(f"services.{DEPLOYER}", problem=problem, fix="rename the service")
    if spec.jobs and JOB_STARTER in spec.services:
        problem = f"{JOB_STARTER} is the name of the service account that starts scheduled jobs"
        yield ConfigError(f"services.{JOB_STARTER}", problem=problem, fix="rename the service")
    if spec.jobs and is_standby(spec):
        starter = standby_starter_id("", spec.home_region).removeprefix("-")
        if starter in spec.services:
            problem = f"{starter} is the name of the service account that starts scheduled jobs in {spec.home_region}"
            yield ConfigError(f"services.{starter}", problem=problem, fix="rename the service")
    if exports_database(spec) and COPIER in spec.services:
        problem = f"{COPIER} is the name of the service account that exports the database to the standby region"
        yield ConfigError(f"services.{COPIER}", problem=problem, fix="rename the service")
    if spec.recovery.drill is not None:
        yield from _names_of_drills(spec)


def _names_of_drills(spec: Platform) -> Iterator[Diagnostic]:
    for name in (DRILL, f"{DRILL}-query"):
        problem = f"{name} is a name that the restore drill uses"
        if name in spec.services:
            yield ConfigError(f"services.{name}", problem=problem, fix="rename the service")
        if name in spec.jobs:
            yield ConfigError(f"jobs.{name}", problem=problem, fix="rename the job")


def exports_database(spec: Platform) -> bool:
    """True for a platform whose database is exported to the standby region."""
    return spec.standby_region is not None and spec.database is not None


def names(spec: Platform, stack: str) -> Iterator[Name]:
    """Every name of the platform with a length limit; `stack` has the region in the standby region, whose accounts are shared."""
    there = is_standby(spec)
    for service in spec.services:
        key = f"services.{service}"
        if not there:
            yield _name("service account", account_id(stack, service), key, service)
        yield _name("Cloud Run service", run_name(stack, service), key, service)
    for cache in spec.all_caches:
        if cache.name:
            # Pulumi adds a hyphen and seven digits
            yield _name("Memorystore instance", f"{stack}-{cache.part}-{'x' * 7}", cache.key, cache.name)
    for job in spec.jobs:
        yield _name("Cloud Run job", run_name(stack, job), f"jobs.{job}", job)
    for service in spec.releases:
        yield _name("Cloud Run job", run_name(stack, release_name(service)), f"services.{service}", service)
    if spec.jobs:
        own = stack.removesuffix(f"-{spec.home_region}") if there else stack
        starter = standby_starter_id(own, spec.home_region) if there else job_starter_id(stack)
        yield _name("service account", starter, "stack", own)
    if there:
        return
    if exports_database(spec):
        yield _name("service account", copier_id(stack), "stack", stack)
    if spec.recovery.drill is not None:
        yield _name("service account", query_account_id(stack), "stack", stack)
    if spec.deployer is not None:
        yield _name("service account", deployer_account_id(stack), "stack", stack)
        yield _name("workload identity pool", identity_pool_id(stack, GENERATION), "stack", stack)


def _name(kind: str, text: str, key: str, value: str) -> Name:
    return Name(kind, text, key, value, MAX_CHARACTERS[kind])


def _label_refusals(spec: Platform) -> Iterator[Diagnostic]:
    characters = "up to 63 lower-case letters, digits, hyphens and underscores"
    for key, value in spec.tags.items():
        if not LABEL_KEY.fullmatch(key):
            problem = f"{displayed(key)} is not a valid label key"
            yield Unsupported("gcp", f"tags.{key}", problem=problem, fix=f"use {characters}, beginning with a letter")
        if not LABEL_VALUE.fullmatch(value):
            problem = f"{displayed(value)} is not a valid label value"
            yield Unsupported("gcp", f"tags.{key}", problem=problem, fix=f"use {characters}")


def failover_log(project: str, stack: str) -> str:
    """Log of the notices of a failover; `project` is an ID."""
    return f"projects/{project}/logs/{stack}-failover"

"""Text of a new stack file: only what matters for the first deployment, each with a short comment. Pure.

A file that this module writes is always valid: `new_stack_text` checks it as every command does and raises
InvalidConfiguration with the errors of the reader, so nothing is written that cannot be planned.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from automation.stack.document import StackDocument
from providers.contract.presets import PRESETS, App, CloudName, Profile

CLOUDS: tuple[CloudName, ...] = get_args(CloudName)
APPS: tuple[App, ...] = get_args(App)
PROFILES: tuple[Profile, ...] = get_args(Profile)
CLOUD_TITLES = {
    "aws": "AWS",
    "gcp": "Google Cloud",
    "azure": "Azure",
    "docker": "a Docker host",
    "kubernetes": "Kubernetes",
}
SERVICE_NAMES: dict[App, str] = {
    "agentos": "agent", "fastapi": "api", "streamlit": "page", "django": "web", "celery": "worker", "custom": "app",
}  # fmt: skip
"""Default name of the service by its kind of application."""
MODELS = {
    "aws": "global.anthropic.claude-sonnet-4-6",
    "gcp": "publishers/anthropic/models/claude-sonnet-5",
    "azure": "gpt-5.4-mini",
}
"""Model of `--models` by cloud: that of the shipped production file, on AWS by the profile that fits every region."""
PROFILE_OF_NAME: dict[str, Profile] = {"prod": "production", "production": "production", "staging": "staging"}
"""Default profile by the name of the stack; development for other names."""
KEY = "OS_SECURITY_KEY"
OWN_AUTH_REASON = "the service authenticates its clients itself"
PLAIN_SCALAR = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*")
"""Text that YAML reads as text without quotes."""
YAML_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")


LOCATION_KEYS: dict[CloudName, tuple[str, ...]] = {
    "aws": ("region", "account_id"),
    "gcp": ("project", "region"),
    "azure": ("subscription_id", "tenant_id", "location"),
    "docker": (),
    "kubernetes": ("context", "cluster_uid", "tls_secret"),
}
"""Required keys of each cloud's block."""
WITHOUT_MODELS: tuple[CloudName, ...] = ("docker", "kubernetes")
"""Targets without managed models."""
BUCKET_KEYS = ("name", "endpoint_url", "region")
"""Keys of `kubernetes.bucket`."""


@dataclass(frozen=True)
class NewStack:
    """Answers to the questions of `agent-platform init`."""

    name: str
    cloud: CloudName
    app: App
    profile: Profile
    service: str
    block: Mapping[str, str]
    """Account and region by the keys of the cloud's block."""
    image: str | None = None
    build: str | None = None
    """Build context relative to the stack file's folder."""
    port: int | None = None
    domain: str | None = None
    database: bool = False
    cache: bool = False
    storage: bool = False
    models: bool = False
    allowed_cidrs: tuple[str, ...] = ()
    own_auth: bool = False
    """True when the service authenticates its clients itself, which production has to know."""
    bucket: Mapping[str, str] = field(default_factory=dict[str, str])
    """Existing bucket of a cluster by `BUCKET_KEYS`; empty without one."""

    @property
    def needs_bucket(self) -> bool:
        """True on a cluster, which has no object storage, with files or with the backups that production requires."""
        saved = self.database and self.profile == "production"
        return self.cloud == "kubernetes" and (self.storage or saved)

    @property
    def routed(self) -> bool:
        """True for a service that listens on a port."""
        return self.port is not None or PRESETS[self.app].port is not None

    @property
    def guarded(self) -> bool:
        """True when access to the service is restricted."""
        return not self.routed or self.app == "agentos" or bool(self.allowed_cidrs)

    @property
    def accepted_risks(self) -> dict[str, str]:
        """Values that production refuses, with the reason for which this stack has them."""
        if self.profile != "production":
            return {}
        risks = {"ingress.auth": OWN_AUTH_REASON} if self.own_auth and not self.guarded else {}
        if self.cloud == "docker":
            parts = [part for part, is_used in (("database", self.database), ("cache", self.cache)) if is_used]
            risks |= {f"{part}.high_availability": "one host has one zone" for part in parts}
            risks[f"services.{self.service}.replicas.min"] = "one host has one zone"
        return risks


def new_stack_text(answers: NewStack, path: Path) -> str:
    """Return the content of the new file; raises InvalidConfiguration."""
    text = "".join(f"{line}\n" for line in _lines(answers))
    StackDocument.parse(text, path).stack(answers.name)
    return text


def _lines(answers: NewStack) -> Iterator[str]:
    yield f"# Stack {answers.name}: {answers.app} on {CLOUD_TITLES[answers.cloud]}."
    yield (
        "# Every key: docs/configuration.md, or `agent-platform config docs`. Check it: agent-platform plan "
        + answers.name
    )
    yield "config:"
    yield "  agent-platform:platform:"
    for line in (*_account(answers), *_ingress(answers), *_service(answers), *_data(answers), *_risks(answers)):
        yield f"    {line}"


def _account(answers: NewStack) -> Iterator[str]:
    yield f"cloud: {answers.cloud}"
    if answers.cloud != "docker":
        yield f"{answers.cloud}:"
    else:
        yield "docker: {}"
    for key, value in answers.block.items():
        yield f"  {key}: {_scalar(value)}"
    if answers.cloud == "kubernetes" and answers.routed:
        yield "  entry: haproxy  # or gateway: a Gateway of the cluster, without rate limits, WAF and authentication"
    if answers.bucket:
        values = ", ".join(f"{key}: {_scalar(value)}" for key, value in answers.bucket.items())
        yield f"  bucket: {{{values}}}  # exists; its keys are the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if answers.cloud == "kubernetes" and answers.cache and answers.profile == "production":
        yield "  cache: {external: true}  # the secret REDIS_URL; the platform's own cache is one pod"
    if answers.models:
        yield f"  models: [{_scalar(MODELS[answers.cloud])}]  # must be enabled in this account"
    comment = "" if answers.profile == "production" else "  # production has more replicas, zones and protection"
    yield f"profile: {answers.profile}{comment}"


def _ingress(answers: NewStack) -> Iterator[str]:
    if not answers.routed or (answers.domain is None and not answers.allowed_cidrs):
        return
    yield "ingress:"
    if answers.domain is not None:
        zone = answers.domain.partition(".")[2]
        yield f"  domain: {_scalar(answers.domain)}  # in the DNS zone {zone}; set dns_zone for another one"
    if answers.allowed_cidrs:
        yield f"  allowed_cidrs: [{', '.join(map(_scalar, answers.allowed_cidrs))}]"


def _service(answers: NewStack) -> Iterator[str]:
    preset = PRESETS[answers.app]
    yield "services:"
    yield f"  {_scalar(answers.service)}:"
    port = answers.port or preset.port
    yield f"    app: {answers.app}" + (f"  # listens on PORT ({port})" if port else "")
    if answers.build is not None:
        comment = f"`agent-platform images push {answers.name}` builds it and writes `image`"
        yield f"    build: {{context: {_scalar(answers.build)}}}  # {comment}"
    if answers.image is not None:
        yield f"    image: {_scalar(answers.image)}"
    if answers.port is not None:
        yield f"    port: {answers.port}"
    if answers.routed:
        yield "    path: /  # public; without it the service is private"
        yield f"    health: {{path: {preset.health_path or '/health'}}}  # must answer 200"
    if answers.cloud == "docker":
        yield "    replicas: {min: 1, max: 1}  # a host runs a fixed number"
    if answers.app == "agentos":
        yield f"    secrets: [{KEY}]  # clients send it as bearer token"
    uses = [part for part in ("database", "cache", "storage", "models") if getattr(answers, part)]
    if uses:
        yield f"    uses: [{', '.join(uses)}]"


def _data(answers: NewStack) -> Iterator[str]:
    one_zone = answers.cloud == "docker" and answers.profile != "development"
    single = "high_availability: false" if one_zone else ""
    if answers.database:
        # backups on Kubernetes need a bucket
        unsaved = answers.cloud == "kubernetes" and not answers.bucket
        settings = "backup: {retention_days: 0}" if unsaved else single
        yield f"database: {{{settings}}}  # PostgreSQL; the service gets DATABASE_URL and PGHOST, PGUSER, ..."
    if answers.cache:
        eviction = "eviction: noeviction" if answers.app == "celery" else ""
        # the platform's own cache on Kubernetes is one pod; production has an external one
        one_pod = answers.cloud == "kubernetes" and answers.profile == "staging"
        copies = "high_availability: false" if one_pod else single
        yield f"cache: {{{', '.join(filter(None, (copies, eviction)))}}}  # Redis protocol; the service gets REDIS_URL"
    if answers.storage:
        yield "storage: {}  # the service gets STORAGE_BUCKET and STORAGE_ENDPOINT_URL"


def _risks(answers: NewStack) -> Iterator[str]:
    risks = answers.accepted_risks
    if risks:
        yield "accept_risk:"
    for key, reason in risks.items():
        yield f"  {key}: {reason}"


def _scalar(text: str) -> str:
    plain = PLAIN_SCALAR.fullmatch(text) and text.lower() not in YAML_WORDS
    return text if plain else json.dumps(text)

"""Stack files with a fault that a user made, each with its whole answer; no answer repeats what may be a secret."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from automation.stack.document import Stack, StackDocument
from providers.contract.diagnostics import InvalidConfiguration
from tests.planning import ROOT

CASES = Path(__file__).parent / "cases"
SECRET = "hunter2"
MAX_CPU_SECONDS = 1.5
"""Three times what a faulty file may cost, for a machine under load."""
FILE = "FILE"
"""Replaces the name of the file in an answer."""
SERVICE_KEYS = (
    "Use app, architecture, auth, autoscaling, build, calls, closed_paths, command, egress, environment, health, "
    "image, image_credentials, metrics, path, port, public_paths, release, replicas, rollout, secrets, size, streaming or uses."
)
PLATFORM_KEYS = (
    "Use accept_checks, accept_risk, aws, azure, budget, cache, caches, cloud, cost, database, deployer, docker, gcp, ingress, jobs, kubernetes, "
    "monitoring, network, overrides, profile, recovery, registry, services, storage or tags."
)
NOT_TEXT = 'services.gateway.environment.{key}: YAML reads the key at line 7 as {kind}, not as text. Put it in quotes: "{key}".'

ACCEPTED = (
    "blank-database", "cache-by-default", "database-url-dialect", "egress-other-port", "home-unwritable",
    "lowercase-variable", "merge-key", "private-image", "utf-8-with-a-byte-order-mark",
    "vertex-environment", "waf-prompts",
)  # fmt: skip
REFUSED: dict[str, tuple[str, ...]] = {
    "account-id-without-quotes": ('aws.account_id: must be text, not 012345670123. Put it in quotes: "012345670123".',),
    "alias-of-itself": (
        "FILE: invalid YAML at line 1, column 54: an alias refers to a value that contains it. Write the value out.",
    ),
    "aliases-that-multiply": (
        "FILE: invalid YAML at line 5, column 8: more than 20000 values. Remove what is not needed.",
    ),
    "arm64": (f"services.gateway.cpu_architecture: unknown key (did you mean architecture). {SERVICE_KEYS}",),
    "colon-in-a-value": (
        "FILE: invalid YAML at line 7, column 102: expected ',' or '}', but got ':'. "
        "Add the missing comma or closing brace.",
    ),
    "duplicate-profile": ("profile: set twice, at line 5 and at line 8. Keep one of the two.",),
    "duplicate-service": ("services.gateway: set twice, at line 7 and at line 8. Keep one of the two.",),
    "environment-as-list": ("services.gateway.environment: must be a mapping, not a list. Write it as {NAME: value}.",),
    "existing-network": (
        "network.vpc_id: unknown key: an existing network is named in a block for each cloud. "
        "Set `network.existing`, such as {aws: {vpc_id: ..., private_subnet_ids: [...]}}, and remove this key.",
    ),
    "indented-with-tabs": (
        "FILE: invalid YAML at line 8, column 1: found character TAB that cannot start any token. "
        "Indent with spaces instead of tabs.",
    ),
    "ipv6-clients": ('ingress.allowed_cidrs[1]: "::/0" is an IPv6 range, and the platform uses IPv4 only. Remove it.',),
    "keys-that-are-not-text": tuple(
        NOT_TEXT.format(key=key, kind=kind)
        for key, kind in (("2", "a number"), ("on", "true or false"), ("null", "null"), ("1.5", "a number"))
    ),
    "latin-1": ("FILE: not encoded in UTF-8 (byte 0xfc at line 7). Save it as UTF-8.",),
    "migrate-first": (f"services.gateway.release_command: unknown key (did you mean release). {SERVICE_KEYS}",),
    "misspelt-profile": (
        'profile: "dev" is not one of the allowed values (did you mean development). '
        "Use production, staging or development.",
    ),
    "nested-too-deep": (
        "FILE: invalid YAML at line 1, column 72: nested more than 32 levels deep. Remove the inner levels.",
    ),
    "no-services": ("services: missing. Set it: services by name.",),
    "nul-byte": ("FILE: line 7, column 99 contains the character U+0000. Remove it, and save the file as UTF-8 text.",),
    "own-cert": (
        "ingress.certificate_arn: unknown key: the certificate is issued for `ingress.domain` and validated in `ingress.dns_zone`. "
        "Remove this key; with azure.entry: gateway, name a certificate of "
        "a Key Vault under ingress.certificate.",
    ),
    "recovery-hot": ('recovery.mode: "hot" is not one of the allowed values. Use none, backup or warm.',),
    "recovery-warm": (
        'recovery.mode: "warm" requires a standby region. Set recovery.standby_region or aws.standby_region.',
    ),
    "retention-of-45-days": (
        "monitoring.log_retention_days: 45 is not one of the allowed values. "
        "Use 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731.",
    ),
    "scheduled-job": (
        "services.nightly.schedule: unknown key: a service runs all the time; jobs with a schedule have a block of their "
        "own. Add a job under `jobs` that names this service, and remove this key.",
    ),
    "secret-under-unknown-key": (f"services.gateway.api_key: unknown key. {SERVICE_KEYS}",),
    "secret-with-equals": (
        "services.gateway.secrets[0]: not the name of an environment variable in upper case. "
        "List the names alone, and set each value by `agent-platform secret set STACK NAME`.",
    ),
    "secrets-with-values": (
        "services.gateway.secrets: must be a list, not a mapping. "
        "List the names alone, and set each value by `agent-platform secret set STACK NAME`.",
    ),
    "several-domains": (
        "ingress.domains: unknown key: the platform has a single domain name. "
        "Set `ingress.domain`, and redirect other names to it elsewhere.",
    ),
    "synonym-env": (f"services.gateway.env: unknown key (did you mean environment). {SERVICE_KEYS}",),
    "size-of-vcpu-alone": (
        "services.gateway.size: not supported on aws: Fargate has no size with 4 vCPU and 2 GiB. "
        "Use {vcpu: 4, memory_gib: 8}.",
    ),
    "synonym-postgres": (f"postgres: unknown key (did you mean database). {PLATFORM_KEYS}",),
    "synonyms-redis-and-bucket": (
        f"bucket: unknown key (did you mean storage). {PLATFORM_KEYS}",
        f"redis: unknown key (did you mean cache). {PLATFORM_KEYS}",
    ),
    "tag-charset": tuple(
        f"tags.{key}: not supported on aws: the value is not valid. "
        "Use up to 256 letters, digits, spaces and _ . : / = + - @."
        for key in ("note", "owner")
    ),
    "tag-count": (
        "tags: not supported on aws: 60 tags and the platform's 3 exceed the 50 of a resource. Use 47 or fewer.",
    ),
    "tag-reserved": (
        "tags.aws:team: not supported on aws: keys that begin with aws: are reserved for AWS. Use another key.",
    ),
    "two-documents": (
        "FILE: invalid YAML at line 8, column 1: a second YAML document begins. Keep one document in the file.",
    ),
    "unclosed-bracket": (
        "FILE: invalid YAML at line 7, column 83: expected a value, but found '}'. Correct the syntax.",
    ),
    "utf-16": ("FILE: encoded in UTF-16. Save it as UTF-8.",),
    "value-with-asterisk": (
        "FILE: invalid YAML at line 7, column 96: undefined alias. Put a value that begins with * in quotes.",
    ),
    "value-with-exclamation-mark": (
        "FILE: invalid YAML at line 7, column 96: tags are not supported. Put a value that begins with ! in quotes.",
    ),
    "yaml-key-no-text": (NOT_TEXT.format(key="NO", kind="true or false"),),
}


def read(case: str) -> Stack:
    return StackDocument.load(CASES / f"{case}.yaml").stack("trial")


def test_every_case_has_an_answer() -> None:
    assert sorted(path.stem for path in CASES.iterdir()) == sorted([*ACCEPTED, *REFUSED])


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_file_without_a_fault_is_accepted(case: str) -> None:
    assert read(case).spec.services


@pytest.mark.parametrize(("case", "answer"), REFUSED.items(), ids=REFUSED)
def test_a_faulty_file_has_one_answer(case: str, answer: tuple[str, ...]) -> None:
    with pytest.raises(InvalidConfiguration) as invalid:
        read(case)
    lines = str(invalid.value).replace(f"{case}.yaml", FILE).splitlines()
    assert lines == list(answer)
    assert SECRET not in str(invalid.value)


@pytest.mark.parametrize("case", ["cache-by-default", "size-of-vcpu-alone"])
@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure", "docker"])
def test_a_size_that_is_partly_written_is_declared_or_refused_by_its_key(case: str, cloud: str) -> None:
    platform = StackDocument.load(ROOT / "Pulumi.prod.yaml").platform
    blocks = {name: platform[name] for name in ("aws", "gcp", "azure")}
    document = StackDocument.load(CASES / f"{case}.yaml").with_overrides(
        {**blocks, "cloud": cloud, "profile": "development"}
    )
    try:
        assert document.stack("trial").spec.cloud == cloud
    except InvalidConfiguration as invalid:
        (diagnostic,) = invalid.diagnostics
        assert diagnostic.key == "services.gateway.size"
        assert "Use {vcpu: 4, memory_gib: 8}" in str(diagnostic)


@pytest.mark.parametrize("case", ["aliases-that-multiply", "synonym-postgres", "unclosed-bracket"])
def test_a_faulty_file_is_answered_at_once(case: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.trial.yaml").write_bytes((CASES / f"{case}.yaml").read_bytes())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "automation", "plan", "trial"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == len(REFUSED[case])
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MAX_CPU_SECONDS

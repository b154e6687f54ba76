"""Checks of a stack with a recovery mode: state and key outside its region, quotas, models and images in the standby region.

A state in a lost region, or a key that decrypts it, is lost with the region, and then the engine can change nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import SplitResult, parse_qs, urlsplit

from automation.engine.checks import account, cloud, images
from automation.engine.checks.backend import CLOUD_SCHEMES, state_url
from automation.engine.checks.evidence import COMMAND_TIMEOUT_SECONDS, shown
from automation.engine.checks.project import NO_CLI
from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.engine.installation import INSTALL
from automation.stack.document import Stack
from providers import recovery as cloud_recovery
from providers.contract.region_specs import is_warm
from providers.contract.spec.platform import AwsBlock, AzureBlock, GcpBlock

STATE, KEY = "state outside the region", "secrets key outside the region"
ENTRY = "domain after a loss of the region"
PULUMI_CLOUD = "api.pulumi.com"
AWS_DEFAULT_REGION = "us-east-1"
"""Region of a bucket whose location constraint is empty: Amazon S3 API Reference, "GetBucketLocation"."""
WHERE_COPIES_ARE = (account.check_registry_closed,)
WHERE_SERVICES_RUN = (*WHERE_COPIES_ARE, account.check_zones, account.check_network_watcher)
"""Checks of an account that are about one region, for a standby region in which services run."""
StackCheck = Callable[[CheckInput, Stack], Finding]


@dataclass(frozen=True)
class Place:
    """Cloud and region of a bucket or a key; `region` is empty when the URL does not name it, `command` prints it."""

    cloud: str
    region: str = ""
    command: tuple[str, ...] = ()


def recovery_checks(stack: Stack) -> tuple[StackCheck, ...]:
    """Return the checks of a stack with a recovery mode; a stack without one has none."""
    region = stack.spec.standby_region
    if region is None or stack.spec.recovery.mode == "none":
        return ()
    return (check_state_region, check_key_region, check_entry, *_standby_checks(stack, region))


def in_region(stack: Stack, region: str) -> Stack:
    """Return a stack as it would be in another region of its cloud; the spec is not validated again."""
    block = stack.spec.block
    name = "location" if isinstance(block, AzureBlock) else "region"
    if not isinstance(block, AwsBlock | GcpBlock | AzureBlock):
        return stack
    changes: dict[str, object] = {name: region}
    if isinstance(block, AwsBlock):
        changes["zone_names"] = ()
    moved = stack.spec.model_copy(update={stack.spec.cloud: block.model_copy(update=changes)})
    return replace(stack, spec=moved)


def _standby_checks(stack: Stack, region: str) -> Iterator[StackCheck]:
    """Yield checks of the account and of the images, as of a stack in the standby region."""
    moved = in_region(stack, region)
    of_account = account.ACCOUNT_CHECKS.get(stack.spec.cloud, ())
    regional = WHERE_SERVICES_RUN if is_warm(stack.spec) else WHERE_COPIES_ARE
    prepared = tuple(check for check in of_account if check in regional)
    enabled = (check_region,) if stack.spec.cloud == "aws" else ()
    checks = (*enabled, *cloud.quota_checks(stack.spec.cloud), account.check_models, images.check_own_images, *prepared)
    for check in checks:
        yield partial(_there, check, moved, region)


def _there(check: StackCheck, moved: Stack, region: str, facts: CheckInput, _stack: Stack) -> Finding:
    """Run a check with the answers of the standby region; its subject names the region."""
    there = replace(facts, answers=facts.standby_answers, planned=facts.standby_planned, stack=moved)
    finding = check(there, moved)
    return replace(finding, subject=f"{finding.subject} in {region}")


def check_region(facts: CheckInput, _stack: Stack) -> Finding:
    """Check that the account may use a region, with the answer of that region; many of AWS must be enabled first."""
    subject = "region"
    if facts.answers.answers.get(cloud.IDENTITY) is not None:
        return ok(subject, "it answers this login")
    if facts.engine is None:
        return unknown(subject, NO_CLI, INSTALL)
    error = facts.answers.error(cloud.IDENTITY)
    fix = f"{error.fix}, or enable the region: `aws account enable-region --region-name REGION`"
    return (failed if error.permanent else unknown)(subject, f"it does not answer: {error.cause}", fix)


def check_state_region(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the state is not in the home region."""
    url = urlsplit(state_url(facts))
    if url.scheme in CLOUD_SCHEMES:
        if url.hostname == PULUMI_CLOUD:
            return ok(STATE, "Pulumi Cloud stores the state outside the account")
        fix = "make sure that it does not run there"
        return unknown(STATE, f"{url.hostname} stores the state; its region is not known", fix)
    if url.scheme == "file":
        fix = (
            "use a bucket in another region: `agent-platform login --create-state NAME STACK` in a stack of that region"
        )
        return unknown(STATE, "the state is in a folder of this machine, and is lost with it", fix)
    place = state_place(url, facts.environment)
    if place is None:
        return unknown(STATE, "the backend is not known", "run `agent-platform login URL` or set PULUMI_BACKEND_URL")
    fix = "move it to a bucket in another region: `pulumi stack export`, `agent-platform login URL`, `pulumi stack import`"
    return _place_finding(STATE, "the state", place, facts, stack, fix)


def check_entry(_facts: CheckInput, stack: Stack) -> Finding:
    """Check that requests can leave the region that serves while it is lost; copies alone move no requests."""
    problem = cloud_recovery(stack.spec.cloud).entry_problem(stack.spec) if is_warm(stack.spec) else None
    if problem is None:
        return ok(ENTRY, "requests can leave the region that serves while it is lost")
    region = stack.spec.active_region
    if region != problem.region:
        return ok(ENTRY, f"requests can leave {region}, which serves, while it is lost; but {problem.reason}")
    fix = f"let the other region serve with `agent-platform failover {stack.name} --planned`; a new stack can have two other regions"
    return failed(ENTRY, problem.reason, fix)


def state_place(url: SplitResult, environment: Mapping[str, str]) -> Place | None:
    """Return the place of a state backend in a bucket; None for another URL."""
    query = {key: values[0] for key, values in parse_qs(url.query).items()}
    bucket = url.hostname or ""
    if url.scheme == "s3":
        if "endpoint" in query:
            return Place("")
        location = ("aws", "s3api", "get-bucket-location", "--bucket", bucket, "--query", "LocationConstraint")
        return Place("aws", query.get("region", ""), (*location, "--output", "text"))
    if url.scheme == "gs":
        return Place(
            "gcp", "", ("gcloud", "storage", "buckets", "describe", f"gs://{bucket}", "--format=value(location)")
        )
    if url.scheme == "azblob":
        name = query.get("storage_account") or environment.get("AZURE_STORAGE_ACCOUNT", "")
        show = ("az", "storage", "account", "show", "--name", name, "--query", "primaryLocation", "--output", "tsv")
        return Place("azure", "", show if name else ())
    return None


def check_key_region(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the key of the stack's secrets is not in the home region."""
    provider = str(facts.stack_file.get("secretsprovider", ""))
    url = urlsplit(provider)
    if provider == "passphrase" or (not provider and facts.stack_file.get("encryptionsalt")):
        return ok(KEY, "a passphrase encrypts the secrets; keep it outside the account")
    if provider in ("", "default"):
        if urlsplit(state_url(facts)).scheme in CLOUD_SCHEMES:
            return ok(KEY, "the backend encrypts the secrets")
        fix = f"run `agent-platform up {stack.name} --create --secrets-provider URL` with a key of another region"
        return unknown(KEY, "the stack file names no secrets provider", fix)
    place = key_place(url, facts.environment)
    if place is None:
        return unknown(
            KEY, f"the region of a key of {url.scheme or 'this provider'} is not known", "make sure that it is another"
        )
    fix = "change it: `pulumi stack change-secrets-provider URL` with a key of another region, or with `passphrase`"
    return _place_finding(KEY, "the key", place, facts, stack, fix)


def key_place(url: SplitResult, environment: Mapping[str, str]) -> Place | None:
    """Return the place of the key of a secrets provider; None when nothing names it.

    The forms of the URLs: Go Cloud Development Kit, secrets/awskms, secrets/gcpkms, secrets/azurekeyvault.
    """
    path = f"{url.netloc}{url.path}".strip("/")
    if url.scheme == "awskms":
        query = parse_qs(url.query).get("region", [""])[0]
        arn = path.split(":")[3] if path.startswith("arn:") and path.count(":") >= 5 else ""
        variable = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
        return Place("aws", arn or query or variable)
    if url.scheme == "gcpkms":
        parts = path.split("/")
        return Place("gcp", parts[parts.index("locations") + 1]) if "locations" in parts[:-1] else Place("gcp")
    if url.scheme == "azurekeyvault":
        vault = (url.hostname or "").partition(".")[0]
        return Place("azure", "", ("az", "keyvault", "show", "--name", vault, "--query", "location", "--output", "tsv"))
    return None


def _place_finding(subject: str, what: str, place: Place, facts: CheckInput, stack: Stack, fix: str) -> Finding:
    home = stack.spec.active_region
    if place.cloud and place.cloud != stack.spec.cloud:
        return ok(subject, f"{what} is on {place.cloud}, not on {stack.spec.cloud}")
    region = place.region or _asked(place, facts)
    if not region:
        command = f"check it with `{shown(place.command)}`" if place.command else "name the region in its URL"
        return unknown(subject, f"the region of {what} is not known", command)
    if region.lower() == home.lower():
        return failed(subject, f"{what} is in {region}, the region of the stack, and is lost with it", fix)
    return ok(subject, f"{what} is in {region.lower()}, not in {home}")


def _asked(place: Place, facts: CheckInput) -> str:
    """Return the region that the cloud's command line prints; empty when it does not answer."""
    if not place.command:
        return ""
    completed = facts.run_tool(place.command, COMMAND_TIMEOUT_SECONDS)
    if completed.exit_code != 0:
        return ""
    printed = completed.stdout.strip()
    return AWS_DEFAULT_REGION if place.cloud == "aws" and printed in ("None", "null") else printed

"""Checks of the DNS zone of the platform's domain: it exists in the account, and the Internet reaches it."""

from dataclasses import dataclass

from automation.engine.checks.evidence import Question, unanswered, words
from automation.engine.dns import normalized, public_name_servers
from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.engine.target import target_of
from automation.stack.document import Stack
from providers.aws.entry.zone import role_account
from providers.azure.context import AzureContext

ZONE = "zone"
"""Query for the name servers of the zone."""


def zone_name(stack: Stack) -> str:
    """Return the DNS zone that the stack writes records to; empty when it writes none."""
    spec = stack.spec
    return (spec.ingress.zone or "") if spec.public and spec.cloud != "docker" else ""


@dataclass(frozen=True)
class ZonePlace:
    """Account, project or subscription of a DNS zone, its resource group on Azure, and the role that changes it on AWS."""

    account: str
    group: str = ""
    role: str = ""


def zone_place(stack: Stack) -> ZonePlace:
    """Return the place of the DNS zone: that of `ingress.dns_account`, else the account of the stack."""
    spec, account = stack.spec, target_of(stack.spec, stack.name).account
    there = spec.ingress.dns_account
    if spec.azure is not None and spec.cloud == "azure":
        group = AzureContext(spec, stack.name, spec.home_region).dns_group_id
        return ZonePlace(group.split("/")[2], group.rpartition("/")[2])
    if there is not None and there.aws is not None:
        return ZonePlace(role_account(there.aws), role=there.aws)
    return ZonePlace(there.gcp if there is not None and there.gcp is not None else account)


def zone_question(stack: Stack) -> Question:
    """Return the question for the name servers of the zone."""
    zone, place = zone_name(stack), zone_place(stack)
    commands = {
        "aws": (
            "aws", "route53", "list-hosted-zones-by-name", "--dns-name", zone, "--max-items", "1", "--query",
            f"HostedZones[?Name=='{zone}.'].Name", "--output", "text",
        ),
        "gcp": (
            "gcloud", "dns", "managed-zones", "list", f"--project={place.account}",
            f"--filter=dnsName={zone}. AND visibility=public", "--format=value[delimiter=' '](nameServers)",
        ),
        "azure": (
            "az", "network", "dns", "zone", "show", "--name", zone, "--resource-group", place.group,
            "--subscription", place.account, "--query", "nameServers", "--output", "tsv",
        ),
    }  # fmt: skip
    return Question(ZONE, commands[stack.spec.cloud])


def create_command(stack: Stack) -> str:
    """Return the command that creates the zone."""
    zone, place = zone_name(stack), zone_place(stack)
    commands = {
        "aws": f"aws route53 create-hosted-zone --name {zone} --caller-reference {zone}",
        "gcp": (
            f"gcloud dns managed-zones create {zone.replace('.', '-')} --project={place.account} "
            f"--dns-name={zone}. --description={zone} --visibility=public"
        ),
        "azure": (
            f"az network dns zone create --name {zone} --resource-group {place.group} --subscription {place.account}"
        ),
    }
    return commands[stack.spec.cloud]


def check_zone(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the DNS zone exists in the account."""
    subject, zone = "DNS zone", zone_name(stack)
    if not zone:
        return ok(subject, "no DNS record is created")
    question = zone_question(stack)
    role = zone_place(stack).role
    if role and ZONE not in facts.answers.answers and facts.answers.error(ZONE).kind != "missing":
        # the credentials of the command line can read only the zones of their account
        command = f"aws sts assume-role --role-arn {role} --role-session-name doctor"
        return unknown(
            subject, f"{zone} cannot be read with {role}", f"check with `{command}` that the login may use the role"
        )
    servers = words(facts, question)
    if servers is None:
        return unanswered(facts, subject, question)
    if not servers and ZONE not in facts.answers.answers:
        fix = f"create it with `{create_command(stack)}`, or name an existing one by `ingress.dns_zone` and `ingress.dns_account`"
        return failed(subject, f"{zone} does not exist in {zone_place(stack).account}", fix)
    return ok(subject, f"{zone} exists")


def check_delegation(facts: CheckInput, stack: Stack) -> Finding:
    """Check that public resolvers reach the zone's own name servers; a certificate cannot be validated before."""
    subject, zone = "DNS delegation", zone_name(stack)
    if not zone:
        return ok(subject, "no DNS record is created")
    fix = f"check it with `dig +short NS {zone}`"
    public = public_name_servers(zone, facts.fetch)
    if public is None:
        return unknown(subject, "no public resolver answers", fix)
    answer = facts.answers.answers.get(ZONE, {})
    own = frozenset(normalized(server) for server in str(answer.get("values", "")).split())
    servers = " and ".join(sorted(own)) or "those of the zone"
    if not public:
        problem = f"public resolvers know no name servers of {zone}"
        return failed(subject, problem, f"set the NS records of {zone} at its registrar or parent zone to {servers}")
    if not own:
        return unknown(subject, f"{zone} is delegated; the zone's own name servers are unknown", fix)
    if not own & public:
        problem = f"{zone} is delegated to {', '.join(sorted(public))}"
        return failed(subject, problem, f"set the NS records of {zone} at its registrar or parent zone to {servers}")
    return ok(subject, f"{zone} is delegated to its own name servers")

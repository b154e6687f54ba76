"""Checks of what an account must have before the first update: services, zones, organization, models, closed registry."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from automation.engine.checks.evidence import Question, shown, unanswered, words
from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.engine.target import target_of
from automation.shell import command_text
from automation.stack.document import Stack
from providers import import_table
from providers.aws.base.models import geography, profile_of
from providers.azure.context import AzureContext
from providers.azure.naming import network_watcher, registry_name
from providers.azure.registry_access import closing_commands
from providers.gcp.base.enabled_services import ENABLED_BEFORE, enable_command

StackCheck = Callable[[CheckInput, Stack], Finding]
ANOMALY_MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
NAMESPACE = re.compile(r"Microsoft\.\w+")
FLOW_LOG = "azure-native:network:FlowLog"
FARGATE_ZONES: Mapping[str, tuple[str, ...]] = {
    "us-west-1": ("usw1-az1", "usw1-az3"),
    "ap-northeast-1": ("apne1-az1", "apne1-az2", "apne1-az4"),
    "ca-central-1": ("cac1-az1", "cac1-az2"),
    "cn-north-1": ("cnn1-az1", "cnn1-az2"),
}
"""Zone ids with Fargate where not every zone has it: Amazon ECS Developer Guide, "Architect for AWS Fargate", regions."""


def check_google_services(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the services are enabled through which the stack enables all others."""
    subject, project = "enabled services", account(stack)
    names = [f"{name}.googleapis.com" for name in ENABLED_BEFORE]
    command = (
        "gcloud", "services", "list", "--enabled", f"--project={project}", "--format=value(config.name)",
    )  # fmt: skip
    disabled: list[str] = []
    for name in names:
        question = Question(f"service {name}", command)
        enabled = words(facts, question)
        if enabled is None and facts.answers.error(question.query).kind == "service":
            enabled = frozenset[str]()
        if enabled is None:
            return unanswered(facts, subject, question)
        disabled += [] if name in enabled else [name]
    if disabled:
        missing = [name for name in ENABLED_BEFORE if f"{name}.googleapis.com" in disabled]
        fix = f"run `{shown(enable_command(project, *missing))}`"
        return failed(subject, f"{', '.join(disabled)} {'is' if len(disabled) == 1 else 'are'} not enabled", fix)
    return ok(subject, f"{', '.join(names)} are enabled; the stack enables the others")


def check_billing(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the project has a billing account, without which no service can be enabled."""
    subject, project = "billing account", account(stack)
    command = ("gcloud", "billing", "projects", "describe", project, "--format=value(billingAccountName)")
    question = Question("billing", command)
    accounts = words(facts, question)
    if accounts is None:
        return unanswered(facts, subject, question)
    if not accounts:
        fix = f"run `gcloud billing projects link {project} --billing-account=ACCOUNT`"
        return failed(subject, f"{project} has no billing account", fix)
    return ok(subject, f"{project} has a billing account")


def check_resource_providers(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the subscription has registered the resource provider of every planned type."""
    subject, subscription = "resource providers", account(stack)
    if facts.planned is None:
        return unknown(subject, "the plan failed", f"run `agent-platform plan {stack.name}`")
    command = (
        "az", "provider", "list", "--subscription", subscription, "--query",
        "[?registrationState=='Registered'].namespace", "--output", "tsv",
    )  # fmt: skip
    question = Question("resource providers", command)
    registered = words(facts, question)
    if registered is None:
        return unanswered(facts, subject, question)
    known = {name.lower() for name in registered}
    needed = resource_providers(facts.planned)
    missing = [name for name in needed if name.lower() not in known]
    if missing:
        commands = "; ".join(
            f"`az provider register --namespace {name} --subscription {subscription} --wait`" for name in missing
        )
        return failed(subject, f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not registered", commands)
    return ok(subject, f"{len(needed)} of {len(needed)} are registered")


def resource_providers(tokens: Iterable[str]) -> list[str]:
    """Return the namespaces of resource providers that planned types belong to, from the ids of the types."""
    rules = import_table("azure").by_type
    patterns = [f"{rules[token].identity} {rules[token].address}" for token in tokens if token in rules]
    return sorted({name for pattern in patterns for name in NAMESPACE.findall(pattern)})


def check_network_watcher(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the location has the Network Watcher that flow logs belong to."""
    subject = "Network Watcher"
    if facts.planned is not None and FLOW_LOG not in facts.planned:
        return ok(subject, "not needed: no flow logs")
    location, subscription = target_of(stack.spec, stack.name).region, account(stack)
    group, name = network_watcher(stack.spec)
    command = (
        "az", "network", "watcher", "list", "--subscription", subscription, "--query",
        f"[?location=='{location}'].name", "--output", "tsv",
    )  # fmt: skip
    question = Question("network watcher", command)
    watchers = words(facts, question)
    if watchers is None:
        return unanswered(facts, subject, question)
    if name.lower() in {each.lower() for each in watchers}:
        return ok(subject, f"{group}/{name} exists")
    found = f"; {location} has {', '.join(sorted(watchers))}" if watchers else ""
    fix = (
        f"run `az network watcher configure --resource-group {group} --locations {location} --enabled true "
        f"--subscription {subscription}`, or name an existing one by `azure.network_watcher`"
    )
    return failed(subject, f"{group}/{name} does not exist{found}", fix)


def check_registry_closed(facts: CheckInput, stack: Stack) -> Finding:
    """Check that no interrupted push left the registry open to the internet."""
    subject, name = "registry", azure_registry(stack)
    if stack.spec.stored_images:
        return ok(subject, "images are in a registry of others, which no push opens")
    if not stack.spec.network.private_endpoints:
        return ok(subject, "open to logins from the internet, as network.private_endpoints is false")
    command = (
        "az", "acr", "show", "--name", name, "--subscription", account(stack), "--query", "publicNetworkAccess",
        "--output", "tsv",
    )  # fmt: skip
    question = Question("registry", command)
    access = words(facts, question)
    if access is None:
        return unanswered(facts, subject, question)
    if "Enabled" in access:
        remove, close = (command_text(command) for command in closing_commands(azure_context(stack)))
        fix = f"run `agent-platform up {stack.name}`, which closes it after the update, or `{remove}` and `{close}`"
        return failed(subject, f"{name} is reachable from the internet, as after an interrupted push", fix)
    return ok(subject, f"{name} is closed" if access else f"{name} does not exist yet")


def azure_registry(stack: Stack) -> str:
    """Return the name of the stack's registry on Azure."""
    return registry_name(azure_context(stack))


def azure_context(stack: Stack) -> AzureContext:
    """Return the context in which the names of a stack on Azure are made."""
    return AzureContext(stack.spec, stack.name, target_of(stack.spec, stack.name).region)


def check_organization(facts: CheckInput, stack: Stack) -> Finding:
    """Check that cost anomalies by tag are reported from the organization's management account, where alone they exist.

    AWS Cost Management User Guide, "Getting started with AWS Cost Anomaly Detection": monitors for cost allocation tags.
    """
    subject, own = "organization", account(stack)
    if facts.planned is not None and ANOMALY_MONITOR not in facts.planned:
        return ok(subject, "the plan has no part that only a management account may create")
    command = ("aws", "organizations", "describe-organization", "--query", "Organization.MasterAccountId")
    question = Question("organization", (*command, "--output", "text"))
    management = words(facts, question)
    if management is None:
        return unanswered(facts, subject, question)
    if management and own not in management:
        problem = (
            f"{own} is a member account, and only the management account {min(management)} may monitor cost by tag"
        )
        return failed(subject, problem, "remove `budget` from the stack file, or set it in the management account")
    return ok(subject, f"{own} is {'the management account' if management else 'in no organization'}")


def check_zones(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the zones that the stack uses exist and have Fargate and the endpoints of the services."""
    subject, count = "availability zones", stack.spec.network.zones
    if stack.spec.network.existing is not None:
        return ok(subject, "those of the existing subnets")
    region = target_of(stack.spec, stack.name).region
    answer = facts.answers.answers.get("zones")
    if answer is None:
        command = ("aws", "ec2", "describe-availability-zones", "--region", region, "--output", "table")
        return unanswered(facts, subject, Question("zones", command))
    ids = dict(zip(str(answer.get("names", "")).split(), str(answer.get("ids", "")).split(), strict=False))
    endpoints = str(answer.get("endpoints", "")).split()
    supported = FARGATE_ZONES.get(region, tuple(ids.values()))
    usable = [name for name in sorted(ids) if ids[name] in supported and (not endpoints or name in endpoints)]
    written = stack.spec.aws.zone_names if stack.spec.aws else ()
    used = written or tuple(sorted(ids)[:count])
    unusable = [name for name in used if name not in usable]
    if len(usable) < count:
        return failed(subject, f"{len(usable)} zones of {region} have Fargate", f"set network.zones to {len(usable)}")
    if unusable:
        problem = f"{', '.join(unusable)} {'has' if len(unusable) == 1 else 'have'} no Fargate or no private endpoints"
        return failed(subject, problem, f"set aws.zone_names to [{', '.join(usable[:count])}]")
    return ok(subject, f"{', '.join(used)} have Fargate")


def check_models(facts: CheckInput, stack: Stack) -> Finding:
    """Check that every listed model exists and can be called with the listed id."""
    subject, spec = "models", stack.spec
    models = spec.models if spec.users_of("models") else ()
    if not models:
        return ok(subject, "no service uses a managed model")
    findings = [each for model in models if (each := MODEL_CHECKS[spec.cloud](facts, stack, model)) is not None]
    fallback = findings[0] if findings else ok(subject, f"{', '.join(models)} can be called")
    return next((finding for finding in findings if finding.verdict == "failed"), fallback)


def _bedrock(facts: CheckInput, stack: Stack, model: str) -> Finding | None:
    region = target_of(stack.spec, stack.name).region
    command = (
        "aws", "bedrock", "get-foundation-model-availability", "--model-id", model.partition(".")[2] if geography(model)
        else model, "--region", region, "--query", "[authorizationStatus,entitlementAvailability,regionAvailability]",
        "--output", "text",
    )  # fmt: skip
    question = Question(f"model {model}", command)
    state = words(facts, question)
    page = f"https://{region}.console.aws.amazon.com/bedrock/home?region={region}#/model-catalog"
    if state is None:
        return unanswered(facts, "models", question)
    if not state:
        return failed("models", f"{model} does not exist in {region}", f"choose a model at {page}")
    if state == frozenset({"INFERENCE_PROFILE"}):
        problem = f"{model} can be called through an inference profile only"
        return failed(
            "models", problem, f"list the id of a profile, such as {profile_of(model, region)}, in `aws.models`"
        )
    if "LEGACY" in state:
        return failed("models", f"{model} is about to be retired", f"choose a model at {page}")
    if state & {"NOT_AUTHORIZED", "NOT_AVAILABLE"}:
        return failed("models", f"the account has no access to {model}", f"request access at {page}")
    return None


def _vertex(facts: CheckInput, stack: Stack, model: str) -> Finding | None:
    name = model.rpartition("/")[2]
    page = f"https://console.cloud.google.com/vertex-ai/model-garden?project={account(stack)}"
    command = (
        "gcloud", "ai", "model-garden", "models", "list", f"--project={account(stack)}", f"--model-filter={name}",
        "--format=value(name)",
    )  # fmt: skip
    question = Question(f"model {model}", command)
    state = words(facts, question)
    if state is None:
        return unanswered(facts, "models", question)
    if not state:
        # not verified on a project that every published model is found here, so this is no proof
        return unknown("models", f"{model} is not among the published models", f"compare it with {page}")
    if "publishers/google/" not in model:
        # the terms of a partner's model are accepted in the console, and no API reports it
        problem = f"{model} exists; whether the project has accepted its terms is unknown"
        return unknown("models", problem, f"enable it at {page}")
    return None


def _azure_openai(facts: CheckInput, stack: Stack, model: str) -> Finding | None:
    location = target_of(stack.spec, stack.name).region
    command = (
        "az", "cognitiveservices", "usage", "list", "--location", location, "--subscription", account(stack), "--query",
        f"[?name.value=='OpenAI.GlobalStandard.{model}'].limit", "--output", "tsv",
    )  # fmt: skip
    question = Question(f"model {model}", command)
    limits = words(facts, question)
    if limits is None:
        return unanswered(facts, "models", question)
    page = "https://learn.microsoft.com/azure/ai-foundry/openai/concepts/models"
    if not limits:
        return failed("models", f"{location} does not offer {model} as GlobalStandard", f"choose a model at {page}")
    if max(float(limit) for limit in limits) <= 0:
        fix = "request a quota at https://aka.ms/oai/stuquotarequest"
        return failed("models", f"the subscription has no quota for {model} in {location}", fix)
    return None


MODEL_CHECKS: Mapping[str, Callable[[CheckInput, Stack, str], Finding | None]] = {
    "aws": _bedrock,
    "gcp": _vertex,
    "azure": _azure_openai,
}
ACCOUNT_CHECKS: Mapping[str, Sequence[StackCheck]] = {
    "aws": (check_zones, check_organization, check_models),
    "gcp": (check_google_services, check_billing, check_models),
    "azure": (check_resource_providers, check_network_watcher, check_registry_closed, check_models),
}
"""Checks of a cloud's account, in the order in which they are printed."""


def account(stack: Stack) -> str:
    """Return account, project or subscription of a stack."""
    return target_of(stack.spec, stack.name).account

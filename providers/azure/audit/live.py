"""Questions of the audit to an Azure subscription, through the Azure CLI. Pure.

Sources: Azure CLI reference, `az security pricing list`, `az monitor diagnostic-settings subscription list`, `az postgres
flexible-server show` and `az storage account show`.
"""

from collections.abc import Iterator

from providers.contract.audit import BACKUP_DAYS, equals, minimum_of
from providers.contract.cli import CliCommand, DeployedResource, DeployedStack
from providers.contract.live_audit import (
    CloudLiveAudit,
    LiveEvidence,
    LiveQuery,
    deployed,
    in_account,
    items,
    of_resource,
)

DATABASE, ACCOUNT = "azure-native:dbforpostgresql:Server", "azure-native:storage:StorageAccount"
PLANS = ("Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts")
"""Plans of Defender for Cloud for what a stack has."""


def subscription_of(stack: DeployedStack) -> str:
    """Return the subscription of a stack."""
    return stack.spec.azure.subscription_id if stack.spec.azure else ""


def _queries(stack: DeployedStack) -> Iterator[LiveQuery]:
    yield LiveQuery(_json(stack, "security", "pricing", "list"), _plans)
    yield LiveQuery(_json(stack, "monitor", "diagnostic-settings", "subscription", "list"), _activity)
    for server in deployed(stack, DATABASE):
        command = _json(stack, "postgres", "flexible-server", "show", "--ids", server.id)
        yield LiveQuery(command, lambda answer, each=server: _database(each, answer))
    for account in deployed(stack, ACCOUNT):
        command = _json(stack, "storage", "account", "show", "--ids", account.id)
        yield LiveQuery(command, lambda answer, each=account: _account(each, answer))


def _json(stack: DeployedStack, *arguments: str) -> CliCommand:
    return CliCommand(("az", *arguments, "--subscription", subscription_of(stack), "--output", "json"))


def _plans(answer: object) -> Iterator[LiveEvidence]:
    tiers = {str(each.get("name")): each.get("pricingTier") for each in items(answer, "value") or items(answer)}
    for plan in PLANS:
        tier = tiers.get(plan)
        yield in_account(f"Defender plan {plan}", tier, tier == "Standard", "nothing searches these for threats")


def _activity(answer: object) -> Iterator[LiveEvidence]:
    names = [str(each.get("name")) for each in items(answer, "value") or items(answer)]
    why = "changes are recorded for 90 days only"
    yield in_account("export of the activity log", names or "none", bool(names), why)


def _database(server: DeployedResource, answer: object) -> Iterator[LiveEvidence]:
    for check, path, test, why in (
        ("data-stores-are-private", "network.publicNetworkAccess", equals("Disabled"), "has a public address"),
        ("backups-are-kept", "backup.backupRetentionDays", minimum_of(BACKUP_DAYS), "backups end too early"),
    ):
        yield of_resource(check, server, "dbforpostgresql:Server", answer, path, test, why)


def _account(account: DeployedResource, answer: object) -> Iterator[LiveEvidence]:
    for check, path, test, why in (
        ("objects-are-private", "allowBlobPublicAccess", equals(False), "objects can be made public"),
        ("data-links-need-tls", "enableHttpsTrafficOnly", equals(True), "accepts connections without TLS"),
    ):
        yield of_resource(check, account, "storage:StorageAccount", answer, path, test, why)


LIVE = CloudLiveAudit(
    key="azure.subscription_id",
    account=lambda stack: CliCommand(
        ("az", "account", "show", "--subscription", subscription_of(stack), "--query", "id", "--output", "tsv")
    ),
    expected=subscription_of,
    queries=_queries,
)

"""Data that a key of the stack encrypts on Azure and data that keeps a key of Microsoft, and what only a new server can choose. Pure.

Sources: Microsoft Learn, "Data encryption at rest in Azure Database for PostgreSQL", "Overview of customer-managed keys" of Container
Registry, "Configure disk encryption for Azure Managed Redis", and "Customer-managed keys in Azure Monitor".
"""

from collections.abc import Iterator

from providers.azure.base.limits import MICROSOFT_KEY, OWN_KEY, PAIRS, geo_backup, geo_backup_possible
from providers.azure.context import AzureContext
from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.images import own_images
from providers.contract.resource_traits import CreationChoice
from providers.contract.spec import Platform

KEY = "azure.customer_managed_keys"
SERVER, PATH = "azure-native:dbforpostgresql:Server", "dataEncryption.type"


def key_adjustments(spec: Platform) -> list[Adjustment]:
    """Return what keeps a key of Microsoft, and when the key of the cache changes; nothing without a key of the stack."""
    if spec.azure is None or not spec.azure.customer_managed_keys:
        return []
    reasons = [*_kept_by_microsoft(spec), *_cache(spec), *_backups(spec)]
    return [Adjustment(KEY, True, Effect.PARTIAL, reason) for reason in reasons]


def _kept_by_microsoft(spec: Platform) -> Iterator[str]:
    yield (
        "logs and metrics keep keys of Microsoft: a workspace takes a key only in a dedicated cluster, which is billed for 100 GB a day"
    )
    if own_images(spec):
        yield (
            "images keep keys of Microsoft: a new registry reads a key with an assigned identity, which no vault behind a firewall admits"
        )


def _cache(spec: Platform) -> Iterator[str]:
    for cache in spec.all_caches:
        yield (
            f"{cache.title} keeps the version of the key that it was created with, because it accepts no key without a version; a deployed cache "
            "changes its key in place, which interrupts it"
        )


def _backups(spec: Platform) -> Iterator[str]:
    """Yield that backups stay in the location where a vault of the pair is missing."""
    if spec.database is None or spec.azure is None:
        return
    context = AzureContext(spec, "stack", spec.azure.location)
    if geo_backup_possible(context) and not geo_backup(context):
        pair = PAIRS[context.region]
        yield (
            f"a new database server has no geo-redundant backups, which need a second key in a vault of {pair}; set recovery.mode to "
            f"backup with the standby location {pair}"
        )


def _required(spec: Platform) -> str | None:
    return None if spec.azure is None or spec.database is None else _choice(spec.azure.customer_managed_keys)


def _choice(own: bool) -> str:
    return OWN_KEY if own else MICROSOFT_KEY


OWN_KEY_CHOICE = CreationChoice(
    key=KEY,
    type=SERVER,
    path=PATH,
    required=lambda spec: OWN_KEY if _required(spec) == OWN_KEY else None,
    problem="the deployed server was created with a key of Microsoft, and Azure cannot change that",
    fix="remove the key, or restore a dump into a new stack with it",
    absent=MICROSOFT_KEY,
)
MICROSOFT_KEY_CHOICE = CreationChoice(
    key=KEY,
    type=SERVER,
    path=PATH,
    required=lambda spec: MICROSOFT_KEY if _required(spec) == MICROSOFT_KEY else None,
    problem="the deployed server was created with a key of the stack, and its data cannot be read without that key",
    fix="set it to true, or restore a dump into a new stack without it",
    absent=MICROSOFT_KEY,
)

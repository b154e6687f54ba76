"""Which locations have zones, which have a pair, and what follows for redundancy. Pure tables.

A location with zones has three of them for customers; services that are zone-redundant take all three, whatever number
is asked. A pair is the second location that Azure itself copies to; newer locations have none.
"""

from providers.azure.context import AzureContext
from providers.contract.diagnostics import Diagnostic, did_you_mean, legacy_unsupported
from providers.contract.spec import Platform


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZONES = ("1", "2", "3")
"""Names of a location's zones, the same everywhere."""

ZONAL = _words(
    """
    australiaeast austriaeast belgiumcentral brazilsouth canadacentral centralindia centralus chilecentral denmarkeast
    eastasia eastus eastus2 francecentral germanywestcentral indiasouthcentral indonesiacentral israelcentral italynorth
    japaneast japanwest koreacentral malaysiawest mexicocentral newzealandnorth northeurope norwayeast polandcentral
    qatarcentral southafricanorth southcentralus southeastasia spaincentral swedencentral switzerlandnorth uaenorth
    uksouth westeurope westus2 westus3
    """
)
"""Microsoft Learn, "Azure regions with availability zone support", without zones in preview."""

UNPAIRED = _words(
    """
    austriaeast belgiumcentral chilecentral denmarkeast indiasouthcentral indonesiacentral israelcentral italynorth
    malaysiawest mexicocentral newzealandnorth polandcentral qatarcentral spaincentral
    """
)
"""Locations with zones and without a pair: Microsoft Learn, "Azure regions list", column "Paired region"."""

WITHOUT_ZONES = _words(
    """
    australiacentral australiacentral2 australiasoutheast brazilsoutheast canadaeast francesouth germanynorth koreasouth
    northcentralus norwaywest southafricawest southindia switzerlandwest uaecentral ukwest westcentralus westindia
    westus
    """
)
"""The same list's other locations."""

NO_GEO_BACKUP = UNPAIRED | _words("westus3")
"""Locations whose PostgreSQL servers cannot copy their backups to the pair: Microsoft Learn, "Azure Database for
PostgreSQL, Azure regions", column "Geo-redundant backup"."""


def paired(location: str) -> bool:
    """True when Azure copies data of the location to a second one."""
    return location in (ZONAL | WITHOUT_ZONES) - UNPAIRED


def geo_backup(context: AzureContext) -> bool:
    """True when the database's backups are copied to the paired location: in production, wherever that is offered."""
    return context.production and paired(context.region) and context.region not in NO_GEO_BACKUP


def storage_redundancy(context: AzureContext) -> str:
    """SKU of a storage account: over zones when the platform spans them, over the pair as well in production."""
    geo = context.production and paired(context.region)
    return {
        (True, True): "Standard_GZRS",
        (True, False): "Standard_ZRS",
        (False, True): "Standard_GRS",
        (False, False): "Standard_LRS",
    }[context.zonal, geo]


def location_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """More zones than a location has, and zones in a location that has none or that nobody knows."""
    if spec.azure is None:
        return []
    location, zones = spec.azure.location, spec.network.zones
    if zones > len(ZONES):
        return [
            legacy_unsupported(
                "azure", "network.zones", zones, f"a location has {len(ZONES)}; use {len(ZONES)} or less"
            )
        ]
    if zones == 1 or location in ZONAL:
        return []
    found = "it has no availability zones" if location in WITHOUT_ZONES else "it is not among the locations with zones"
    advice = (
        f"{found}{did_you_mean(location, ZONAL)} and network.zones is {zones}; choose a location with zones, "
        "such as eastus2, westeurope or southeastasia, or set network.zones to 1"
    )
    return [legacy_unsupported("azure", "azure.location", location, advice)]

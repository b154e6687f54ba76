"""Locations, tags and deployer subjects: what Azure offers, and the settings that it refuses or adjusts. Pure.

A location with availability zones has three of them; zone-redundant services use all three whatever number is
requested. A pair is the second location that Azure replicates to; newer locations have none.

Most services accept fifty tags of nearly any characters; DNS zones and secrets accept fifteen, and DNS zones no space,
colon or leading digit. All resources of a stack have the same tags, so the narrowest rule applies.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from providers.azure.context import AzureContext
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, did_you_mean
from providers.contract.region_specs import is_passive, is_standby
from providers.contract.spec import Deployer, Platform


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZONES = ("1", "2", "3")
"""Names of the zones in every location."""

LOCATIONS_WITH_ZONES = _words(
    """
    australiaeast austriaeast belgiumcentral brazilsouth canadacentral centralindia centralus chilecentral denmarkeast
    eastasia eastus eastus2 francecentral germanywestcentral indiasouthcentral indonesiacentral israelcentral italynorth
    japaneast japanwest koreacentral malaysiawest mexicocentral newzealandnorth northeurope norwayeast polandcentral
    qatarcentral southafricanorth southcentralus southeastasia spaincentral swedencentral switzerlandnorth uaenorth
    uksouth westeurope westus2 westus3
    """
)
"""Microsoft Learn, "Azure regions with availability zone support", without zones in preview."""

LOCATIONS_WITHOUT_PAIR = _words(
    """
    austriaeast belgiumcentral chilecentral denmarkeast indiasouthcentral indonesiacentral israelcentral italynorth
    malaysiawest mexicocentral newzealandnorth polandcentral qatarcentral spaincentral
    """
)
"""Locations with zones and without a pair: Microsoft Learn, "Azure regions list", column "Paired region"."""

LOCATIONS_WITHOUT_ZONES = _words(
    """
    australiacentral australiacentral2 australiasoutheast brazilsoutheast canadaeast francesouth germanynorth koreasouth
    northcentralus norwaywest southafricawest southindia switzerlandwest uaecentral ukwest westcentralus westindia
    westus
    """
)
"""The other locations of the same list."""

PAIRS = dict(
    pair.split("=")
    for pair in sorted(
        _words(
            """
            australiacentral=australiacentral2 australiacentral2=australiacentral australiaeast=australiasoutheast
            australiasoutheast=australiaeast brazilsouth=southcentralus brazilsoutheast=brazilsouth
            canadacentral=canadaeast canadaeast=canadacentral centralindia=southindia centralus=eastus2
            eastasia=southeastasia eastus=westus eastus2=centralus francecentral=francesouth francesouth=francecentral
            germanynorth=germanywestcentral germanywestcentral=germanynorth japaneast=japanwest japanwest=japaneast
            koreacentral=koreasouth koreasouth=koreacentral northcentralus=southcentralus northeurope=westeurope
            norwayeast=norwaywest norwaywest=norwayeast southafricanorth=southafricawest
            southafricawest=southafricanorth southcentralus=northcentralus southeastasia=eastasia southindia=centralindia
            swedencentral=swedensouth switzerlandnorth=switzerlandwest switzerlandwest=switzerlandnorth
            uaecentral=uaenorth uaenorth=uaecentral uksouth=ukwest ukwest=uksouth westcentralus=westus2
            westeurope=northeurope westindia=southindia westus=eastus westus2=westcentralus westus3=eastus
            """
        )
    )
)
"""Second location to which Azure replicates, by location: the same list. Some pairs have one direction only."""

OWN_KEY, MICROSOFT_KEY = "AzureKeyVault", "SystemManaged"
"""Encryption of a server's data with a key of the stack, and that of a server without a choice."""

LOCATIONS_WITHOUT_GEO_BACKUP = LOCATIONS_WITHOUT_PAIR | _words("westus3")
"""Locations without geo-redundant PostgreSQL backups: Microsoft Learn, "Azure Database for PostgreSQL, Azure regions",
column "Geo-redundant backup"."""

TAG_KEY_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
RESERVED_TAG_PREFIXES = ("azure", "microsoft", "windows")
MAX_TAG_VALUE_CHARACTERS = 256
PLATFORM_TAG_KEYS = ("project", "stack", "managed-by")
MAX_TAGS, PLATFORM_TAGS = 15, len(PLATFORM_TAG_KEYS)
"""Microsoft Learn, "Use tags to organize your Azure resources", limitations. The platform sets three of them."""


def is_paired(location: str) -> bool:
    """True when Azure replicates data of the location to a second one."""
    return location in PAIRS


def is_location(name: str) -> bool:
    """True for the name of a location of Azure."""
    return name in LOCATIONS_WITH_ZONES | LOCATIONS_WITHOUT_ZONES | frozenset(PAIRS.values())


def geo_backup(context: AzureContext) -> bool:
    """True when a new server has backups in the paired location: in production and with copies, where Azure has them.

    With a key of the stack they need a second one, in a vault of the pair, which only copies to that location bring.
    """
    return geo_backup_possible(context) and (not context.block.customer_managed_keys or _copies_to_pair(context))


def _copies_to_pair(context: AzureContext) -> bool:
    spec = context.spec
    return spec.recovery.mode != "none" and spec.standby_region == PAIRS.get(context.region)


def geo_backup_possible(context: AzureContext) -> bool:
    """True when a new server with keys of Microsoft has backups in the paired location."""
    wanted = context.production or context.spec.recovery.mode != "none"
    # Azure does not support it for a replica
    possible = is_paired(context.region) and context.region not in LOCATIONS_WITHOUT_GEO_BACKUP
    return wanted and possible and not is_passive(context.spec) and not is_standby(context.spec)


def local_redundancy(location: str) -> str:
    """Return the SKU of a storage account that itself has copies only: zone-redundant where the location has zones."""
    return "Standard_ZRS" if location in LOCATIONS_WITH_ZONES else "Standard_LRS"


def storage_redundancy(context: AzureContext) -> str:
    """Return the SKU of a storage account: zone-redundant with several zones, geo-redundant in production."""
    geo = context.production and is_paired(context.region)
    return {
        (True, True): "Standard_GZRS",
        (True, False): "Standard_ZRS",
        (False, True): "Standard_GRS",
        (False, False): "Standard_LRS",
    }[context.zonal, geo]


def github_subject(deployer: Deployer) -> str:
    """Return the subject of GitHub's tokens: `repo:acme/agents:environment:prod`."""
    return f"repo:{deployer.github}:environment:{deployer.environment}"


def location_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """More zones than a location has, and several zones in a location without zones or with an unknown name."""
    if spec.azure is None:
        return []
    location, zones = spec.azure.location, spec.network.zones
    if zones > len(ZONES):
        problem = f"{zones} zones exceed the {len(ZONES)} of a location"
        return [Unsupported("azure", "network.zones", problem, f"use {len(ZONES)} or fewer")]
    if zones == 1 or location in LOCATIONS_WITH_ZONES:
        return []
    if location in LOCATIONS_WITHOUT_ZONES:
        fault = f"{location} has no availability zones"
    else:
        fault = f"{location} is not a location with availability zones{did_you_mean(location, LOCATIONS_WITH_ZONES)}"
    return [
        Unsupported(
            "azure",
            "azure.location",
            problem=f"{fault} and network.zones is {zones}",
            fix="use a location with zones, such as eastus2, westeurope or southeastasia, or set network.zones to 1",
        )
    ]


def tag_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Keys and values that a service would reject, and more tags than every service accepts."""
    return list(_refused_tags(spec))


def _refused_tags(spec: Platform) -> Iterator[Diagnostic]:
    for key, value in spec.tags.items():
        if not TAG_KEY_PATTERN.fullmatch(key) or key.lower().startswith(RESERVED_TAG_PREFIXES):
            yield Unsupported(
                "azure",
                f"tags.{key}",
                problem="the key is not valid for every Azure service",
                fix=(
                    "use at most 128 letters, digits, dots, hyphens and underscores, beginning with a letter and not "
                    "with azure, microsoft or windows"
                ),
            )
        elif key.lower() in {other.lower() for other in (*PLATFORM_TAG_KEYS, *spec.tags) if other != key}:
            yield Unsupported(
                "azure",
                f"tags.{key}",
                problem="another tag has the same name in other letters, and Azure does not distinguish case",
                fix="use another name",
            )
        elif len(value) > MAX_TAG_VALUE_CHARACTERS:
            yield Unsupported(
                "azure",
                f"tags.{key}",
                problem=f"the value has {len(value)} characters and Azure allows {MAX_TAG_VALUE_CHARACTERS}",
                fix=f"shorten it by {len(value) - MAX_TAG_VALUE_CHARACTERS}",
            )
    max_user_tags = MAX_TAGS - PLATFORM_TAGS
    if len(spec.tags) > max_user_tags:
        problem = (
            f"{len(spec.tags)} tags and the platform's {PLATFORM_TAGS} exceed the {MAX_TAGS} that DNS zones and secrets "
            "accept"
        )
        yield Unsupported("azure", "tags", problem, f"use {max_user_tags} or fewer")


def deployer_adjustments(spec: Platform) -> list[Adjustment]:
    """Repositories whose tokens have another subject than their name.

    Entra ID compares the subject of a token exactly. GitHub adds a repository's numeric ids to it when the repository
    was created or renamed after 15 July 2026, or opted in; the spec has only names.
    """
    if spec.deployer is None:
        return []
    owner, _, repository = spec.deployer.github.partition("/")
    reason = (
        f"only tokens with the subject {github_subject(spec.deployer)} are trusted; for a repository with immutable "
        f"subjects add a federated credential for repo:{owner}@<owner id>/{repository}@<repository id>:environment:"
        f"{spec.deployer.environment} to the deployer's identity"
    )
    return [Adjustment("deployer.github", spec.deployer.github, Effect.PARTIAL, reason)]


MODEL_PATTERN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9.-]{0,62}[A-Za-z0-9])(@(?P<version>[A-Za-z0-9.-]+))?")
DEPLOYMENT_SKU = "GlobalStandard"
"""Deployment type that nearly every location and model offers, billed per token."""
CAPACITY_THOUSAND_TOKENS_PER_MINUTE = 50
"""Capacity of each deployment; the subscription's quota limits the sum."""


RETIREMENTS_PAGE = "https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirement-schedule"
RETIRED_MODELS = {
    "codex-mini": "2026-11-15",
    "gpt-4.1": "2026-10-14",
    "gpt-4.1-mini": "2026-10-14",
    "gpt-4.1-nano": "2026-10-14",
    "gpt-4o": "2026-10-01",
    "gpt-4o-mini": "2026-10-01",
    "gpt-5-chat": "2026-06-29",
    "gpt-5.1-chat": "2026-06-29",
    "gpt-5.2-chat": "2026-06-29",
    "gpt-5.3-chat": "2026-06-29",
    "o1": "2026-09-16",
    "o3-mini": "2026-10-01",
    "o4-mini": "2026-10-16",
}
"""Models in all versions with the date of their retirement: deprecated or retired ones on the page above of 26 August 2026.
Azure refuses new deployments of them and answers existing ones with errors."""
SUGGESTED_MODEL = "gpt-5.4-mini"
"""In every location with Global Standard deployments, without registration, until 18 March 2027 (the same page)."""


@dataclass(frozen=True)
class ModelDeployment:
    """Model by its name, and the version that it is pinned to (None: Azure's default, upgraded automatically)."""

    name: str
    version: str | None


def parse_model(text: str) -> ModelDeployment:
    """Parse `gpt-5.4-mini` or `gpt-5.4-mini@2026-03-17`; ValueError for names that `model_refusals` refuses."""
    match = MODEL_PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is not the name of a model")
    return ModelDeployment(match["name"], match["version"])


def model_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Invalid names of models, and models that are listed twice."""
    models = spec.azure.models if spec.azure else ()
    fix = "use a name such as gpt-5.4-mini, or gpt-5.4-mini@2026-03-17 to pin a version"
    invalid = [
        ConfigError("azure.models", f"{model} is not the name of an Azure OpenAI model", fix)
        for model in models
        if not MODEL_PATTERN.fullmatch(model)
    ]
    names = [parse_model(model).name for model in models if MODEL_PATTERN.fullmatch(model)]
    duplicates = [
        ConfigError("azure.models", f"{name} is listed twice and a model has one deployment", "list it once")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    return [*invalid, *duplicates]


def model_adjustments(spec: Platform) -> list[Adjustment]:
    """Retired models, type and capacity of the deployments, and the location of their data."""
    if spec.azure is None or not spec.users_of("models"):
        return []
    reason = (
        f"each model has a {DEPLOYMENT_SKU} deployment with {CAPACITY_THOUSAND_TOKENS_PER_MINUTE} 000 tokens per minute; "
        f"data at rest stays in {spec.azure.location}, requests may be processed in any location"
    )
    # not refused: a stack that lists a retired model must still be deployable
    retired = [
        f"{name} was retired on {RETIRED_MODELS[name]}: Azure refuses a new deployment of it and answers an existing one with "
        f"errors; use {SUGGESTED_MODEL} or another model of {RETIREMENTS_PAGE}"
        for name in (parse_model(model).name for model in spec.azure.models)
        if name in RETIRED_MODELS
    ]
    return [Adjustment("azure.models", list(spec.azure.models), Effect.PARTIAL, "; ".join([*retired, reason]))]

"""Terraform plan in JSON with the resources of an inventory, for scanners that read plans.

The Pulumi providers of AWS and Google Cloud are made from those of Terraform, so types and properties have the same names in
another spelling: `aws:rds/instance:Instance` is `aws_db_instance`, and `multiAz` is `multi_az`. A nested object is a block, and a
block is a list. A list of objects is given by its plural and by its singular name, because the provider's schema, which says which
of the two Terraform has, is not part of the Pulumi SDK. The provider of Azure has other types: `azurerm.py` has a table of those that
map one to one.
"""

import re
from collections.abc import Mapping, Sequence

from automation.plan.inventory import Declared, Inventory, Value, plain
from automation.urn import Urn
from providers.contract.json_data import is_list, is_mapping
from tests.checkov.azurerm import azurerm_type, azurerm_values

WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
REFERENCE = re.compile(r"<([^ <>]+) ([^<>]+)>\.?([A-Za-z]*)")
PREFIXES = {"aws": "aws", "gcp": "google", "azure-native": "azurerm"}
MODULES = {
    "amp": "prometheus", "artifactregistry": "artifact_registry", "certificatemanager": "certificate_manager",
    "cloudrunv2": "cloud_run_v2", "ec2": "", "projects": "project", "rds": "db", "secretmanager": "secret_manager",
    "serviceaccount": "service_account", "servicedirectory": "service_directory", "servicediscovery": "service_discovery",
    "servicenetworking": "service_networking",
}  # fmt: skip
"""Terraform's word for the module of a Pulumi type."""
TYPES = {"aws:lb/loadBalancer:LoadBalancer": "aws_lb", "gcp:serviceaccount/account:Account": "google_service_account"}
MAPS = frozenset({"tags", "labels", "user_labels", "dimensions", "annotations", "metadata", "env"})
"""Properties that are maps, not blocks."""


def terraform_type(token: str) -> str:
    """Return the Terraform type of a Pulumi type token; empty for a provider without Terraform names."""
    package, _, rest = token.partition(":")
    if package == "azure-native":
        return azurerm_type(rest)
    if package not in PREFIXES:
        return ""
    module, _, name = rest.rpartition(":")
    folder = module.partition("/")[0]
    words = (PREFIXES[package], MODULES.get(folder, folder), snake(name))
    return TYPES.get(token) or "_".join(word for word in words if word)


def snake(name: str) -> str:
    """Return `multi_az` for `multiAz`, and `iam_member` for `IAMMember`."""
    return WORD.sub("_", name).lower()


def singular(name: str) -> str:
    """Return `rule` for `rules`, and `policy` for `policies`."""
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def terraform_plan(inventory: Inventory) -> Mapping[str, object]:
    """Return the plan of an inventory; resources of other providers are left out."""
    resources = [each for each in inventory.custom if terraform_type(each.type)]
    addresses = {(each.short_type, each.name): address(each) for each in resources}
    planned = [{**_base(each), "schema_version": 0, "values": _values(each)} for each in resources]
    changes = [{**_base(each), "change": _change(each)} for each in resources]
    declared = [{**_base(each), "expressions": _expressions(each, addresses)} for each in resources]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": declared}},
    }


def address(resource: Declared) -> str:
    """Return the address of a resource in the plan: `aws_db_instance.prod-database`."""
    return f"{terraform_type(resource.type)}.{resource.name}"


def _base(resource: Declared) -> Mapping[str, object]:
    provider = PREFIXES[Urn(resource.urn).type.partition(":")[0]]
    return {
        "address": address(resource),
        "mode": "managed",
        "type": terraform_type(resource.type),
        "name": resource.name,
        "provider_name": f"registry.terraform.io/hashicorp/{provider}",
    }


def _change(resource: Declared) -> Mapping[str, object]:
    return {"actions": ["create"], "before": None, "after": _values(resource), "after_unknown": {}}


def _values(resource: Declared) -> Mapping[str, object]:
    if resource.type.startswith("azure-native:"):
        return azurerm_values(resource)
    return _block(plain(dict(resource.inputs)))


def _block(content: Value) -> Mapping[str, object]:
    block: dict[str, object] = {}
    for key, value in content.items() if is_mapping(content) else ():
        name = snake(key)
        if is_mapping(value):
            block[name] = dict(value) if name in MAPS else [_block(value)]
        elif is_list(value) and any(is_mapping(each) for each in value):
            block[name] = block[singular(name)] = [_block(each) for each in value]
        else:
            block[name] = value
    return block


def _expressions(resource: Declared, addresses: Mapping[tuple[str, str], str]) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for key, value in resource.inputs.items():
        references = list(_references(value, addresses))
        if references:
            found[snake(key)] = {"references": references}
    return found


def _references(value: Value, addresses: Mapping[tuple[str, str], str]) -> Sequence[str]:
    """Return the references in a value, each with its attribute and without."""
    found: list[str] = []
    for short_type, name, attribute in REFERENCE.findall(str(plain(value))):
        target = addresses.get((short_type, name))
        if target:
            found += [f"{target}.{snake(attribute) or 'id'}", target]
    return list(dict.fromkeys(found))

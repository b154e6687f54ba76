"""Account and region that this machine's command lines use, read from variables and their files, without network.

`agent-platform init` offers them as defaults of its questions. A file that is absent or cannot be read offers nothing.
Sources: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html,
https://cloud.google.com/sdk/docs/configurations and https://learn.microsoft.com/cli/azure/azure-cli-configuration.
"""

import configparser
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from providers.contract.json_data import is_list, is_mapping

FALLBACKS = {"aws": {"region": "us-west-2"}, "gcp": {"region": "us-central1"}, "azure": {"location": "westus3"}}
"""Region by cloud where nothing names one."""
ROLE_ACCOUNT = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/")


def cloud_defaults(cloud: str, variables: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return account and region by the keys of the cloud's block; keys without a default are absent."""
    readers = {"aws": _aws, "gcp": _gcp, "azure": _azure}
    if cloud not in readers:
        return {}
    known = {key: value for key, value in readers[cloud](variables, home) if value}
    return {**FALLBACKS[cloud], **known}


def _aws(variables: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    path = Path(variables.get("AWS_CONFIG_FILE") or home / ".aws" / "config")
    name = variables.get("AWS_PROFILE") or variables.get("AWS_DEFAULT_PROFILE") or "default"
    config = _ini(path)
    section = config.get(name if name == "default" else f"profile {name}", {})
    yield "region", variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or section.get("region", "")
    role = ROLE_ACCOUNT.match(section.get("role_arn", "") or variables.get("AWS_ROLE_ARN", ""))
    yield "account_id", section.get("sso_account_id", "") or (role[1] if role else "")


def _gcp(variables: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    folder = Path(variables.get("CLOUDSDK_CONFIG") or home / ".config" / "gcloud")
    name = variables.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or _text(folder / "active_config").strip() or "default"
    config = _ini(folder / "configurations" / f"config_{name}")
    project = variables.get("CLOUDSDK_CORE_PROJECT") or variables.get("GOOGLE_CLOUD_PROJECT")
    yield "project", project or config.get("core", {}).get("project", "")
    region = variables.get("CLOUDSDK_COMPUTE_REGION") or variables.get("GOOGLE_CLOUD_REGION")
    yield "region", region or config.get("compute", {}).get("region", "")


def _azure(variables: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    folder = Path(variables.get("AZURE_CONFIG_DIR") or home / ".azure")
    profile = _default_subscription(folder / "azureProfile.json")
    for key, names in (
        ("subscription_id", ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID")),
        ("tenant_id", ("ARM_TENANT_ID", "AZURE_TENANT_ID")),
    ):
        yield key, next((variables[name] for name in names if variables.get(name)), profile.get(key, ""))
    yield "location", _ini(folder / "config").get("defaults", {}).get("location", "")


def _default_subscription(path: Path) -> dict[str, str]:
    try:
        # the Azure CLI writes a byte order mark
        content: object = json.loads(_text(path).removeprefix("\ufeff"))
    except ValueError:
        return {}
    subscriptions = content.get("subscriptions") if is_mapping(content) else None
    for each in subscriptions if is_list(subscriptions) else ():
        if is_mapping(each) and each.get("isDefault") is True:
            return {"subscription_id": str(each.get("id", "")), "tenant_id": str(each.get("tenantId", ""))}
    return {}


def _ini(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        return {}
    return {name: dict(parser.items(name)) for name in parser.sections()} | {"default": _default_section(parser)}


def _default_section(parser: configparser.RawConfigParser) -> dict[str, str]:
    return dict(parser.items("default")) if parser.has_section("default") else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""

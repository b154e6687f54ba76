"""Reference of the stack configuration: every key with its type, default and meaning, generated from the spec."""

import json
from collections.abc import Iterable, Iterator, Sequence

from automation.plan.docs.schema import (
    Node,
    PlatformSchema,
    platform_schema,
    profile_defaults,
    properties_of,
    resolved,
    value_node,
)
from components.configuration import PLATFORM_KEY
from components.validation.risks import risks
from providers.contract import variables
from providers.contract.diagnostics import listed
from providers.contract.spec import PRESETS, Platform
from providers.contract.spec.defaults import PROFILES, Raw, complete

TYPE_NAMES = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; characters that Markdown would read as a border or as HTML are escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    parts = text.replace("|", "\\|").split("`")
    parts[::2] = [prose.replace("<", "&lt;") for prose in parts[::2]]
    return "`".join(parts)


def code(value: object) -> str:
    """Return the value as in a stack file."""
    text = value if isinstance(value, str) and value else json.dumps(value)
    return f"`{text}`"


def type_of(node: Node) -> str:
    """Return the type of a key as text: `whole number, 1 to 4`, `list of text`, `aws or gcp`."""
    members = [member for member in node.get("anyOf", []) if member.get("type") != "null"]
    if len(members) > 1:
        return listed(type_of(member) for member in members)
    node = members[0] if members else node
    if "enum" in node:
        return ", ".join(code(word) for word in node["enum"])
    if "$ref" in node:
        return "object"
    kind = node.get("type", "object")
    if kind == "array":
        return f"list of {_item_type(node.get('items', {}))}"
    if kind == "object":
        values = value_node(node)
        return f"{_item_type(values)} by name" if values else "mapping"
    return f"{TYPE_NAMES[kind]}{_bounds(node)}{_pattern(node)}"


def _item_type(node: Node) -> str:
    item = node.copy()
    item.pop("maxLength", None)
    return type_of(item)


def _bounds(node: Node) -> str:
    """Return `, 1 to 4`, `, above 0 and up to 100` or `, below 100`."""
    minimum, exclusive_minimum = node.get("minimum"), node.get("exclusiveMinimum")
    maximum, exclusive_maximum = node.get("maximum"), node.get("exclusiveMaximum")
    if minimum is not None and maximum is not None:
        return f", {minimum} to {maximum}"
    limits = (("from", minimum), ("above", exclusive_minimum), ("up to", maximum), ("below", exclusive_maximum))
    text = " and ".join(f"{word} {number}" for word, number in limits if number is not None)
    return f", {text}" if text else ""


def _pattern(node: Node) -> str:
    return f" matching `{node['pattern']}`" if "pattern" in node else ""


def default_of(node: Node, required: bool) -> str:
    """Return `required`, `none`, or the value."""
    if required:
        return "required"
    value = node.get("default")
    if value is None:
        return "none"
    return "empty" if value in ({}, []) else code(value)


CONFIGURATION_FILE = "docs/configuration.md"
MODEL_VARIABLES: dict[str, tuple[str, ...]] = {
    "aws": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "gcp": (
        "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_GENAI_USE_VERTEXAI", "ANTHROPIC_VERTEX_PROJECT_ID",
        "CLOUD_ML_REGION",
    ),
    "azure": ("AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION", "AZURE_OPENAI_DEPLOYMENT"),
}  # fmt: skip
"""Variables by which SDKs find the models, by cloud; a test compares them with the plan."""
RISKY_SERVICE = "name"
"""Service of the platform that has every risk."""
HEAD = f"""# Stack configuration

Made by `agent-platform config docs --write` from the spec; change the docstrings in `providers/contract/spec/`.

A stack file `Pulumi.<stack>.yaml` has one object, `{PLATFORM_KEY}`, and secrets as separate keys. Everything but
`cloud`, the selected cloud's block and one service has a default:

```yaml
config:
  {PLATFORM_KEY}:
    cloud: aws
    aws: {{region: us-west-2, account_id: "111122223333"}}
    profile: development
    services:
      gateway: {{app: agentos, image: "ghcr.io/acme/gateway:1.0", path: /}}
```

Unknown keys, wrong types and invalid combinations are refused, all in one run, each with its key, the problem and a fix.
A setting that a cloud does not support is refused in the same way; one that a cloud adjusts is listed in the plan.
[capabilities.md](capabilities.md) lists both for every key and cloud. Where no key decides an input of a resource, `overrides` does
([overrides.md](overrides.md)).
"""


def configuration_text() -> str:
    """Return the reference file of docs/."""
    schema = platform_schema()
    sections = [
        HEAD,
        *_objects("", schema["root"], schema),
        _profiles(),
        _applications(),
        _environment(),
        _secrets(),
        _risks(),
    ]
    return "\n".join(sections)


def _objects(path: str, node: Node, schema: PlatformSchema) -> Iterator[str]:
    """Yield a section for the object at `path`, then for each object in it."""
    yield _section(path, node, schema)
    for name, inner in properties_of(node).items():
        target = resolved(inner, schema)
        key = f"{path}.{name}".lstrip(".")
        if "properties" in target:
            yield from _objects(key, target, schema)
        elif "$ref" in value_node(target):
            yield from _objects(f"{key}.<name>", resolved(value_node(target), schema), schema)


def _section(path: str, node: Node, schema: PlatformSchema) -> str:
    required = node.get("required", [])
    rows = [
        (f"`{key}`", type_of(inner), _default(path, key, inner, required), _meaning(inner, schema))
        for key, inner in properties_of(node).items()
    ]
    title = f"`{path}`" if path else f"`{PLATFORM_KEY}`"
    heads = ("key", "type", "default", "meaning")
    return f"## {title}\n\n{node.get('description', '')}\n\n{table(heads, rows)}\n"


def _meaning(node: Node, schema: PlatformSchema) -> str:
    """Return the docstring of the key or of its object; defaults by profile have a separate table."""
    description = node.get("description") or resolved(node, schema).get("description", "")
    return description.partition(" Default: ")[0]


def _default(path: str, key: str, node: Node, required: list[str]) -> str:
    by_profile = profile_defaults().get(f"{path}.{key}".replace("<name>", "*"))
    if by_profile is not None:
        return "by profile"
    return "see below" if "$ref" in node else default_of(node, key in required)


def _profiles() -> str:
    rows = [
        (f"`{path.replace('*', '<name>')}`", *map(code, values.values())) for path, values in profile_defaults().items()
    ]
    return (
        "## Defaults by profile\n\n"
        "A key in the stack file overrides the default. If the file sets one bound of `replicas`, the default of the other "
        "moves only as much as necessary.\n\n" + table(("key", *PROFILES), rows) + "\n"
    )


def _applications() -> str:
    rows = [
        (
            f"`{app}`",
            "none" if preset.port is None else str(preset.port),
            code(preset.health_path or " ".join(preset.health_command))
            if preset.health_path or preset.health_command
            else "none",
            code(" ".join(preset.command)) if preset.command else "of the image",
            "number of vCPUs" if preset.web_concurrency else "not set",
        )
        for app, preset in PRESETS.items()
    ]
    heads = ("`app`", "port", "health", "command", f"`{variables.WEB_CONCURRENCY}`")
    return f"## Application kinds\n\nDefaults of a service by its `app`.\n\n{table(heads, rows)}\n"


def _environment() -> str:
    meanings = {
        variables.PORT: ("every service with a port", "port on which the service listens"),
        variables.WEB_CONCURRENCY: ("fastapi, django", "number of worker processes; `environment` overrides it"),
        variables.DATABASE_URL: (
            "`uses: [database]`",
            "`postgresql+psycopg://user:password@host:port/name`, for django `postgresql://...`, as a secret",
        ),
        "`, `".join(variables.LIBPQ): (
            "`uses: [database]`",
            "parts of the URL for psql, psycopg, Node's pg and others that read libpq's variables; the password is a secret",
        ),
        variables.REDIS_URL: ("`uses: [cache]`", "`rediss://:password@host:port/0`, as a secret"),
        variables.cache_variable("caches.<name>"): ("`uses: [caches.<name>]`", "the same for a cache under `caches`"),
        variables.STORAGE_BUCKET: ("`uses: [storage]`", "name of the bucket"),
        variables.STORAGE_ENDPOINT_URL: ("`uses: [storage]`", "endpoint URL of the bucket"),
        variables.MODELS: ("`uses: [models]`", "model IDs of the cloud's block, separated by commas"),
        **{
            "`, `".join(names): (f"`uses: [models]` on {cloud}", "account, region or endpoint, as the SDKs read them")
            for cloud, names in MODEL_VARIABLES.items()
        },
        variables.call_variable("<name>"): ("`calls: [<name>]`", "private address of that service"),
        **{
            name: (f"{listed(apps, 'and')}", "seconds for which idle connections stay open: longer than the entry's")
            for name, apps in _preset_variables().items()
        },
    }
    rows = [(f"`{name}`", *meaning) for name, meaning in meanings.items()]
    return (
        f"## Environment of a service\n\n{table(('variable', 'set for', 'value'), rows)}\n\n"
        "A variable of the same name under `environment` or `secrets` takes precedence, except over PORT, DATABASE_URL, "
        "REDIS_URL, those of further caches, of the storage and the addresses of called services, which cannot be set.\n"
    )


def _preset_variables() -> dict[str, list[str]]:
    """Return the kinds of application by the variables that their presets set."""
    apps: dict[str, list[str]] = {}
    for app, preset in PRESETS.items():
        for name, _ in preset.environment:
            apps.setdefault(name, []).append(app)
    return apps


def _secrets() -> str:
    return (
        "## Secrets\n\n"
        "Each name under `secrets` of a service is an environment variable that refers to a stored secret: container "
        "definitions, outputs and the plain text of the state contain no value. Set a value as a separate key:\n\n"
        "```\nagent-platform secret set prod OPENAI_API_KEY\n```\n\n"
        "A secret inside the object is refused. A listed secret without a value is shown in the plan and refused at `up`.\n"
    )


def _risks() -> str:
    rows = [
        (
            f"`{risk.path.replace(f'services.{RISKY_SERVICE}.', 'services.<name>.')}`",
            "none" if risk.value is None else code(risk.value),
            risk.danger,
            risk.fix,
        )
        for risk in risks(_risky_platform())
    ]
    return (
        "## Values that production refuses\n\n"
        'Set `accept_risk: {"<key>": "<reason>"}` to allow one; the plan shows the reason.\n\n'
        + table(("key", "value", "risk", "fix"), rows)
        + "\n"
    )


def _risky_platform() -> Platform:
    """Return a production platform with every risk."""
    service: Raw = {"app": "fastapi", "image": f"{RISKY_SERVICE}:1.0", "path": "/", "replicas": {"min": 1, "max": 1}}
    raw: Raw = {
        "cloud": "aws",
        "network": {"zones": 1},
        "ingress": {"waf": False},
        "services": {RISKY_SERVICE: service},
        "database": {"high_availability": False, "deletion_protection": False, "backup": {"retention_days": 0}},
        "cache": {"high_availability": False},
        "storage": {"versioning": False},
    }
    return Platform.model_validate_json(json.dumps(complete(raw)))

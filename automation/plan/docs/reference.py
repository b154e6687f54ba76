"""The reference of the stack configuration: every key with its type, default and meaning, from the spec itself."""

import json
from collections.abc import Iterator
from typing import cast

from automation.plan.docs.schema import Node, platform_schema, profile_defaults, resolved, value_node
from automation.plan.docs.tables import code, default_of, table, type_of
from components.configuration import PLATFORM_KEY, PROJECT
from components.validation.risks import risks
from providers.contract import variables
from providers.contract.spec import PRESETS, Platform
from providers.contract.spec.defaults import PROFILES, Raw, complete

CARELESS = "name"
"""Service of the platform that takes every risk."""
HEAD = f"""# The stack configuration

Made by `agent-platform config docs --write` from the spec; change the docstrings in `providers/contract/spec/`.

A stack file `Pulumi.<stack>.yaml` holds one object, `{PLATFORM_KEY}`, and secrets as keys of their own. Everything but
`cloud`, the chosen cloud's block and one service has a default:

```yaml
config:
  {PLATFORM_KEY}:
    cloud: aws
    aws: {{region: us-west-2, account_id: "111122223333"}}
    profile: development
    services:
      gateway: {{app: agentos, image: "ghcr.io/acme/gateway:1.0", path: /}}
```

Unknown keys, wrong types and impossible combinations are refused, all at once, each in one sentence that names the key,
the value found and what is allowed. What a cloud cannot do is refused in the same way; what it does in its own way is told
in the plan. [capabilities.md](capabilities.md) has the whole table.
"""


def configuration_text() -> str:
    """The reference as it stands in docs/."""
    schema = platform_schema()
    sections = [
        HEAD,
        *_objects("", schema, schema),
        _profiles(),
        _applications(),
        _environment(),
        _secrets(),
        _refused(),
    ]
    return "\n".join(sections)


def _objects(path: str, node: Node, schema: Node) -> Iterator[str]:
    """A section for the object at `path` and, after it, for each object beneath it."""
    yield _section(path, node, schema)
    for key, inner in cast("dict[str, Node]", node["properties"]).items():
        beneath = resolved(inner, schema)
        below = f"{path}.{key}".lstrip(".")
        if "properties" in beneath:
            yield from _objects(below, beneath, schema)
        elif "$ref" in value_node(beneath):
            yield from _objects(f"{below}.<name>", resolved(value_node(beneath), schema), schema)


def _section(path: str, node: Node, schema: Node) -> str:
    required = cast("list[str]", node.get("required", []))
    rows = [
        (f"`{key}`", type_of(inner), _default(path, key, inner, required), _meaning(inner, schema))
        for key, inner in cast("dict[str, Node]", node["properties"]).items()
    ]
    title = f"`{path}`" if path else f"`{PLATFORM_KEY}`"
    heads = ("key", "takes", "default", "meaning")
    return f"## {title}\n\n{node.get('description', '')}\n\n{table(heads, rows)}\n"


def _meaning(node: Node, schema: Node) -> str:
    """The key's docstring, or its object's; defaults by profile have a column of their own."""
    told = node.get("description") or resolved(node, schema).get("description", "")
    return cast("str", told).partition(" Default: ")[0]


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
        "Laid under the file before it is checked; a key that stands in the file wins. One bound of `replicas` alone moves "
        "the other only as far as it must.\n\n" + table(("key", *PROFILES), rows) + "\n"
    )


def _applications() -> str:
    rows = [
        (
            f"`{app}`",
            "none" if preset.port is None else str(preset.port),
            code(preset.health_path or " ".join(preset.health_command))
            if preset.health_path or preset.health_command
            else "none",
            code(" ".join(preset.command)) if preset.command else "the image's own",
            "follows the vCPUs" if preset.web_concurrency else "not set",
        )
        for app, preset in PRESETS.items()
    ]
    heads = ("`app`", "port", "health", "command", f"`{variables.WEB_CONCURRENCY}`")
    return f"## Kinds of application\n\nWhat `app` brings along where the service does not say it.\n\n{table(heads, rows)}\n"


def _environment() -> str:
    told = {
        variables.PORT: ("every service with a port", "the port it listens on"),
        variables.WEB_CONCURRENCY: ("fastapi, django", "worker processes; a value of the service's own wins"),
        variables.DATABASE_URL: (
            "`uses: [database]`",
            "`postgresql+psycopg://user:password@host:port/name`, as a secret",
        ),
        variables.REDIS_URL: ("`uses: [cache]`", "`rediss://:password@host:port/0`, as a secret"),
        variables.STORAGE_BUCKET: ("`uses: [storage]`", "the bucket's name"),
        variables.STORAGE_ENDPOINT_URL: ("`uses: [storage]`", "where clients reach the bucket"),
        variables.call_variable("<name>"): ("`calls: [<name>]`", "the private address of that service"),
    }
    rows = [(f"`{name}`", *about) for name, about in told.items()]
    return f"## What a service finds in its environment\n\n{table(('variable', 'who', 'what'), rows)}\n"


def _secrets() -> str:
    return (
        "## Secrets\n\n"
        "A service lists names under `secrets` and finds each as an environment variable, by reference: no value stands in a "
        "container definition, an output or the plain text of the state. Values are keys of their own:\n\n"
        f"```\npulumi config set --stack prod --secret {PROJECT}:OPENAI_API_KEY\n```\n\n"
        "A secret inside the object is refused. A listed secret without a value is told in the plan and refused at `up`.\n"
    )


def _refused() -> str:
    rows = [
        (
            f"`{risk.path.replace(f'services.{CARELESS}.', 'services.<name>.')}`",
            "nothing" if risk.value is None else code(risk.value),
            risk.danger,
        )
        for risk in risks(_careless())
    ]
    return (
        "## What production refuses\n\n"
        'Unless `accept_risk: {"<key>": "<reason>"}` names the key and says in a few words why; the plan shows the reason.\n\n'
        + table(("key", "value", "why, and what to use"), rows)
        + "\n"
    )


def _careless() -> Platform:
    """A production platform that takes every risk there is."""
    service: Raw = {"app": "fastapi", "image": f"{CARELESS}:1.0", "path": "/", "replicas": {"min": 1, "max": 1}}
    raw: Raw = {
        "cloud": "aws",
        "network": {"zones": 1},
        "ingress": {"waf": False},
        "services": {CARELESS: service},
        "database": {"high_availability": False, "deletion_protection": False, "backup": {"retention_days": 0}},
        "cache": {"high_availability": False},
        "storage": {"versioning": False},
    }
    return Platform.model_validate_json(json.dumps(complete(raw)))

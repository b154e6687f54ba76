"""Defaults that depend on another key: the profile's, and those an application kind brings along.

They are laid under the raw configuration before it is checked, so the frozen spec that everything else reads is
complete. The defaults in the spec's classes are production's; a lighter profile lowers them by being named.
"""

from typing import cast

from providers.contract.spec.presets import PRESETS, Preset

Raw = dict[str, object]

PROFILES: dict[str, Raw] = {
    "production": {"services": {"*": {"replicas": {"min": 3, "max": 12}}}},
    "staging": {
        "network": {"zones": 2, "egress": "single"},
        "services": {"*": {"replicas": {"min": 2, "max": 4}}},
        "database": {"size": {"vcpu": 2, "memory_gib": 8}, "storage_gib": 50, "max_storage_gib": 200},
        "monitoring": {"log_retention_days": 90},
    },
    "development": {
        "network": {"zones": 2, "egress": "single", "private_endpoints": False},
        "services": {"*": {"replicas": {"min": 1, "max": 2}}},
        "database": {
            "size": {"vcpu": 2, "memory_gib": 4},
            "storage_gib": 20,
            "max_storage_gib": 50,
            "high_availability": False,
            "deletion_protection": False,
        },
        "cache": {"memory_gib": 1, "high_availability": False},
        "monitoring": {"log_retention_days": 30},
    },
}
"""Defaults by profile; `*` stands for each service. A part the stack does not ask for is not made by its defaults."""

FIXED_COPIES = "docker"
"""The cloud that runs a fixed number of copies: its defaults ask for no more than the least."""
OPTIONAL_PARTS = ("database", "cache", "storage", "budget", "deployer")


def complete(raw: Raw) -> Raw:
    """`raw` with the defaults of its profile and of its services' application kinds laid under it."""
    profile = raw.get("profile", "production")
    known = profile if isinstance(profile, str) and profile in PROFILES else "production"
    defaults = dict(PROFILES[known])
    for part in OPTIONAL_PARTS:
        if not isinstance(raw.get(part), dict):
            defaults.pop(part, None)
    each_service = cast("Raw", cast("Raw", defaults.pop("services", {})).get("*", {}))
    if raw.get("cloud") == FIXED_COPIES:
        each_service = {**each_service, "replicas": _fixed(cast("Raw", each_service["replicas"]))}
    filled = under(raw, defaults)
    services = raw.get("services")
    if isinstance(services, dict):
        named = cast("Raw", services)
        filled["services"] = {name: _service(value, each_service) for name, value in named.items()}
    return filled


def under(raw: Raw, defaults: Raw) -> Raw:
    """`raw` completed by `defaults`, key by key in nested objects; values of `raw` win."""
    merged = {**defaults, **raw}
    for key, default in defaults.items():
        given = raw.get(key)
        if isinstance(default, dict) and isinstance(given, dict):
            merged[key] = under(cast("Raw", given), cast("Raw", default))
    return merged


def _service(value: object, defaults: Raw) -> object:
    if not isinstance(value, dict):
        return value
    given = cast("Raw", value)
    service = {**given, "replicas": _replicas(given.get("replicas", {}), cast("Raw", defaults["replicas"]))}
    app = given.get("app", "custom")
    return _with_preset(service, PRESETS[app]) if isinstance(app, str) and app in PRESETS else service


def _replicas(given: object, defaults: Raw) -> object:
    """One bound alone moves the other only as far as it must: `{min: 20}` means 20 to 20, not a contradiction."""
    if not isinstance(given, dict):
        return given
    bounds = cast("Raw", given)
    low, high = bounds.get("min"), bounds.get("max")
    default_low, default_high = cast("int", defaults["min"]), cast("int", defaults["max"])
    if isinstance(low, int) and high is None:
        return {**bounds, "max": max(low, default_high)}
    if isinstance(high, int) and low is None:
        return {**bounds, "min": min(max(high, 1), default_low)}
    return under(bounds, defaults)


def _fixed(bounds: Raw) -> Raw:
    return {"min": bounds["min"], "max": bounds["min"]}


def _with_preset(service: Raw, preset: Preset) -> Raw:
    filled = dict(service)
    if preset.port is not None:
        filled.setdefault("port", preset.port)
    if preset.command and not filled.get("command"):
        filled["command"] = [_on_port(word, filled.get("port")) for word in preset.command]
    health = filled.get("health", {})
    if isinstance(health, dict):
        filled["health"] = _health(cast("Raw", health), preset)
    return filled


def _on_port(word: str, port: object) -> str:
    """gunicorn and streamlit take their port on the command line; the other servers read PORT."""
    return word.format(port=port) if "{port}" in word else word


def _health(given: Raw, preset: Preset) -> Raw:
    health = dict(given)
    if preset.health_path is not None and not health.get("command"):
        health.setdefault("path", preset.health_path)
    if preset.health_command and "path" not in health and not health.get("command"):
        health["command"] = list(preset.health_command)
    return health

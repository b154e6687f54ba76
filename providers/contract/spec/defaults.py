"""Defaults that depend on another key: those of the profile and of the application preset.

They are merged into the raw configuration before validation, so the frozen spec is complete. The defaults of the spec's
classes are those of production; the other profiles lower them.
"""

from typing import cast

from providers.contract.json_data import Raw as Raw
from providers.contract.json_data import is_list as is_list
from providers.contract.json_data import is_mapping as is_mapping
from providers.contract.spec.service import PRESETS, UNBUILT_TAG, Preset

PROFILES: dict[str, Raw] = {
    "production": {"services": {"*": {"replicas": {"min": 3, "max": 12}}}},
    "staging": {
        "network": {"zones": 2, "egress": "single"},
        "services": {"*": {"replicas": {"min": 2, "max": 4}}},
        "database": {"size": {"vcpu": 2, "memory_gib": 8}, "storage_gib": 50, "max_storage_gib": 200},
        "monitoring": {"log_retention_days": 90, "alerts": {"permission_changes": False}},
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
        "caches": {"*": {"memory_gib": 1, "high_availability": False}},
        "monitoring": {"log_retention_days": 30, "alerts": {"permission_changes": False}},
    },
}
"""Defaults by profile; `*` means each service or cache. Defaults never enable an optional part."""

FIXED_REPLICAS_CLOUD = "docker"
"""Cloud with a fixed number of replicas: its default maximum is the minimum."""
OPTIONAL_PARTS = ("database", "cache", "storage", "budget", "deployer")


def complete(raw: Raw) -> Raw:
    """Return `raw` completed with the defaults of its profile and of its services' presets."""
    profile = raw.get("profile", "production")
    name = profile if isinstance(profile, str) and profile in PROFILES else "production"
    defaults = dict(PROFILES[name])
    each_cache = cast("Raw", cast("Raw", defaults.pop("caches", {})).get("*", {}))
    for part in OPTIONAL_PARTS:
        if not isinstance(raw.get(part), dict):
            defaults.pop(part, None)
    each_service = cast("Raw", cast("Raw", defaults.pop("services", {})).get("*", {}))
    if raw.get("cloud") == FIXED_REPLICAS_CLOUD:
        each_service = {**each_service, "replicas": _fixed(cast("Raw", each_service["replicas"]))}
    filled = under(raw, defaults)
    caches = raw.get("caches")
    if is_mapping(caches):
        filled["caches"] = {
            name: under(each, each_cache) if is_mapping(each) else each for name, each in caches.items()
        }
    services = raw.get("services")
    if isinstance(services, dict):
        named = cast("Raw", services)
        filled["services"] = {name: _service(name, value, each_service) for name, value in named.items()}
    return filled


def under(raw: Raw, defaults: Raw) -> Raw:
    """Return `raw` completed by `defaults`, key by key in nested objects; values of `raw` take precedence."""
    merged = {**defaults, **raw}
    for key, default in defaults.items():
        value = raw.get(key)
        if isinstance(default, dict) and isinstance(value, dict):
            merged[key] = under(cast("Raw", value), cast("Raw", default))
    return merged


def _service(name: str, value: object, defaults: Raw) -> object:
    if not isinstance(value, dict):
        return value
    written = cast("Raw", value)
    replicas = _replicas(written.get("replicas", {}), cast("Raw", defaults["replicas"]))
    service = {**written, "replicas": replicas}
    if written.get("build") is not None:
        service.setdefault("image", f"{name}:{UNBUILT_TAG}")
    app = written.get("app", "custom")
    return _with_preset(service, PRESETS[app]) if isinstance(app, str) and app in PRESETS else service


def _replicas(written: object, defaults: Raw) -> object:
    """Complete bounds; one bound alone moves the other where needed, so `{min: 20}` means 20 to 20."""
    if not isinstance(written, dict):
        return written
    bounds = cast("Raw", written)
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
    """Fill in the port for gunicorn and streamlit, which take it on the command line; other servers read PORT."""
    return word.format(port=port) if "{port}" in word else word


def _health(written: Raw, preset: Preset) -> Raw:
    health = dict(written)
    if preset.health_path is not None and not health.get("command"):
        health.setdefault("path", preset.health_path)
    if preset.health_command and "path" not in health and not health.get("command"):
        health["command"] = list(preset.health_command)
    return health

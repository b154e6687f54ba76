"""Rules over the keys of a service's release and rollout: names, steps, and keys that have no effect with a strategy."""

from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError, listed
from providers.contract.release import release_name
from providers.contract.spec import Platform, Rollout, Service

STEP_KEYS = ("steps", "bake_minutes", "abort_on", "min_requests", "smoke")
"""Keys that only a strategy with steps reads."""


def check_rollouts(spec: Platform) -> Iterator[ConfigError]:
    """Require ascending steps that end with 100, a port for a smoke test, and a strategy that reads every key."""
    for name, service in spec.services.items():
        key = f"services.{name}.rollout"
        yield from _unread_keys(key, service.rollout)
        yield from _steps(key, service.rollout)
        yield from _signals(key, service)
        if service.rollout.smoke is not None and service.port is None:
            yield ConfigError(f"{key}.smoke", "a smoke test needs a port", "set `port`, or remove the smoke test")


def check_release_names(spec: Platform) -> Iterator[ConfigError]:
    """Refuse services and jobs with the name of the task of a release command, which is on the cloud beside them."""
    for service in spec.releases:
        name = release_name(service)
        for kind in ("services", "jobs"):
            if name in getattr(spec, kind):
                problem = f"the task of the release command of {service} has this name"
                yield ConfigError(f"{kind}.{name}", problem, f"rename the {kind[:-1]}")


def _unread_keys(key: str, rollout: Rollout) -> Iterator[ConfigError]:
    written = [each for each in STEP_KEYS if each in rollout.model_fields_set]
    if not rollout.in_steps and written:
        problem = f"no effect with the strategy {rollout.strategy}"
        yield ConfigError(f"{key}.{written[0]}", problem, "set `strategy` to canary or blue_green, or remove it")
    if rollout.strategy == "blue_green" and "steps" in written:
        problem = "a blue/green rollout has one step, all requests"
        yield ConfigError(f"{key}.steps", problem, "remove it, or set `strategy` to canary")


def _steps(key: str, rollout: Rollout) -> Iterator[ConfigError]:
    steps = rollout.steps
    if list(steps) != sorted(set(steps)):
        problem = f"{listed([str(step) for step in steps], 'and')} are not ascending"
        yield ConfigError(f"{key}.steps", problem, f"use {sorted({*steps, 100})}")
    elif steps[-1] != 100:
        problem = f"the last step is {steps[-1]}, so the rollout would never end"
        yield ConfigError(f"{key}.steps", problem, f"use {[*steps, 100]}")


def _signals(key: str, service: Service) -> Iterator[ConfigError]:
    signals = service.rollout.abort_on
    if len(set(signals)) < len(signals):
        yield ConfigError(f"{key}.abort_on", "a signal is listed twice", "list it once")
    if service.rollout.in_steps and not signals:
        yield ConfigError(f"{key}.abort_on", "empty, so nothing could end the rollout", "list error_percent")

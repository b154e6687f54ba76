"""Earlier updates of a stack, and the configuration that one of them ran with. Pure.

Secrets are not rolled back: a sealed value stays as it is now, for an old one may be the leaked one that was rotated
away, or may open nothing any more.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import yaml

from automation.deploy.events import MASKED
from automation.deploy.guard import refuse_missing_secrets
from automation.deploy.results import Update
from automation.plan.inventory import Value
from automation.stack.document import stack_of
from automation.stack.edit import config_of, with_config
from automation.stack.folders import EXPIRES_KEY, is_sealed, stack_file
from automation.stack.proposal import Proposal
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import InvalidConfiguration, legacy_error, listed
from providers.contract.spec.defaults import Raw

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment


SUCCEEDED = "succeeded"


def successful_updates(history: Sequence[Update]) -> tuple[Update, ...]:
    """Updates that went through and told their platform, the latest first; destructions and refreshes left out."""
    return tuple(
        update
        for update in history
        if update.kind == "update" and update.result == SUCCEEDED and PLATFORM_KEY in update.config
    )


def last_successful_update(stack: str, history: Sequence[Update]) -> Update:
    """The latest successful update; raises InvalidConfiguration when there is none."""
    found = successful_updates(history)
    if not found:
        raise InvalidConfiguration([legacy_error("stack", stack, "has no successful update in its history")])
    return found[0]


def rollback_target(stack: str, history: Sequence[Update], to: int | None) -> Update:
    """The successful update number `to`, or the latest with another platform than the last update ran with.

    Raises InvalidConfiguration, naming those there are.
    """
    found = successful_updates(history)
    if to is not None:
        for update in found:
            if update.version == to:
                return update
        raise InvalidConfiguration([legacy_error("--to", to, f"is no successful update of {stack}; {_told(found)}")])
    ran = next((update.config.get(PLATFORM_KEY) for update in history if update.kind == "update"), None)
    for update in found:
        if update.config[PLATFORM_KEY] != ran:
            return update
    raise InvalidConfiguration(
        [legacy_error("stack", stack, f"has no earlier configuration to go back to; {_told(found)}")]
    )


def _told(found: Sequence[Update]) -> str:
    if not found:
        return "none was successful yet"
    numbers = sorted(update.version for update in found)
    return f"the successful ones are {listed(numbers, 'and')}"


def images_of_update(update: Update) -> Mapping[str, str]:
    """Image references of an update by service."""
    return images_of_platform(cast("Raw", json.loads(update.config[PLATFORM_KEY])))


def images_of_platform(platform: Raw) -> Mapping[str, str]:
    """Image references of a platform by service, those that are there."""
    services = platform.get("services")
    named = cast("dict[str, Value]", services) if isinstance(services, dict) else {}
    images = {name: cast("Raw", service).get("image") for name, service in named.items() if isinstance(service, dict)}
    return {name: image for name, image in images.items() if isinstance(image, str)}


def restored_config(current: Raw, update: Update, inherited: Mapping[str, Value] | None = None) -> Raw:
    """The configuration of an earlier update with the sealed values of now, in the order of the file of now.

    The engine tells what the project gives every stack as the stack's own; `inherited` is that, and stays out.
    """
    of_all = inherited or {}
    stays = {key for key, value in current.items() if is_sealed(value) or update.config.get(key) == MASKED}
    plain = {
        key: text for key, text in update.config.items() if key not in stays and key != EXPIRES_KEY and text != MASKED
    }
    kept = [key for key in current if key in plain or key in stays]
    config = {key: _value(plain[key], current[key]) if key in plain else current[key] for key in kept}
    back = {key: _value(text, None) for key, text in plain.items() if key not in config}
    return config | {key: value for key, value in back.items() if key not in of_all or of_all[key] != value}


def inherited_config(project: Raw) -> Mapping[str, Value]:
    """What a project file gives every stack as configuration, by key."""
    config = project.get("config")
    entries = cast("Raw", config) if isinstance(config, dict) else {}
    told = {key: cast("Raw", entry) if isinstance(entry, dict) else {"value": entry} for key, entry in entries.items()}
    return {key: entry.get("value", entry.get("default")) for key, entry in told.items()}


def _value(text: str, current: Value) -> Value:
    """What the engine tells as text, as the file would hold it."""
    if isinstance(current, str | bool | int | float) and _as_text(current) == text:
        return current
    if not text.startswith(("{", "[")):
        return text
    try:
        return cast("Value", json.loads(text))
    except json.JSONDecodeError:
        return text


def _as_text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def rollback(deployment: "Deployment", to: int | None = None) -> Proposal:
    """The change of the stack's file that takes it back to update number `to`; `Deployment.up` then does it.

    Without a number: to the latest successful update that ran with another platform than the last one. Raises
    InvalidConfiguration when there is no such update, and when its configuration is not taken any more.
    """
    path = stack_file(deployment.folder, deployment.stack)
    text = path.read_text(encoding="utf-8")
    current = config_of(text, path.name)
    update = rollback_target(deployment.name, deployment.history(), to)
    project = cast("Raw", yaml.safe_load((deployment.folder / "Pulumi.yaml").read_text(encoding="utf-8")))
    wanted = restored_config(current, update, inherited_config(project))
    refuse_missing_secrets(stack_of(deployment.stack, wanted))
    begun = f"{update.started_at:%Y-%m-%d %H:%M} UTC"
    notes = [f"update {update.version} of {begun}" + (f": {update.message}" if update.message else "")]
    secrets = [key for key, value in wanted.items() if is_sealed(value)]
    if secrets:
        notes.append(f"secrets stay as they are now: {listed(secrets, 'and')}")
    return Proposal(path, text, with_config(text, path.name, wanted), tuple(notes))

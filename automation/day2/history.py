"""Update history of a stack, and the rollback to one of its updates.

Secrets are not rolled back. A secret keeps its current value: the earlier value may be a leaked one that was rotated, or
may no longer be valid.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from automation.deploy.events import MASKED
from automation.deploy.guard import refuse_missing_secrets
from automation.deploy.results import Update
from automation.deploy.targets import PARTIAL_MESSAGES
from automation.plan.inventory import Value
from automation.stack.document import StackDocument, stack_file, stack_of
from automation.stack.edit import Proposal
from automation.stack.file_checks import EXPIRES_KEY, is_sealed
from automation.stack.workdir import project_document
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.contract.spec.defaults import Raw, is_mapping

if TYPE_CHECKING:  # the caller has loaded the SDK
    from automation.deploy.deployment import Deployment

SUCCEEDED = "succeeded"


def rollback(deployment: "Deployment", to: int | None = None) -> Proposal:
    """Propose a change of the stack file to the configuration of update number `to`; `Deployment.up` applies it.

    The default is the latest successful update with another platform than the last update. Raises InvalidConfiguration
    when there is no such update, and when its configuration is no longer valid.
    """
    document = StackDocument.load(stack_file(deployment.folder, deployment.stack))
    update = rollback_target(deployment.name, deployment.history(), to)
    project = project_document(deployment.folder)
    config = restored_config(document.config, update, inherited_config(project))
    refuse_missing_secrets(stack_of(deployment.stack, config))
    started = f"{update.started_at:%Y-%m-%d %H:%M} UTC"
    notes = [f"update {update.version} of {started}" + (f": {update.message}" if update.message else "")]
    secrets = [key for key, value in config.items() if is_sealed(value)]
    if secrets:
        notes.append(f"secrets keep their current values: {listed(secrets, 'and')}")
    return Proposal(document.path, document.text, document.with_config(config).dump(), tuple(notes))


def rollback_target(stack: str, history: Sequence[Update], to: int | None) -> Update:
    """Return successful update number `to`, or the latest one with another platform than the last update.

    Raises InvalidConfiguration, naming the successful updates.
    """
    successful = successful_updates(history)
    if to is not None:
        for update in successful:
            if update.version == to:
                return update
        problem = f"{stack} has no successful update {to}; {_numbers(successful)}"
        raise InvalidConfiguration([ConfigError("--to", problem, "use the number of a successful update")])
    last_platform = next((update.config.get(PLATFORM_KEY) for update in history if update.kind == "update"), None)
    for update in successful:
        if update.config[PLATFORM_KEY] != last_platform:
            return update
    problem = f"{stack} has no earlier successful update with another configuration; {_numbers(successful)}"
    raise InvalidConfiguration([ConfigError("stack", problem)])


def last_successful_update(stack: str, history: Sequence[Update]) -> Update:
    """Return the latest successful update; raises InvalidConfiguration when there is none."""
    successful = successful_updates(history)
    if not successful:
        raise InvalidConfiguration([ConfigError("stack", f"{stack} has no successful update in its history")])
    return successful[0]


def successful_updates(history: Sequence[Update]) -> tuple[Update, ...]:
    """Return the successful updates that recorded their platform, the latest first; no destroys and refreshes.

    Updates of a part of the stack are left out: a release command that failed after one kept the services as they were.
    """
    return tuple(
        update
        for update in history
        if (update.kind, update.result) == ("update", SUCCEEDED)
        and PLATFORM_KEY in update.config
        and not update.message.startswith(PARTIAL_MESSAGES)
    )


def images_of_update(update: Update) -> Mapping[str, str]:
    """Return the image references of an update by service."""
    platform: Value = json.loads(update.config[PLATFORM_KEY])
    return images_of_platform(platform if is_mapping(platform) else {})


def images_of_platform(platform: Raw) -> Mapping[str, str]:
    """Return the image references of a platform by service."""
    services = platform.get("services")
    images = {
        name: service.get("image")
        for name, service in (services.items() if is_mapping(services) else ())
        if is_mapping(service)
    }
    return {name: image for name, image in images.items() if isinstance(image, str)}


def restored_config(current: Raw, update: Update, inherited: Mapping[str, Value] | None = None) -> Raw:
    """Return the configuration of an earlier update with the current secrets, in the order of the current file.

    The engine records values that every stack inherits from the project as the stack's own; `inherited` has these
    values, which are left out.
    """
    kept_keys = {key for key, value in current.items() if is_sealed(value) or update.config.get(key) == MASKED}
    restored = {
        key: text
        for key, text in update.config.items()
        if key not in kept_keys and key != EXPIRES_KEY and text != MASKED
    }
    config = {
        key: _value(restored[key], current[key]) if key in restored else current[key]
        for key in current
        if key in restored or key in kept_keys
    }
    added = {key: _value(text, None) for key, text in restored.items() if key not in config}
    defaults = inherited or {}
    return config | {key: value for key, value in added.items() if key not in defaults or defaults[key] != value}


def inherited_config(project: Raw) -> Mapping[str, Value]:
    """Return the configuration that every stack inherits from a project file, by key."""
    config = project.get("config")
    entries = config if is_mapping(config) else {}
    return {
        key: entry.get("value", entry.get("default")) if is_mapping(entry) else entry for key, entry in entries.items()
    }


def _numbers(successful: Sequence[Update]) -> str:
    if not successful:
        return "no update has succeeded"
    numbers = sorted(update.version for update in successful)
    return f"successful: {listed(numbers, 'and')}"


def _value(text: str, current: Value) -> Value:
    """Return a value that the engine records as text in the form of the file."""
    if isinstance(current, str | bool | int | float) and _as_text(current) == text:
        return current
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _as_text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)

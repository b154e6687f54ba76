"""Shell completion of stack names, services and secrets, from the stack files; an invalid file completes nothing."""

from contextlib import suppress
from pathlib import Path

import typer

from automation.stack.document import StackDocument, stack_file, stack_names
from automation.stack.folder import project_folder
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.json_data import Raw, is_list, is_mapping

FOLDER_PARAMETER = "directory"
"""Name of the parameter of `-C`."""


def complete_stack(context: typer.Context, incomplete: str) -> list[str]:
    """Return the stacks that have a file."""
    return _beginning(stack_names(_folder(context)), incomplete)


def complete_service(context: typer.Context, incomplete: str) -> list[str]:
    """Return the services of the stack that the command line names."""
    return _beginning(_services(context), incomplete)


def complete_service_or_job(context: typer.Context, incomplete: str) -> list[str]:
    """Return the services and the jobs of the stack that the command line names."""
    return _beginning([*_services(context), *_services(context, "jobs")], incomplete)


def complete_secret(context: typer.Context, incomplete: str) -> list[str]:
    """Return the secrets that the services of the stack list."""
    listed = [service.get("secrets") for service in _services(context).values() if is_mapping(service)]
    names = {str(name) for secrets in listed if is_list(secrets) for name in secrets}
    return _beginning(sorted(names), incomplete)


def _services(context: typer.Context, key: str = "services") -> Raw:
    name = context.params.get("stack")
    with suppress(InvalidConfiguration):
        services = StackDocument.load(stack_file(_folder(context), str(name))).platform.get(key)
        return services if is_mapping(services) else {}
    return {}


def _folder(context: typer.Context) -> Path:
    """Return the project folder; the callback of `-C` does not run during a completion."""
    directory = context.find_root().params.get(FOLDER_PARAMETER)
    return project_folder(directory if isinstance(directory, Path) else None)


def _beginning(names: "Raw | list[str]", incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]

"""The command `rights`, from the checks of the target."""

from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.session import StackName
from automation.stack.document import read_stack
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:  # it loads pydantic, which `--help` does not need
    from providers.contract.preflight import Identity


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(rights)


def rights(
    stack: StackName,
    user: Annotated[str | None, typer.Option(metavar="NAME", help="User, as the API server knows it.")] = None,
    group: Annotated[str | None, typer.Option(metavar="NAME", help="Group of users.")] = None,
    service_account: Annotated[
        str | None, typer.Option(metavar="NAMESPACE/NAME", help="Service account of the cluster.")
    ] = None,
) -> None:
    """Print the Role of an identity that deploys to Kubernetes. Needs no cluster; its owner applies the objects."""
    # these load pydantic and PyYAML, which `--help` does not need
    from automation.render.documents import yaml_of
    from providers import host_checks
    from providers.contract.preflight import Identity

    chosen = [
        *([Identity("User", user)] if user else []),
        *([Identity("Group", group)] if group else []),
        *([_service_account(service_account)] if service_account else []),
    ]
    if len(chosen) != 1:
        problem, verb = ("several identities", "keep") if chosen else ("no identity", "add")
        fix = f"{verb} one of --user, --group and --service-account"
        raise InvalidConfiguration([ConfigError("rights", problem, fix)])
    file = read_stack(project_folder(), stack)
    objects = host_checks(file.spec.cloud).deployer_objects
    if objects is None:
        problem = f"{stack} is deployed to {file.spec.cloud}, whose identities have the rights of an account"
        fix = "see docs/ci.md for the identity of each environment"
        raise InvalidConfiguration([ConfigError("cloud", problem, fix)])
    typer.echo("---\n".join(yaml_of(each) for each in objects(file.spec, file.name, chosen[0])), nl=False)


def _service_account(text: str) -> "Identity":
    from providers.contract.preflight import Identity

    namespace, _, name = text.partition("/")
    if not namespace or not name:
        raise InvalidConfiguration(
            [ConfigError("--service-account", "no namespace and name", "write it as NAMESPACE/NAME")]
        )
    return Identity("ServiceAccount", name, namespace)

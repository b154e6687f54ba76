"""The command `render`, from `automation.render`."""

from pathlib import Path
from typing import Annotated

import typer

from automation.cli.session import StackName
from automation.stack.document import read_stack
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(render)


def render(
    stack: StackName,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Write the manifests to this folder.")],
    secret_store: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Read the Secrets from this store of External Secrets (external-secrets.io)."
        ),
    ] = None,
    secret_store_kind: Annotated[
        str, typer.Option(metavar="KIND", help="Kind of the store: ClusterSecretStore or SecretStore.")
    ] = "ClusterSecretStore",  # noqa: S107  # a kind
) -> None:
    """Write a stack on Kubernetes as YAML for GitOps. Writes no secret values; needs no cluster, network or engine."""
    if secret_store_kind not in ("ClusterSecretStore", "SecretStore"):
        fix = "use ClusterSecretStore or SecretStore"
        raise InvalidConfiguration([ConfigError("--secret-store-kind", "no such kind of a store", fix)])
    folder = project_folder()
    file = read_stack(folder, stack)
    if file.spec.cloud != "kubernetes":
        problem = f"render writes manifests of Kubernetes, and {stack} is deployed to {file.spec.cloud}"
        raise InvalidConfiguration([ConfigError("cloud", problem, "use a stack with cloud: kubernetes")])

    from automation.plan.build import plan_of
    from automation.render.documents import SECRETS_FILE, folder_content, write_folder
    from automation.render.manifests import render_stack
    from automation.render.secrets import SecretStore, required_secrets, without_secrets

    rendered = render_stack(plan_of(file, folder).inventory)
    manifests = rendered.manifests
    store = SecretStore(secret_store, secret_store_kind) if secret_store is not None else None
    required = () if store is not None else required_secrets(manifests)
    written = tuple(without_secrets(manifests, store))
    removed = write_folder(output, folder_content(stack, written, required, rendered.left_out))
    typer.echo(f"wrote kustomization.yaml and {len(written)} manifests to {output}")
    if removed:
        typer.echo(f"removed files of objects that the stack no longer has: {len(removed)}")
    for each in rendered.left_out:
        typer.echo(f"left out because of a secret value: {each.kind} {each.name} ({', '.join(each.paths)})")
    if required:
        typer.echo(f"Secrets that must exist before: {len(required)}, listed in {output / SECRETS_FILE}")

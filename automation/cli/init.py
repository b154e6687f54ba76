"""The `init` command: write the stack file of a first deployment, from questions on a terminal or from options elsewhere."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, cast

import typer

from automation.cli.session import can_prompt
from automation.stack.cloud_defaults import cloud_defaults
from automation.stack.dockerfile import (
    DOCKERFILE,
    DOCKERIGNORE,
    dockerfile_text,
    dockerignore_text,
    has_template,
)
from automation.stack.document import StackDocument
from automation.stack.folder import project_folder
from automation.stack.template import (
    APPS,
    BUCKET_KEYS,
    CLOUD_TITLES,
    CLOUDS,
    LOCATION_KEYS,
    PROFILE_OF_NAME,
    PROFILES,
    SERVICE_NAMES,
    WITHOUT_MODELS,
    NewStack,
    new_stack_text,
)
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.presets import App, CloudName, Profile

BUCKET_REGION = "us-east-1"
STACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
LOCATION_OPTIONS = ("account_id", "project", "subscription_id", "tenant_id", "cluster_uid", "tls_secret")
"""Options that are named like the keys of the clouds' blocks."""
RegionOption = Annotated[str | None, typer.Option(help="Region, or location on Azure.")]
AccountOption = Annotated[str | None, typer.Option(help="AWS: account ID.")]
ProjectOption = Annotated[str | None, typer.Option(help="Google Cloud: project ID.")]
SubscriptionOption = Annotated[str | None, typer.Option(help="Azure: subscription ID.")]
TenantOption = Annotated[str | None, typer.Option(help="Azure: tenant ID.")]
ContextOption = Annotated[str | None, typer.Option("--context", help="Kubernetes: context of the kubeconfig.")]
ClusterOption = Annotated[str | None, typer.Option(help="Kubernetes: UID of the namespace kube-system.")]
TlsSecretOption = Annotated[str | None, typer.Option(help="Kubernetes: Secret with the certificate of the entry.")]


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(init)


@dataclass
class Questions:
    """Answers from options, completed by questions on a terminal; elsewhere the missing options are collected."""

    ask: bool
    missing: list[str] = field(default_factory=list[str])
    errors: list[ConfigError] = field(default_factory=list[ConfigError])

    def answer(self, option: str, given: str | None, question: str, default: str | None = None) -> str:
        """Return the option's value, the answer to the question, or nothing when the option is missing."""
        if given is not None:
            return given
        if self.ask:
            return cast("str", typer.prompt(question, default=default)).strip()
        self.missing.append(option)
        return ""

    def choice(self, option: str, given: str | None, question: str, allowed: Sequence[str], default: str) -> str:
        """Return an allowed word; after a wrong answer on a terminal, the question is repeated."""
        while True:
            word = self.answer(option, given, f"{question} ({', '.join(allowed)})", default)
            if word in allowed or (not word and option in self.missing):
                return word or default
            problem = f'"{word}" is not one of the allowed values{did_you_mean(word, allowed)}'
            if given is not None or not self.ask:
                raise InvalidConfiguration([ConfigError(option, problem, f"use {listed(allowed)}")])
            typer.echo(f"{problem}; use {listed(allowed)}")

    def flag(self, given: bool | None, question: str) -> bool:
        """Return the option's value, or the answer; False elsewhere."""
        if given is not None:
            return given
        return typer.confirm(question, default=False) if self.ask else False

    def refuse_missing(self) -> None:
        """Raise InvalidConfiguration with one error that names every missing option."""
        if self.missing:
            problem = f"missing, and input or output is not a terminal: {', '.join(self.missing)}"
            self.errors.append(ConfigError("options", problem, "add them, or run this on a terminal to be asked"))
        if self.errors:
            raise InvalidConfiguration(self.errors)


@dataclass(frozen=True)
class InitOptions:
    """Options of the command; None for those that are not given."""

    name: str | None
    cloud: str | None
    app: str | None
    image: str | None
    build: str | None
    region: str | None
    account_id: str | None
    project: str | None
    subscription_id: str | None
    tenant_id: str | None
    kube_context: str | None
    cluster_uid: str | None
    tls_secret: str | None
    bucket: str | None
    bucket_endpoint_url: str | None
    bucket_region: str | None
    profile: str | None
    service: str | None
    port: int | None
    domain: str | None
    allowed_cidr: list[str] | None
    own_auth: bool | None
    database: bool | None
    cache: bool | None
    storage: bool | None
    models: bool | None
    force: bool

    @property
    def bucket_values(self) -> dict[str, str | None]:
        """Return the options about a bucket by its keys."""
        return dict(zip(BUCKET_KEYS, (self.bucket, self.bucket_endpoint_url, self.bucket_region), strict=True))


def init(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Name of the stack, such as dev or prod [default: dev].")] = None,
    cloud: Annotated[str | None, typer.Option(help=f"Cloud: {listed(CLOUDS)}.")] = None,
    app: Annotated[str | None, typer.Option(help=f"Kind of application: {listed(APPS)}.")] = None,
    image: Annotated[str | None, typer.Option(help="Container image, with a tag or a digest.")] = None,
    build: Annotated[str | None, typer.Option(metavar="DIR", help="Folder to build the image from.")] = None,
    region: RegionOption = None,
    account_id: AccountOption = None,
    project: ProjectOption = None,
    subscription_id: SubscriptionOption = None,
    tenant_id: TenantOption = None,
    kube_context: ContextOption = None,
    cluster_uid: ClusterOption = None,
    tls_secret: TlsSecretOption = None,
    bucket: Annotated[str | None, typer.Option(help="Kubernetes: existing bucket for files and backups.")] = None,
    bucket_endpoint_url: Annotated[str | None, typer.Option(help="Kubernetes: address of its S3 API.")] = None,
    bucket_region: Annotated[str | None, typer.Option(help="Kubernetes: its region [default: us-east-1].")] = None,
    profile: Annotated[str | None, typer.Option(help=f"{listed(PROFILES)} [default: by NAME].")] = None,
    service: Annotated[str | None, typer.Option(help="Name of the service [default: by --app].")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port, if it is not that of --app.")] = None,
    domain: Annotated[str | None, typer.Option(help="Domain name in a DNS zone of the account.")] = None,
    allowed_cidr: Annotated[list[str] | None, typer.Option(help="Address range that may connect; repeatable.")] = None,
    own_auth: Annotated[
        bool | None, typer.Option("--own-auth", help="The service authenticates clients itself.")
    ] = None,
    database: Annotated[bool | None, typer.Option(help="Add PostgreSQL.")] = None,
    cache: Annotated[bool | None, typer.Option(help="Add a Redis-compatible cache.")] = None,
    storage: Annotated[bool | None, typer.Option(help="Add a bucket.")] = None,
    models: Annotated[bool | None, typer.Option(help="Use models of the cloud.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the stack file.")] = False,
) -> None:
    """Write the stack file of a new stack. Prompts on a terminal for what no option gives."""
    options, folder = InitOptions(**context.params), project_folder()
    questions = Questions(can_prompt(as_json=False))
    stack = questions.answer("NAME", options.name or (None if questions.ask else "dev"), "Name of the stack", "dev")
    path = free_path(folder, stack, force=options.force)
    answers = _answers(options, questions, stack, folder)
    questions.refuse_missing()
    _write(answers, path, folder)


def _answers(options: InitOptions, questions: Questions, stack: str, folder: Path) -> NewStack:
    """Return the answers to all questions, in the order of the file."""
    cloud = cast("CloudName", questions.choice("--cloud", options.cloud, "Cloud", CLOUDS, "aws"))
    app = cast("App", questions.choice("--app", options.app, "Kind of application", APPS, "fastapi"))
    image, build = _source(questions, folder, options.image, options.build)
    default = PROFILE_OF_NAME.get(stack, "development")
    given = options.profile or (None if questions.ask else default)
    profile = cast("Profile", questions.choice("--profile", given, "Profile", PROFILES, default))
    if options.models and cloud in WITHOUT_MODELS:
        questions.errors.append(ConfigError("--models", f"{CLOUD_TITLES[cloud]} has no managed models", "remove it"))
    answers = NewStack(
        name=stack,
        cloud=cloud,
        app=app,
        profile=profile,
        service=options.service or SERVICE_NAMES[app],
        # without a cloud it is not known which account and region are missing
        block=location_block(questions, cloud, location_options(cloud, vars(options)))
        if options.cloud or questions.ask
        else {},
        image=image,
        build=build,
        port=options.port,
        database=questions.flag(options.database, "PostgreSQL database?"),
        cache=questions.flag(options.cache, "Redis-compatible cache?"),
        storage=questions.flag(options.storage, "Bucket for files?"),
        models=cloud not in WITHOUT_MODELS and questions.flag(options.models, "Models of the cloud?"),
        allowed_cidrs=tuple(options.allowed_cidr or ()),
        own_auth=bool(options.own_auth),
    )
    return _with_entry(_with_bucket(answers, options, questions), options, questions)


def _with_bucket(answers: NewStack, options: InitOptions, questions: Questions) -> NewStack:
    """Return the answers with the bucket of a cluster, where files or backups need one, or where an option names it."""
    given = options.bucket_values
    written = [_bucket_option(key) for key, value in given.items() if value is not None]
    if answers.cloud != "kubernetes" or not (answers.storage or answers.database):
        unused = "without a database or storage" if answers.cloud == "kubernetes" else f"on {answers.cloud}"
        if options.cloud or questions.ask:
            errors = [ConfigError(option, f"no effect {unused}", "remove it") for option in written]
            questions.errors += errors
        return answers
    if not answers.needs_bucket and not written:
        return answers
    purpose = "files" if answers.storage else "backups"
    name = questions.answer("--bucket", given["name"], f"Existing S3-compatible bucket for {purpose}")
    url = questions.answer("--bucket-endpoint-url", given["endpoint_url"], "Address of its S3 API")
    default = None if questions.ask else BUCKET_REGION
    region = questions.answer("--bucket-region", given["region"] or default, "Its region", BUCKET_REGION)
    return replace(answers, bucket=dict(zip(BUCKET_KEYS, (name, url, region), strict=True)))


def _bucket_option(key: str) -> str:
    return "--bucket" if key == "name" else f"--bucket-{key.replace('_', '-')}"


def _with_entry(answers: NewStack, options: InitOptions, questions: Questions) -> NewStack:
    """Return the answers with domain and authentication, which only a routed service has and production requires."""
    if not answers.routed:
        return answers
    is_production, domain = answers.profile == "production", options.domain
    if domain is None and is_production:
        domain = questions.answer("--domain", None, "Domain name, in a DNS zone of the account")
    elif domain is None and questions.ask and answers.cloud != "docker":
        domain = questions.answer("--domain", None, "Domain name, empty for a generated one", "")
    own_auth = answers.own_auth
    if is_production and not answers.guarded and not own_auth:
        own_auth = questions.flag(None, f"Does {answers.service} authenticate its clients itself?")
        if not own_auth and not questions.ask:
            questions.missing.append("--own-auth or --allowed-cidr")
    return replace(answers, domain=domain or None, own_auth=own_auth)


def free_path(folder: Path, stack: str, *, force: bool) -> Path:
    """Return the path of the new file; raises InvalidConfiguration where one must not be overwritten."""
    if not STACK_NAME.fullmatch(stack):
        fix = "use letters, digits, hyphens and underscores, 40 at most"
        raise InvalidConfiguration([ConfigError("NAME", "not the name of a stack", fix)])
    path = folder / f"Pulumi.{stack}.yaml"
    if path.exists() and not force:
        problem, fix = "exists already", "choose another name, or add --force to overwrite it"
        raise InvalidConfiguration([ConfigError(path.name, problem, fix)])
    if path.exists() and _has_sealed_values(path):
        problem = "contains sealed secrets, which would be lost"
        raise InvalidConfiguration([ConfigError(path.name, problem, "delete the file first, or edit it")])
    return path


def _has_sealed_values(path: Path) -> bool:
    try:
        return bool(StackDocument.load(path).sealed.values)
    except InvalidConfiguration:
        return False


def _source(questions: Questions, folder: Path, image: str | None, build: str | None) -> tuple[str | None, str | None]:
    """Return image and build context, of which one is None."""
    if image is not None and build is not None:
        questions.errors.append(ConfigError("--build", "has no effect with --image", "use one of the two"))
    if image is None and build is None:
        text = questions.answer(
            "--image or --build", None, "Container image (registry/name:tag), or a folder to build", "."
        )
        image, build = (None, text) if text and (text.startswith(".") or Path(text).is_dir()) else (text or None, None)
    if build is None:
        return image, None
    context = Path(build).expanduser()
    if not context.is_dir():
        questions.errors.append(ConfigError("--build", f'"{build}" is not a folder', "name the folder of the code"))
    return None, os.path.relpath(context.absolute(), folder)


def location_options(cloud: str, options: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return account and region by the keys of the clouds' blocks; `options` has those of a command by parameter."""
    given = {name: options[name] for name in LOCATION_OPTIONS}
    return {
        **given,
        "context": options["kube_context"],
        "location" if cloud == "azure" else "region": options["region"],
    }


def location_block(questions: Questions, cloud: CloudName, given: Mapping[str, str | None]) -> dict[str, str]:
    """Return account and region; options of another cloud are an error."""
    keys = LOCATION_KEYS[cloud]
    defaults = cloud_defaults(cloud, os.environ, Path.home()) if questions.ask else {}
    for key, value in given.items():
        if value is not None and key not in keys:
            questions.errors.append(ConfigError(_option(key), f"no effect on {cloud}", "remove it"))
    return {
        key: questions.answer(_option(key), given.get(key), key.replace("_", " ").capitalize(), defaults.get(key))
        for key in keys
    }


def _option(key: str) -> str:
    return "--region" if key == "location" else f"--{key.replace('_', '-')}"


def _write(answers: NewStack, path: Path, folder: Path) -> None:
    """Write the stack file and, where the build context has none, a Dockerfile; print the next commands."""
    files = {path: new_stack_text(answers, path)}
    notes: list[str] = []
    if answers.build is not None:
        context = folder / answers.build
        if not (context / DOCKERFILE).exists() and has_template(answers.app):
            files[context / DOCKERFILE] = dockerfile_text(answers.app, context)
            if not (context / DOCKERIGNORE).exists():
                files[context / DOCKERIGNORE] = dockerignore_text()
        elif not (context / DOCKERFILE).exists():
            notes.append(f"add a {DOCKERFILE} to {answers.build}: the container runs as user 10001")
    for target, text in files.items():
        write_text(target, text)
        typer.echo(f"wrote {os.path.relpath(target)}")
    for note in notes:
        typer.echo(note)
    # what the first `up` on a Docker host generates is not among them
    secrets = StackDocument.parse(files[path], path).stack(answers.name).secrets_to_set
    commands = [*(f"secret set {answers.name} {secret}" for secret in secrets), f"plan {answers.name}"]
    for index, command in enumerate(commands):
        typer.echo(f"{'then' if index else 'next'}: agent-platform {command}")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; raises InvalidConfiguration where the folder cannot be written."""
    try:
        # ruamel.yaml is needed for this alone
        from automation.stack.edit import replace_text

        replace_text(path, text)
    except OSError as error:
        problem = f"cannot be written: {(error.strerror or 'unknown error').lower()}"
        raise InvalidConfiguration([ConfigError(str(path), problem, "choose another folder with -C")]) from error

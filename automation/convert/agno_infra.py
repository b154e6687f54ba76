"""Stack file from the infrastructure of an Agno project: `infra/prd_resources.py` and `infra/settings.py`.

Source: https://github.com/agno-agi/agent-infra-aws and https://docs.agno.com. The modules are read, not run, so neither
agno nor a cloud account is needed, and no secret is opened: of a file of secrets only the names are read.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.convert.applications import app_of, bounded_health, default_health_path, words
from automation.convert.conversion import Addresses, Conversion, slug
from automation.convert.python_values import FromEnvironment, Instance, assigned_values, is_instance
from automation.convert.stores import NEW_BUCKET, PUBLIC_DATABASE, database_section
from automation.stack.yaml_reader import read_mapping, read_text
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.json_data import Raw, is_mapping
from providers.contract.presets import App

FOLDERS = ("infra", "workspace")
FILES = ("prd_resources.py", "prod_resources.py", "resources.py", "dev_resources.py")
APPS: dict[str, App] = {"FastApi": "fastapi", "AgentOS": "agentos", "AgentOs": "agentos", "Streamlit": "streamlit",
                        "Django": "django", "AwsApp": "custom", "DockerApp": "custom"}  # fmt: skip
DATABASES = ("DbInstance", "DbCluster", "PgVectorDb", "PostgresDb")
CACHES = ("CacheCluster", "Redis")
OWN = {
    "EcsCluster": "the platform creates the cluster",
    "SecurityGroup": "the platform opens what `calls` and `uses` name, and nothing else",
    "DbSubnetGroup": "the platform creates the network",
    "CacheSubnetGroup": "the platform creates the network",
    "AwsResources": "the stack file has all services",
    "DockerResources": "Pulumi.local.yaml is the stack for a Docker host",
    "LoadBalancer": "the platform creates its entry",
    "Listener": "the platform creates its entry",
    "TargetGroup": "the platform creates its entry",
    "IamRole": "the platform gives each service the rights for what it uses, and no others",
}
ELSEWHERE = "the platform has no such resource"


@dataclass
class AgnoInfra:
    """Conversion of the instances of one module."""

    project: Path
    folder: Path
    file: str
    values: Mapping[str, object]
    conversion: Conversion = field(init=False)

    def __post_init__(self) -> None:
        self.conversion = Conversion(self.file)

    def convert(self) -> Conversion:
        """Return the conversion; raises InvalidConfiguration for a module without an application."""
        instances = {id(each): each for each in self.values.values() if is_instance(each)}.values()
        apps = [each for each in instances if each.kind in APPS]
        if not apps:
            problem = "no application such as FastApi or Streamlit"
            raise InvalidConfiguration([ConfigError(self.file, problem, "name the module with the resources")])
        stores: dict[str, str] = {}
        for each in instances:
            stores |= self._declare(each)
        for app in apps:
            self._add_app(app)
        addresses = Addresses(stores)
        for app in apps:
            self._connect(app, addresses)
        read = {secret.variable for app in apps for secret in app.instances("aws_secrets")}
        for each in instances:
            if each.kind == "SecretsManager" and each.variable not in read:
                self.conversion.omit(
                    each.variable, "no application reads it; the platform generates the database's password"
                )
        settings = next((each for each in instances if each.kind.endswith("Settings")), None)
        if settings is not None and settings.text("aws_region"):
            self.conversion.block["region"] = settings.text("aws_region")
            self.conversion.convert("settings.aws_region", "aws.region")
        return self.conversion

    def _declare(self, each: Instance) -> dict[str, str]:
        """Declare the store that an instance is; return the references by which variables name it."""
        conversion, source = self.conversion, each.variable
        if each.arguments.get("enabled") is False:
            conversion.omit(source, "not enabled")
        elif each.kind in DATABASES:
            self._declare_database(each)
            return {f"<{each.variable}.{name}>": "database" for name in DATABASE_METHODS}
        elif each.kind in CACHES:
            conversion.sections.setdefault("cache", Raw())
            conversion.adjust(source, "cache", "a new cache with TLS and a password")
            return {f"<{each.variable}.{name}>": "cache" for name in CACHE_METHODS}
        elif each.kind == "S3Bucket":
            conversion.sections.setdefault("storage", Raw())
            conversion.adjust(source, "storage", NEW_BUCKET)
            return {f"<{each.variable}.{name}>": "storage" for name in ("name", "get_name", "get_bucket_name")}
        elif each.kind in OWN:
            conversion.omit(source, OWN[each.kind])
        elif each.kind == "DockerImage":
            conversion.adjust(source, "services.<name>.build", "`agent-platform images push` builds and pushes it")
        elif each.kind not in (*APPS, "SecretsManager", "InfraSettings", "WorkspaceSettings"):
            conversion.omit(source, f"{each.kind}: {ELSEWHERE}")
        return {}

    def _declare_database(self, each: Instance) -> None:
        engine = each.text("engine", "postgres")
        if "postgres" not in engine:
            self.conversion.omit(each.variable, f"the platform has PostgreSQL only, not {engine}")
            return
        storage_gib = each.number("allocated_storage")
        database = database_section(each.text("engine_version"), each.text("db_instance_class"), storage_gib)
        if each.is_true("multi_az"):
            database["high_availability"] = True
        self.conversion.sections["database"] = database
        self.conversion.adjust(
            each.variable, "database", "a new server; move the data with pg_dump or logical replication"
        )
        if each.is_true("publicly_accessible"):
            self.conversion.omit(f"{each.variable}.publicly_accessible", PUBLIC_DATABASE)
        for key in ("pg_password", "master_user_password"):
            if each.text(key) and not each.text(key).startswith("<"):
                reason = "plain password in the source: it is not copied, and everybody who reads the file knows it"
                self.conversion.omit(f"{each.variable}.{key}", reason)

    def _add_app(self, app: Instance) -> None:
        conversion = self.conversion
        name = _service_name(app)
        command = words(app.arguments.get("command"))
        found = app_of(command, app.text("name"), app.variable) if command else "custom"
        kind: App = "agentos" if app_of([], app.text("name"), app.variable) == "agentos" else APPS[app.kind]
        kind = kind if kind not in ("streamlit", "django") or command else found
        service: Raw = {"app": kind}
        conversion.services[name] = service
        conversion.convert(app.variable, f"services.{name}")
        self._add_image(app, service, name)
        if command:
            service["command"] = command
        port = app.number("port_number") or app.number("container_port") or 8000
        service["port"] = port
        path = app.text("health_check_path") or default_health_path(kind)
        service["health"] = bounded_health(path)
        conversion.convert(f"{app.variable}.health_check_path", f"services.{name}.health.path")
        cpu, memory = app.number("ecs_task_cpu"), app.number("ecs_task_memory")
        if cpu and memory:
            service["size"] = {"vcpu": cpu / 1024, "memory_gib": memory / 1024}
            conversion.convert(f"{app.variable}.ecs_task_cpu", f"services.{name}.size")
        count = app.number("ecs_service_count")
        if count:
            service["replicas"] = {"min": count, "max": count}
            conversion.convert(f"{app.variable}.ecs_service_count", f"services.{name}.replicas")
        if app.is_true("create_load_balancer") or app.number("host_port") or app.kind in ("FastApi", "Streamlit"):
            taken = {each.get("path") for each in conversion.services.values()}
            service["path"] = "/" if "/" not in taken else f"/{name}"
            reason = "HTTPS on the platform's entry"
            if not app.is_true("load_balancer_enable_https"):
                reason += ", which the source does not have"
            conversion.adjust(f"{app.variable}.create_load_balancer", f"services.{name}.path", reason)

    def _add_image(self, app: Instance, service: Raw, name: str) -> None:
        image = app.arguments.get("image")
        if (self.project / "Dockerfile").is_file():
            service["build"] = {"context": os.path.relpath(self.project.absolute(), self.folder.absolute())}
            self.conversion.convert(f"{app.variable}.image", f"services.{name}.build")
        elif is_instance(image):
            service["image"] = f"{image.text('name')}:{image.text('tag', 'latest')}".lower()
            self.conversion.convert(f"{app.variable}.image", f"services.{name}.image")
        else:
            service["image"] = str(image or f"{name}:latest").lower()
            self.conversion.convert(f"{app.variable}.image", f"services.{name}.image")

    def _connect(self, app: Instance, addresses: Addresses) -> None:
        name = _service_name(app)
        listed = app.arguments.get("env_vars", app.arguments.get("env"))
        variables = listed if is_mapping(listed) else {}
        known = {key: _known(value) for key, value in variables.items()}
        self.conversion.set_variables(name, f"{app.variable}.env_vars", known, addresses)
        for secret in app.instances("aws_secrets"):
            for key in self._secret_names(secret):
                reason = "the value is not copied"
                self.conversion.list_secret(name, f"{secret.variable}.{key}", key, reason)

    def _secret_names(self, secret: Instance) -> Iterator[str]:
        """Yield the names in the files of a secret, or in the example that the project has for an absent file."""
        files = secret.arguments.get("secret_files")
        for file in files if isinstance(files, list) else []:
            path = self.project / str(file).removeprefix("<path>/")
            example = path.parent.parent / "example_secrets" / path.name
            existing = next((each for each in (path, example) if each.is_file()), None)
            if existing is None:
                self.conversion.omit(
                    f"{secret.variable} {path.name}", "the file is absent; list its names under secrets"
                )
            else:
                yield from read_mapping(existing, foreign=True)


DATABASE_METHODS = (
    "get_db_endpoint", "get_db_port", "get_master_username", "get_master_user_password", "get_db_name", "get_db_host",
    "get_db_user", "get_db_password", "get_db_database", "get_db_connection", "get_db_connection_local",
)  # fmt: skip
CACHE_METHODS = ("get_cache_endpoint", "get_cache_port", "get_redis_host", "get_redis_port", "get_db_connection")


def convert_resources(source: Path, folder: Path) -> Conversion:
    """Return the conversion of a project's folder or of one of its modules; raises InvalidConfiguration."""
    module = source if source.is_file() else _module(source)
    project = module.parent.parent if module.parent.name in FOLDERS else module.parent
    values: dict[str, object] = {}
    settings = module.parent / "settings.py"
    if settings.is_file() and settings != module:
        values = assigned_values(read_text(settings), settings.name)
        instance = next((each for each in values.values() if is_instance(each)), None)
        if instance is not None:
            arguments = dict(instance.arguments)
            for key, suffix in (("prd_key", "prd_env"), ("dev_key", "dev_env")):
                arguments.setdefault(key, f"{instance.text('infra_name', 'app')}-{instance.text(suffix, suffix[:3])}")
            values[instance.variable] = Instance(instance.variable, instance.kind, arguments)
    return AgnoInfra(project, folder, module.name, assigned_values(read_text(module), module.name, values)).convert()


def _module(source: Path) -> Path:
    found = (source / folder / name for folder in (*FOLDERS, ".") for name in FILES)
    module = next((path for path in found if path.is_file()), None)
    if module is None:
        problem = "no such folder" if not source.exists() else "no file infra/prd_resources.py"
        raise InvalidConfiguration([ConfigError("SOURCE", problem, "name the folder of the Agno project")])
    return module


def _service_name(app: Instance) -> str:
    """Return the name of an application's service: that of its variable without the environment."""
    return slug(app.variable.removeprefix("prd_").removeprefix("prod_").removeprefix("dev_"))


def _known(value: object) -> str | None:
    """Return the text of a variable; None for one that is not in the source."""
    if isinstance(value, FromEnvironment) or value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)

"""Stack file from a Compose file.

Source: https://github.com/compose-spec/compose-spec/blob/main/spec.md. Files that a Compose file refers to by `include` or
`extends` are not read: `docker compose config` writes one file from them, which can be converted.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.convert.applications import (
    Role,
    app_of,
    bounded_health,
    default_health_path,
    exposed_ports,
    gibibytes,
    health_path,
    role_of,
    words,
)
from automation.convert.conversion import BUILD_REASONS, NO_COUNTERPART, Addresses, Conversion, slug
from automation.stack.yaml_reader import read_mapping
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.json_data import Raw, is_list, is_mapping

FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Names of a Compose file in a folder, in the order in which Docker looks for them."""
VARIABLE = re.compile(r"\$(?:\$|\{(?P<braced>\w+)(?:(?P<operator>:?[-?+])(?P<word>[^{}]*))?\}|(?P<plain>[A-Za-z_]\w*))")
UNSET = re.compile(r"(?P<name>\w+=)?\$\{?(?P<variable>[A-Za-z_]\w*)(?::?\?[^{}]*)?\}?")
"""Variable without a default, alone or as the value of a list's item."""
CONVERTED = (
    "image", "build", "command", "entrypoint", "environment", "env_file", "ports", "expose", "depends_on", "links",
    "healthcheck", "deploy", "secrets", "platform", "scale", "cpus", "mem_limit",
)  # fmt: skip
OMITTED = {
    "volumes": "a container has no folder that lasts; use storage or the database, and files of the image",
    "networks": "every service has its own rules: `calls` and `uses` open what it needs",
    "network_mode": "every service has its own network interface",
    "restart": "the platform replaces a replica that exits",
    "container_name": "the platform names containers",
    "hostname": "services are called by the variables that `calls` adds",
    "extends": "write one file with `docker compose config` and convert that",
    "configs": "put the file into the image",
    "labels": "labels of other programs, such as a router's, have no effect",
    "privileged": "containers run without rights of the host",
    "cap_add": "containers run without capabilities",
    "devices": "containers have no devices of the host",
    "user": "containers run as user 10001, or as the user of the image where that is not root",
    "profiles": "the service is in the stack file; remove it if no environment needs it",
    "logging": "logs go to the log store of the target",
    "stdin_open": "replicas have no terminal; `agent-platform exec` opens one",
    "tty": "replicas have no terminal; `agent-platform exec` opens one",
    "develop": "`agent-platform dev` runs services from their source folders",
    "extra_hosts": "list hosts outside under services.<name>.egress",
    "gpus": "no target has GPUs for services",
}
DEPLOY = ("replicas", "resources")
HTTP_PORTS = (80, 443)


@dataclass(frozen=True)
class Container:
    """Service of the Compose file."""

    key: str
    """Name in the file."""
    raw: Raw
    role: Role
    image: str
    in_dockerfile: tuple[int, ...] = ()
    """Ports of the instruction EXPOSE in the service's Dockerfile."""

    @property
    def name(self) -> str:
        """Name of the service in the stack file."""
        return slug(self.key)

    @property
    def published(self) -> list[int]:
        """Ports of the container that the host publishes."""
        return [port for port in map(_container_port, _items(self.raw.get("ports"))) if port is not None]

    @property
    def port(self) -> int | None:
        """Port that the service listens on: the first published or exposed one; None for a worker."""
        exposed = [port for port in map(_container_port, _items(self.raw.get("expose"))) if port is not None]
        return next(iter((*self.published, *exposed, *self.in_dockerfile)), None)


@dataclass
class Compose:
    """Conversion of one Compose file into a stack file of `folder`."""

    path: Path
    folder: Path
    conversion: Conversion = field(init=False)

    def __post_init__(self) -> None:
        self.conversion = Conversion(self.path.name)

    def convert(self) -> Conversion:
        """Return the converted file; raises InvalidConfiguration."""
        raw = _interpolated(read_mapping(self.path, foreign=True), _variables(self.path.parent / ".env"))
        services = raw.get("services")
        if not is_mapping(services) or not services:
            problem, fix = "no services", "name a Compose file, such as compose.yaml"
            raise InvalidConfiguration([ConfigError(self.path.name, problem, fix)])
        reasons = {"networks": OMITTED["networks"], "volumes": OMITTED["volumes"], "include": OMITTED["extends"]}
        keys = [
            key for key in raw if key not in ("services", "secrets", "version", "name") and not key.startswith("x-")
        ]
        for key in keys:
            self.conversion.omit(key, reasons.get(key, NO_COUNTERPART))
        containers = [_container(key, value, self.path.parent) for key, value in services.items()]
        own = [container for container in containers if container.role.kind == "service"]
        if not own:
            problem = "no service of your own, only stores, proxies and tools"
            raise InvalidConfiguration([ConfigError(self.path.name, problem, "name the file with the application")])
        self._declare_stores([container for container in containers if container.role.kind != "service"])
        stores = {each.key: each.role.kind for each in containers if each.role.kind in ("database", "cache", "storage")}
        addresses = Addresses(stores, {each.key: each.name for each in own})
        for container in own:
            self.conversion.services[container.name] = self._service(container)
        for container in own:
            self._connect(container, addresses)
        self._route(containers, own)
        return self.conversion

    def _declare_stores(self, containers: Iterable[Container]) -> None:
        conversion = self.conversion
        for container in containers:
            source, role = f"services.{container.key}", container.role
            if role.kind == "proxy":
                conversion.omit(source, "the platform's entry routes requests and has the certificate")
            elif role.kind == "tool":
                conversion.omit(source, role.detail)
            elif role.kind == "store":
                conversion.omit(
                    source, f"the platform has no {role.detail}; list an external one under services.<name>.egress"
                )
            elif role.kind in conversion.sections:
                conversion.omit(source, f"a platform has one {role.kind}; another stack can have the second one")
            else:
                has_version = role.kind == "database" and role.detail
                conversion.sections[role.kind] = Raw({"version": role.detail} if has_version else {})
                managed = f"the target's managed {role.kind}, with its own account and password"
                conversion.adjust(source, role.kind, managed)
                if container.published:
                    conversion.omit(
                        f"{source}.ports", f"public {role.kind}: on the platform only services that use it connect"
                    )

    def _service(self, container: Container) -> Raw:
        source, target = f"services.{container.key}", f"services.{container.name}"
        raw, conversion = container.raw, self.conversion
        command = [*words(raw.get("entrypoint")), *words(raw.get("command"))]
        app = app_of(command, container.image, container.key)
        service: Raw = {"app": app}
        conversion.convert(source, target)
        self._add_image(container, service)
        if command:
            service["command"] = [word.replace("$$", "$") for word in command]
            conversion.convert(f"{source}.command", f"{target}.command")
        port = None if app == "celery" else container.port
        if port is not None:
            service["port"] = port
            conversion.convert(f"{source}.ports", f"{target}.port")
        self._add_health(container, service, port)
        self._add_size(container, service)
        extra = [key for key in raw if key not in CONVERTED and not key.startswith("x-")]
        conversion.omit_all(source, extra, OMITTED, NO_COUNTERPART)
        return service

    def _add_image(self, container: Container, service: Raw) -> None:
        source, target, raw = f"services.{container.key}", f"services.{container.name}", container.raw
        build = raw.get("build")
        if build is None:
            service["image"] = container.image
            self.conversion.convert(f"{source}.image", f"{target}.image")
        else:
            settings = build if is_mapping(build) else {"context": build}
            context = self.path.parent / str(settings.get("context", "."))
            service["build"] = {"context": os.path.relpath(context.absolute(), self.folder.absolute())}
            dockerfile = settings.get("dockerfile")
            if isinstance(dockerfile, str):
                service["build"]["dockerfile"] = os.path.normpath(dockerfile)
            self.conversion.convert(f"{source}.build", f"{target}.build")
            rest = [key for key in settings if key not in ("context", "dockerfile")]
            self.conversion.omit_all(f"{source}.build", rest, BUILD_REASONS, NO_COUNTERPART)
        if raw.get("platform") is not None:
            service["architecture"] = "arm64" if "arm" in str(raw["platform"]) else "amd64"
            self.conversion.convert(f"{source}.platform", f"{target}.architecture")

    def _add_health(self, container: Container, service: Raw, port: int | None) -> None:
        check, source = container.raw.get("healthcheck"), f"services.{container.key}.healthcheck"
        target = f"services.{container.name}.health"
        check = check if is_mapping(check) and not check.get("disable") else Raw()
        test = words(check.get("test"))
        times = [check.get(key) for key in ("interval", "timeout", "start_period", "retries")]
        if port is not None:
            app = service["app"]
            path = health_path(test) or default_health_path(app)
            service["health"] = bounded_health(path, *times)
            if health_path(test):
                self.conversion.convert(source, target)
            else:
                reason = f"the target asks {path} over HTTP, which must answer 200"
                self.conversion.adjust(source, f"{target}.path", reason)
        elif test and service["app"] != "celery":
            command = test if test[0] in ("CMD", "CMD-SHELL") else ["CMD-SHELL", " ".join(test)]
            service["health"] = {**bounded_health(None, *times), "command": command}
            self.conversion.convert(source, f"{target}.command")

    def _add_size(self, container: Container, service: Raw) -> None:
        source, target, raw = f"services.{container.key}", f"services.{container.name}", container.raw
        deploy = raw.get("deploy")
        deploy = deploy if is_mapping(deploy) else Raw()
        resources = deploy.get("resources")
        limits = resources.get("limits") if is_mapping(resources) else None
        limits = limits if is_mapping(limits) else Raw()
        vcpu = _number(limits.get("cpus", raw.get("cpus")))
        memory = gibibytes(limits.get("memory", raw.get("mem_limit", "")))
        size = {key: value for key, value in (("vcpu", vcpu), ("memory_gib", memory)) if value}
        if size:
            service["size"] = size
            self.conversion.convert(f"{source}.deploy.resources", f"{target}.size")
        count = deploy.get("replicas", raw.get("scale"))
        if isinstance(count, int) and count > 0:
            service["replicas"] = {"min": count, "max": count}
            self.conversion.convert(f"{source}.deploy.replicas", f"{target}.replicas")
        rest = [key for key in deploy if key not in DEPLOY]
        self.conversion.omit_all(f"{source}.deploy", rest, {}, "rollouts follow services.<name>.rollout")

    def _connect(self, container: Container, addresses: Addresses) -> None:
        """Convert variables, secrets and dependencies, which name the stores and the other services."""
        source, raw, conversion = f"services.{container.key}", container.raw, self.conversion
        for key in (*_names(raw.get("depends_on")), *(link.partition(":")[0] for link in _names(raw.get("links")))):
            if key in addresses.stores:
                conversion.use(container.name, addresses.stores[key])
                conversion.convert(f"{source}.depends_on.{key}", f"services.{container.name}.uses")
            elif key in addresses.services:
                conversion.call(container.name, addresses.services[key])
                reason = "calls that are not listed are denied"
                conversion.adjust(f"{source}.depends_on.{key}", f"services.{container.name}.calls", reason)
        for file in _names(raw.get("env_file")):
            variables = dict.fromkeys(_variables(self.path.parent / file))
            conversion.set_variables(container.name, f"{source}.env_file {file}", variables, addresses)
        conversion.set_variables(container.name, f"{source}.environment", _environment(raw), addresses)
        for secret in _names(raw.get("secrets")):
            reason = f"it is a variable in place of the file /run/secrets/{secret}, and its value is not copied"
            conversion.list_secret(container.name, f"{source}.secrets.{secret}", secret, reason)

    def _route(self, containers: Iterable[Container], own: list[Container]) -> None:
        """Route requests to what the host publishes, and to services behind a proxy that it publishes."""
        names = {container.key: container for container in own}
        behind = {
            key
            for container in containers
            if container.role.kind == "proxy" and container.published
            for key in _names(container.raw.get("depends_on"))
        }
        public = [each for each in own if each.port is not None and (each.published or each.key in behind)]
        called = {callee for each in own for callee in _names(each.raw.get("depends_on")) if callee in names}
        public.sort(
            key=lambda each: (each.key not in behind, not set(each.published) & set(HTTP_PORTS), each.key in called)
        )
        for index, container in enumerate(public):
            service, source = self.conversion.services[container.name], f"services.{container.key}.ports"
            if service["app"] == "celery":
                continue
            path = "/" if index == 0 else f"/{container.name}"
            service["path"] = path
            reason = "requests come through the entry, with TLS, in place of a port of the host"
            if index:
                reason += f"; the program must answer below {path}"
            self.conversion.adjust(source, f"services.{container.name}.path", reason)


def compose_file(source: Path) -> Path:
    """Return the Compose file that a path names, or that a folder contains; raises InvalidConfiguration."""
    if source.is_file():
        return source
    found = next((source / name for name in FILES if (source / name).is_file()), None)
    if found is None:
        problem = "no such file" if not source.exists() else "the folder has no Compose file"
        raise InvalidConfiguration([ConfigError("SOURCE", problem, "name the Compose file")])
    return found


def _container(key: str, value: object, folder: Path) -> Container:
    raw = value if is_mapping(value) else Raw()
    image, build = str(raw.get("image", "")), raw.get("build")
    if build is None:
        return Container(key, raw, role_of(image), image)
    settings = build if is_mapping(build) else Raw({"context": build})
    file = folder / str(settings.get("context", ".")) / str(settings.get("dockerfile", "Dockerfile"))
    return Container(key, raw, Role("service"), image, exposed_ports(file))


def _interpolated(value: Raw, variables: Mapping[str, str | None]) -> Raw:
    """Return a mapping with `${NAME:-default}` and `$NAME` replaced in every text; unknown names become empty, or None
    where a value consists of one."""

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$$"
        name, operator, word = match["braced"] or match["plain"], match["operator"], match["word"] or ""
        present = variables.get(name)
        if operator and operator.endswith("+"):
            return word if present else ""
        if present is None or (not present and operator and operator.startswith(":")):
            return word if operator and operator.endswith("-") else ""
        return present

    def each(part: object) -> object:
        if isinstance(part, str):
            alone = UNSET.fullmatch(part)
            if alone and not variables.get(alone["variable"]):
                # no value, which is not the same as an empty one: the shell of the user has it
                return alone["name"] and alone["name"].removesuffix("=")
            return VARIABLE.sub(replace, part)
        if is_mapping(part):
            return {key: each(item) for key, item in part.items()}
        return [each(item) for item in part] if is_list(part) else part

    result = each(value)
    return result if is_mapping(result) else Raw()


def _variables(path: Path) -> dict[str, str | None]:
    """Return the variables of an environment file; none where it is absent."""
    # loaded for a file of variables alone
    from dotenv import dotenv_values

    return dict(dotenv_values(path, interpolate=False)) if path.is_file() else {}


def _environment(raw: Raw) -> dict[str, str | None]:
    """Return the variables of a service, which a list writes as `NAME=value` or `NAME`."""
    environment = raw.get("environment")
    if is_mapping(environment):
        return {name: None if value is None else _text(value) for name, value in environment.items()}
    pairs = [str(item).partition("=") for item in environment] if is_list(environment) else []
    return {name: value if equals else None for name, equals, value in pairs}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _items(value: object) -> list[object]:
    return value if is_list(value) else [] if value is None else [value]


def _names(value: object) -> list[str]:
    """Return the names of a list, of a mapping's keys, or of entries that are mappings with a source or a path."""
    if is_mapping(value):
        return list(value)
    return [str(item.get("source", item.get("path", ""))) if is_mapping(item) else str(item) for item in _items(value)]


def _container_port(item: object) -> int | None:
    """Return the container's port of `8000`, `80:8000`, `127.0.0.1:80:8000/tcp` or the long form; None for a range or UDP."""
    text = str(item.get("target", "")) if is_mapping(item) else str(item)
    match = re.fullmatch(r"(?:.*:)?(\d+)(?:/(?:tcp|http))?", text)
    return int(match[1]) if match and 0 < int(match[1]) <= 65535 else None


def _number(value: object) -> float | None:
    try:
        return float(str(value)) if value is not None else None
    except ValueError:
        return None

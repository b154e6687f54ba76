"""Stack file from a project of the AWS Copilot CLI: the manifests below `copilot/` and the templates of its addons.

Source: https://aws.github.io/copilot-cli/docs/manifest/overview/. With an environment its overrides replace the manifest's
own values, as Copilot does.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.convert.applications import app_of, bounded_health, default_health_path, seconds, words
from automation.convert.conversion import (
    BUILD_REASONS,
    NO_COUNTERPART,
    NO_LASTING_FOLDER,
    VALUE_IS_STORED,
    Addresses,
    Conversion,
    slug,
)
from automation.convert.schedules import from_copilot
from automation.convert.stores import declare_stores
from automation.convert.template import read_template
from automation.stack.yaml_reader import read_mapping
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.json_data import Raw, is_list, is_mapping, texts

PUBLIC = ("Load Balanced Web Service", "Request-Driven Web Service")
PRIVATE = ("Backend Service", "Worker Service")
JOB, STATIC = "Scheduled Job", "Static Site"
CONVERTED = ("name", "type", "image", "cpu", "memory", "count", "variables", "secrets", "command", "entrypoint", "http",
             "platform", "on", "retries", "timeout", "environments", "env_file")  # fmt: skip
OMITTED = {
    "sidecars": "a service has one container; tracing, metrics and logs are under monitoring",
    "storage": NO_LASTING_FOLDER,
    "publish": "the platform has no topics; keep them in a template, or queue work in the cache with Celery",
    "subscribe": "the platform has no queues; keep them in a template, or queue work in the cache with Celery",
    "exec": "`agent-platform exec` opens a shell in every service",
    "network": "the platform creates the network; `calls`, `uses` and `egress` open what a service needs",
    "nlb": "the entry serves HTTP; there is no load balancer for TCP or UDP",
    "logging": "logs go to CloudWatch Logs; monitoring.log_retention_days sets their retention",
    "observability": "set monitoring.tracing",
    "deployment": "rollouts follow services.<name>.rollout",
    "taskdef_overrides": "use `overrides` for what the stack file has no setting for",
    "files": "a static site is not a container; keep it in its bucket",
    "alb": "the platform has its own entry",
}
HTTP_CONVERTED = ("path", "healthcheck", "alias", "target_port", "allowed_source_ips")


@dataclass
class Copilot:
    """Conversion of the project in `source` into a stack file of `folder`."""

    source: Path
    folder: Path
    environment: str | None = None
    conversion: Conversion = field(init=False)

    def __post_init__(self) -> None:
        self.conversion = Conversion("copilot/")

    def convert(self) -> Conversion:
        """Return the conversion; raises InvalidConfiguration."""
        root = self.source if self.source.name == "copilot" else self.source / "copilot"
        files = sorted(root.glob("*/manifest.yml"))
        if not files:
            problem, fix = "no file copilot/<service>/manifest.yml", "name the folder of the Copilot project"
            raise InvalidConfiguration([ConfigError("SOURCE", problem, fix)])
        manifests = {file.parent.name: read_mapping(file, foreign=True) for file in files}
        self._check_environment(root, manifests)
        merged = {key: self._merged(manifest) for key, manifest in manifests.items()}
        self._add_addons(root)
        jobs = {key: raw for key, raw in merged.items() if raw.get("type") == JOB}
        for key, raw in merged.items():
            if raw.get("type") == STATIC:
                self.conversion.omit(key, OMITTED["files"])
            elif key not in jobs:
                self._add_service(key, raw, root)
        for key, raw in jobs.items():
            self._add_job(key, raw, root)
        self._connect({key: raw for key, raw in merged.items() if slug(key) in self.conversion.services})
        return self.conversion

    def _check_environment(self, root: Path, manifests: Mapping[str, Raw]) -> None:
        if self.environment is None:
            return
        known = {file.parent.name for file in root.glob("environments/*/manifest.yml")}
        for manifest in manifests.values():
            overrides = manifest.get("environments")
            known |= set(overrides) if is_mapping(overrides) else set()
        if self.environment not in known:
            problem = f'"{self.environment}" is not an environment of this project'
            fix = f"use {listed(sorted(known))}" if known else "remove it"
            suggestion = did_you_mean(self.environment, known)
            raise InvalidConfiguration([ConfigError("--environment", f"{problem}{suggestion}", fix)])

    def _merged(self, manifest: Raw) -> Raw:
        """Return a manifest with the overrides of the environment; mappings are merged, other values replaced."""
        overrides = manifest.get("environments")
        own = overrides.get(self.environment) if self.environment and is_mapping(overrides) else None
        base = {key: value for key, value in manifest.items() if key != "environments"}
        return _merge(base, own) if is_mapping(own) else base

    def _add_addons(self, root: Path) -> None:
        """Declare the stores of the addons, which are CloudFormation templates."""
        for file in sorted(root.glob("*/addons/*.y*ml")):
            if "parameters" in file.name:
                continue
            template = read_template(file)
            noted = declare_stores(template, self.conversion)
            source = f"{file.parent.parent.name}/addons/{file.name}"
            for resource in template.resources.values():
                if resource.name not in noted and not resource.type.startswith(
                    ("AWS::IAM", "AWS::EC2", "AWS::SecretsManager")
                ):
                    self.conversion.omit(f"{source} {resource.name}", f"{resource.type}: keep it in its template")

    def _add_service(self, key: str, raw: Raw, root: Path) -> None:
        conversion, name = self.conversion, slug(key)
        conversion.convert(key, f"services.{name}")
        service: Raw = {}
        conversion.services[name] = service
        image = raw.get("image")
        image = image if is_mapping(image) else Raw()
        command = [*words(raw.get("entrypoint")), *words(raw.get("command"))]
        service["app"] = app_of(command, str(image.get("location", "")), key)
        if raw.get("type") == "Worker Service" and service["app"] != "celery":
            conversion.omit(f"{key}.type", "no queue is created for the worker; it reads from the cache or your queue")
        self._add_image(key, name, image, root)
        if command:
            service["command"] = command
        self._add_http(key, name, raw, image)
        self._add_size(key, name, raw)
        platform = str(raw.get("platform", ""))
        if "arm64" in platform:
            service["architecture"] = "arm64"
        extra = [each for each in raw if each not in CONVERTED]
        conversion.omit_all(key, extra, OMITTED, NO_COUNTERPART)

    def _add_image(self, key: str, name: str, image: Raw, root: Path) -> None:
        self.conversion.services[name].update(self._image(name, image, root))
        build = image.get("build")
        if build is None:
            self.conversion.convert(f"{key}.image.location", f"services.{name}.image")
            return
        self.conversion.convert(f"{key}.image.build", f"services.{name}.build")
        rest = [each for each in _build_settings(build) if each not in ("dockerfile", "context")]
        self.conversion.omit_all(f"{key}.image.build", rest, BUILD_REASONS, NO_COUNTERPART)

    def _image(self, name: str, image: Raw, root: Path) -> Raw:
        """Return `image` or `build` of a service, whose paths are relative to the stack file."""
        build = image.get("build")
        if build is None:
            return Raw(image=str(image.get("location", f"{name}:latest")))
        settings = _build_settings(build)
        dockerfile = root.parent / str(settings.get("dockerfile", "Dockerfile"))
        context = root.parent / str(settings["context"]) if "context" in settings else dockerfile.parent
        paths = {"context": os.path.relpath(context.absolute(), self.folder.absolute())}
        inside = os.path.relpath(dockerfile.absolute(), context.absolute())
        return Raw(build=paths if inside == "Dockerfile" else {**paths, "dockerfile": inside})

    def _add_http(self, key: str, name: str, raw: Raw, image: Raw) -> None:
        service, conversion = self.conversion.services[name], self.conversion
        http = raw.get("http")
        http = http if is_mapping(http) else Raw()
        port = http.get("target_port", image.get("port"))
        if not isinstance(port, int) or service["app"] == "celery":
            return
        service["port"] = port
        check = http.get("healthcheck", image.get("healthcheck"))
        check = check if is_mapping(check) else Raw({"path": check} if isinstance(check, str) else {})
        path = str(check.get("path", "/" if raw.get("type") in PUBLIC else default_health_path(service["app"])))
        times = [check.get(each) for each in ("interval", "timeout", "grace_period", "unhealthy_threshold")]
        service["health"] = bounded_health(path, *times)
        conversion.convert(f"{key}.http.healthcheck", f"services.{name}.health")
        if raw.get("type") in PUBLIC:
            taken = {each.get("path") for each in conversion.services.values()}
            wanted = "/" + str(http.get("path", "/")).strip("/")
            service["path"] = wanted if wanted not in taken else f"/{name}"
            conversion.convert(f"{key}.http.path", f"services.{name}.path")
        elif http.get("path") is not None:
            reason = "an internal load balancer is not needed: services that call it list it under calls"
            conversion.adjust(f"{key}.http", f"services.{name}", reason)
        self._add_entry(key, http)
        rest = [each for each in http if each not in HTTP_CONVERTED]
        reasons = {"additional_rules": "a service has one path; other hosts and ports need another service"}
        conversion.omit_all(f"{key}.http", rest, reasons, "the entry of the platform has its own rules")

    def _add_entry(self, key: str, http: Raw) -> None:
        ingress, alias = self.conversion.sections.setdefault("ingress", Raw()), http.get("alias")
        names = alias if is_list(alias) else [alias] if alias else []
        names = [str(each.get("name")) if is_mapping(each) else str(each) for each in names]
        plain = [name for name in names if re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", name)]
        for other in [name for name in names if name not in plain]:
            self.conversion.omit(f"{key}.http.alias {other}", "its name is known to Copilot only; set ingress.domain")
        assert isinstance(ingress, dict)
        if plain and "domain" not in ingress:
            ingress["domain"] = plain[0]
            self.conversion.convert(f"{key}.http.alias", "ingress.domain")
            plain = plain[1:]
        for other in plain:
            self.conversion.omit(f"{key}.http.alias {other}", "a stack has one domain")
        ranges = http.get("allowed_source_ips")
        if is_list(ranges):
            ingress["allowed_cidrs"] = ranges
            reason = "it applies to every public service of the stack"
            self.conversion.adjust(f"{key}.http.allowed_source_ips", "ingress.allowed_cidrs", reason)
        if not ingress:
            del self.conversion.sections["ingress"]

    def _add_size(self, key: str, name: str, raw: Raw) -> None:
        service = self.conversion.services[name]
        cpu, memory = raw.get("cpu", 256), raw.get("memory", 512)
        if isinstance(cpu, int) and isinstance(memory, int):
            service["size"] = {"vcpu": cpu / 1024, "memory_gib": memory / 1024}
            self.conversion.convert(f"{key}.cpu", f"services.{name}.size")
        count = raw.get("count", 1)
        settings = count if is_mapping(count) else Raw()
        bounds = settings.get("range", count)
        if is_mapping(bounds):
            low, high = bounds.get("min"), bounds.get("max")
        else:
            match = re.fullmatch(r"(\d+)(?:-(\d+))?", str(bounds))
            low, high = (int(match[1]), int(match[2] or match[1])) if match else (None, None)
        if isinstance(low, int) and isinstance(high, int) and low > 0:
            service["replicas"] = {"min": low, "max": high}
            self.conversion.convert(f"{key}.count", f"services.{name}.replicas")
        else:
            self.conversion.omit(f"{key}.count", "no fixed range of replicas; the default of the profile applies")
        self._add_autoscaling(key, name, settings)

    def _add_autoscaling(self, key: str, name: str, settings: Raw) -> None:
        targets = {"cpu_percentage": "cpu_percent", "memory_percentage": "memory_percent"}
        autoscaling: Raw = {}
        for source, target in targets.items():
            value = settings.get(source)
            value = value.get("value") if is_mapping(value) else value
            if isinstance(value, int):
                autoscaling[target] = value
        cooldown = settings.get("cooldown")
        for source, target in (("out", "scale_out_cooldown_seconds"), ("in", "scale_in_cooldown_seconds")):
            length = seconds(cooldown.get(source)) if is_mapping(cooldown) and source in cooldown else None
            if length is not None:
                autoscaling[target] = length
        if autoscaling:
            self.conversion.services[name]["autoscaling"] = autoscaling
            self.conversion.convert(f"{key}.count", f"services.{name}.autoscaling")
        rest = [each for each in settings if each not in ("range", *targets, "cooldown")]
        self.conversion.omit_all(f"{key}.count", rest, {"spot": "replicas run on Fargate on demand"}, NO_COUNTERPART)

    def _add_job(self, key: str, raw: Raw, root: Path) -> None:
        """Add a job to the service with the same image; without one the job is left out."""
        trigger = raw.get("on")
        expression = str(trigger.get("schedule", "")) if is_mapping(trigger) else ""
        schedule, command = from_copilot(expression), [*words(raw.get("entrypoint")), *words(raw.get("command"))]
        if schedule is None or not command:
            problem = "no command" if not command else "a schedule that five fields of cron cannot express"
            self.conversion.omit(key, f"{problem}; add it under jobs with the service whose image it has")
            return
        owner = self._owner(raw, root)
        if owner is None:
            self.conversion.omit(
                key, "a job has the image of a service, and no service has this one; add it under jobs"
            )
            return
        job: Raw = {"service": owner, "schedule": schedule, "command": command}
        retries, timeout = raw.get("retries"), seconds(raw.get("timeout", ""))
        if isinstance(retries, int):
            job["retries"] = min(retries, 10)
        if timeout:
            job["timeout_minutes"] = max(1, -(-timeout // 60))
        self.conversion.jobs[slug(key)] = job
        reason = f"it has environment, secrets and rights of the service {owner}"
        self.conversion.adjust(key, f"jobs.{slug(key)}", reason)

    def _owner(self, raw: Raw, root: Path) -> str | None:
        """Return the service with the image of a job; None without one."""
        image = raw.get("image")
        wanted = self._image("job", image if is_mapping(image) else Raw(), root)
        services = self.conversion.services.items()
        return next((name for name, each in services if wanted.items() <= each.items()), None)

    def _connect(self, manifests: Mapping[str, Raw]) -> None:
        hosts = {
            f"{key}.{suffix}": slug(key) for key in manifests for suffix in ("${COPILOT_SERVICE_DISCOVERY_ENDPOINT}",)
        }
        addresses = Addresses({}, {**hosts, **{key: slug(key) for key in manifests}})
        for key, raw in manifests.items():
            name, variables = slug(key), raw.get("variables")
            values = {each: _plain(value) for each, value in variables.items()} if is_mapping(variables) else {}
            self.conversion.set_variables(name, f"{key}.variables", values, addresses)
            secrets = raw.get("secrets")
            for secret in secrets if is_mapping(secrets) else ():
                self.conversion.list_secret(name, f"{key}.secrets.{secret}", secret, VALUE_IS_STORED)
            if raw.get("env_file") is not None:
                reason = f"add its variables to services.{name}.environment or secrets"
                self.conversion.omit(f"{key}.env_file", reason)
            for part in ("database", "cache", "storage"):
                if part in self.conversion.sections and part not in texts(self.conversion.services[name].get("uses")):
                    self._share(name, part)

    def _share(self, name: str, part: str) -> None:
        """Give a service access to a store of the addons, whose address Copilot gives it by variables of the stack."""
        self.conversion.use(name, part)
        reason = "an addon of one service; remove it from the services that do not need it"
        self.conversion.adjust(f"addons for {name}", f"services.{name}.uses", reason)


def _build_settings(build: object) -> Raw:
    return build if is_mapping(build) else Raw(dockerfile=build)


def _merge(base: Raw, override: Raw) -> Raw:
    merged = dict(base)
    for key, value in override.items():
        own = merged.get(key)
        merged[key] = _merge(own, value) if is_mapping(own) and is_mapping(value) else value
    return merged


def _plain(value: object) -> str | None:
    """Return the text of a variable; None for one that another stack exports."""
    if is_mapping(value) or value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)

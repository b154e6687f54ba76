"""Stack file from a CloudFormation template with Amazon ECS services, their load balancer and their data stores.

Every resource of the template gets a note. Network, rights, logs and alarms are the platform's own; resources of services
that the platform does not offer stay in their template.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.convert.applications import app_of, bounded_health, default_health_path, health_path, role_of, words
from automation.convert.conversion import NO_LASTING_FOLDER, VALUE_IS_STORED, Addresses, Conversion, slug
from automation.convert.schedules import from_event_bridge
from automation.convert.stores import declare_stores
from automation.convert.template import Resource, Template, read_template
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.json_data import Raw, is_list, is_mapping, mappings

ECS_SERVICE, TASK = "AWS::ECS::Service", "AWS::ECS::TaskDefinition"
LISTENER, RULE = "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"
BALANCER, TARGET_GROUP = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup"
SCALABLE, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
OWN = {
    "AWS::EC2::": "the platform creates its network and its rules; with EC2 instances, services run on Fargate instead",
    "AWS::AutoScaling::": "services run on Fargate, which has no instances to scale",
    "AWS::IAM::": "the platform gives each service the rights for what it uses, and no others",
    "AWS::Logs::": "the platform creates the log groups; monitoring.log_retention_days sets their retention",
    "AWS::CloudWatch::": "the platform creates alarms and a dashboard under monitoring",
    "AWS::ECS::": "the platform creates the cluster",
    "AWS::ECR::": "`agent-platform images push` needs no repository of a template",
    "AWS::ElasticLoadBalancingV2::": "the platform creates its entry",
    "AWS::CertificateManager::": "the platform issues and renews the certificate of ingress.domain",
    "AWS::ServiceDiscovery::": "services are called by the variables that `calls` adds",
    "AWS::SSM::Parameter": "secrets are set with `agent-platform secret set`",
    "AWS::SecretsManager::": "secrets are set with `agent-platform secret set`",
    "AWS::RDS::": "part of the database, which the platform creates",
    "AWS::ElastiCache::": "part of the cache, which the platform creates",
    "AWS::WAFv2::": "ingress.waf and ingress.rate_limit replace it",
    "AWS::Route53::": "set ingress.domain and ingress.dns_zone, or keep the record until the move",
    "AWS::ApplicationAutoScaling::": "services.<name>.autoscaling replaces it",
    "AWS::S3::BucketPolicy": "part of the bucket, which the platform creates",
    "AWS::KMS::": "the platform creates its keys",
}
"""Reason by the beginning of a resource type; the longest one applies."""
ELSEWHERE = "the platform has no such resource; keep it in its template"


def convert_template(source: Path, _folder: Path) -> Conversion:
    """Return the converted template; raises InvalidConfiguration."""
    return CloudFormation(read_template(source)).convert()


@dataclass
class CloudFormation:
    """Conversion of one template, or of the template of a Copilot addon."""

    template: Template
    conversion: Conversion = field(init=False)
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Service of the stack file by the logical name of its ECS service."""
    noted: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.conversion = Conversion(self.template.file)

    def convert(self) -> Conversion:
        """Return the conversion; raises InvalidConfiguration for a template without ECS services."""
        services = self.template.of_type(ECS_SERVICE)
        if not services:
            problem = "no resource of type AWS::ECS::Service"
            raise InvalidConfiguration([ConfigError(self.template.file, problem, "name the template of the services")])
        self.noted = declare_stores(self.template, self.conversion)
        for service in services:
            self._add_service(service)
        addresses = self._addresses()
        for service in services:
            self._connect(service, addresses)
            self._route(service)
            self._scale(service)
        for rule in self.template.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
            self._add_job(rule)
        self._note_the_rest()
        return self.conversion

    def _task(self, service: Resource) -> Resource:
        task = self.template.referenced(service.properties.get("TaskDefinition"))
        return task or Resource(service.name, TASK, {})

    def _container(self, service: Resource) -> Raw:
        """Return the container that requests reach, else the first one that is no known tool."""
        containers = mappings(self._task(service).properties.get("ContainerDefinitions"))
        named = {str(each.get("ContainerName")) for each in mappings(service.properties.get("LoadBalancers"))}
        own = [each for each in containers if role_of(str(each.get("Image", ""))).kind == "service"]
        routed = [each for each in containers if str(each.get("Name")) in named]
        return next(iter((*routed, *own, *containers)), {})

    def _add_service(self, service: Resource) -> None:
        conversion, task, container = self.conversion, self._task(service), self._container(service)
        # a name that is built from the stack's is no better than the logical one
        name = slug(str(container.get("Name") or service.name).strip("<>"))
        name = name if name not in conversion.services else slug(service.name)
        self.names[service.name] = name
        self.noted |= {service.name, task.name}
        conversion.convert(service.name, f"services.{name}")
        command = [*words(container.get("EntryPoint")), *words(container.get("Command"))]
        image = str(container.get("Image", ""))
        app = app_of(command, image, name)
        entry: Raw = {"app": app, "image": image.lower() if "<" not in image else f"{name}:latest"}
        conversion.services[name] = entry
        if "<" in image:
            reason = "the template takes the image from a parameter or another stack; write its address here"
            conversion.adjust(f"{task.name}.Image", f"services.{name}.image", reason)
        if command:
            entry["command"] = command
        ports = [each.get("ContainerPort") for each in mappings(container.get("PortMappings"))]
        ports = [each.get("ContainerPort") for each in mappings(service.properties.get("LoadBalancers"))] + ports
        port = next((int(str(port)) for port in ports if str(port).isdigit()), None)
        if port is not None and app != "celery":
            entry["port"] = port
        self._add_size(task, container, entry)
        self._add_health(service, container, name)
        count = service.number("DesiredCount")
        if count:
            entry["replicas"] = {"min": count, "max": count}
        if service.text("LaunchType", "EC2") == "EC2" and not service.properties.get("CapacityProviderStrategy"):
            reason = "EC2 launch type: the service runs on Fargate, without instances to patch"
            conversion.adjust(f"{service.name}.LaunchType", f"services.{name}", reason)
        self._note_other_containers(task, container)

    def _note_other_containers(self, task: Resource, container: Raw) -> None:
        for other in mappings(task.properties.get("ContainerDefinitions")):
            if other is not container:
                role = role_of(str(other.get("Image", "")))
                reason = (
                    role.detail if role.kind == "tool" else "a service has one container; add a second service for it"
                )
                self.conversion.omit(f"{task.name}.ContainerDefinitions.{other.get('Name')}", reason)
        if task.properties.get("Volumes"):
            self.conversion.omit(f"{task.name}.Volumes", NO_LASTING_FOLDER)

    def _add_size(self, task: Resource, container: Raw, entry: Raw) -> None:
        cpu = _units(task.properties.get("Cpu", container.get("Cpu")), "vcpu")
        memory = task.properties.get("Memory", container.get("Memory", container.get("MemoryReservation")))
        size = {"vcpu": cpu, "memory_gib": _units(memory, "gb")}
        size = {key: value for key, value in size.items() if value}
        if size:
            entry["size"] = size
        if str(_inside(task.properties, "RuntimePlatform", "CpuArchitecture")).upper() == "ARM64":
            entry["architecture"] = "arm64"

    def _add_health(self, service: Resource, container: Raw, name: str) -> None:
        entry = self.conversion.services[name]
        groups = [self.template.referenced(each.get("TargetGroupArn")) for each in _balancers(service)]
        group = next((each for each in groups if each is not None), None)
        check = _inside(container, "HealthCheck")
        check = check if is_mapping(check) else Raw()
        test = words(check.get("Command"))
        app = entry["app"]
        if entry.get("port") is not None:
            known = (group.text("HealthCheckPath") if group else "") or health_path(test)
            path = known or default_health_path(app)
            interval = group.text("HealthCheckIntervalSeconds") if group else check.get("Interval")
            entry["health"] = bounded_health(path, interval or None, check.get("Timeout"), check.get("StartPeriod"))
            if not known:
                reason = f"the target asks {path} over HTTP, which must answer 200"
                self.conversion.adjust(service.name, f"services.{name}.health.path", reason)
        elif test and app != "celery":
            entry["health"] = {"command": test}

    def _addresses(self) -> Addresses:
        stores: dict[str, str] = {}
        for type_name, part in STORE_PARTS.items():
            for resource in self.template.of_type(type_name):
                stores |= {f"<{resource.name}{attribute}>": part for attribute in ("", *ATTRIBUTES)}
        return Addresses(stores, {f"<{each}>": name for each, name in self.names.items()})

    def _connect(self, service: Resource, addresses: Addresses) -> None:
        name, container, task = self.names[service.name], self._container(service), self._task(service)
        values = {str(each.get("Name")): str(each.get("Value", "")) for each in mappings(container.get("Environment"))}
        # a reference to a store is known by its name; every other one only in the cloud
        variables = {variable: text if addresses.store_in(text) else _known(text) for variable, text in values.items()}
        self.conversion.set_variables(name, f"{task.name}.Environment", variables, addresses)
        for each in mappings(container.get("Secrets")):
            secret = str(each.get("Name"))
            self.conversion.list_secret(name, f"{task.name}.Secrets.{secret}", secret, VALUE_IS_STORED)

    def _route(self, service: Resource) -> None:
        """Route requests as the listeners of a public load balancer do."""
        name = self.names[service.name]
        groups = {
            group.name
            for each in _balancers(service)
            if (group := self.template.referenced(each.get("TargetGroupArn")))
        }
        self.noted |= groups
        balancers = self.template.of_type(BALANCER)
        self.noted |= {each.name for each in (*balancers, *self.template.of_type(LISTENER, RULE))}
        if not _balancers(service):
            return
        if balancers and all(each.text("Scheme") == "internal" for each in balancers):
            reason = (
                "the load balancer is internal: the service is private, and services that call it list it under calls"
            )
            self.conversion.adjust(balancers[0].name, f"services.{name}", reason)
            return
        path = next(self._paths(groups), "/")
        taken = {service.get("path") for service in self.conversion.services.values()}
        if path in taken:
            path = f"/{name}"
        self.conversion.services[name]["path"] = path
        reason = "HTTPS on the platform's entry; requests by HTTP are redirected"
        self.conversion.adjust(f"{service.name}.LoadBalancers", f"services.{name}.path", reason)

    def _paths(self, groups: set[str]) -> Iterator[str]:
        """Yield the path prefixes whose requests reach one of the target groups."""
        for rule in self.template.of_type(RULE):
            if self._forwards(rule.properties.get("Actions"), groups):
                for condition in mappings(rule.properties.get("Conditions")):
                    settings = condition.get("PathPatternConfig")
                    values = settings.get("Values") if is_mapping(settings) else condition.get("Values")
                    for value in values if is_list(values) and condition.get("Field") == "path-pattern" else []:
                        yield "/" + str(value).split("*")[0].strip("/")

    def _forwards(self, actions: object, groups: set[str]) -> bool:
        targets = [action.get("TargetGroupArn") for action in mappings(actions)]
        for action in mappings(actions):
            settings = action.get("ForwardConfig")
            targets += (
                [each.get("TargetGroupArn") for each in mappings(settings.get("TargetGroups"))]
                if is_mapping(settings)
                else []
            )
        return any(group.name in groups for target in targets if (group := self.template.referenced(target)))

    def _scale(self, service: Resource) -> None:
        name = self.names[service.name]
        entry = self.conversion.services[name]
        for target in self.template.of_type(SCALABLE):
            if f"<{service.name}." not in target.text("ResourceId") and service.text(
                "ServiceName", "-"
            ) not in target.text("ResourceId"):
                continue
            low, high = target.number("MinCapacity"), target.number("MaxCapacity")
            if low and high:
                entry["replicas"] = {"min": low, "max": high}
                self.conversion.convert(target.name, f"services.{name}.replicas")
                self.noted.add(target.name)
            policies = [
                each
                for each in self.template.of_type(POLICY)
                if self.template.referenced(each.properties.get("ScalingTargetId")) == target
            ]
            autoscaling = {key: value for policy in policies for key, value in _targets(policy)}
            if autoscaling:
                entry["autoscaling"] = autoscaling
                self.conversion.convert(policies[0].name, f"services.{name}.autoscaling")
                self.noted |= {each.name for each in policies}

    def _add_job(self, rule: Resource) -> None:
        expression = rule.text("ScheduleExpression")
        targets = mappings(rule.properties.get("Targets")) or mappings([rule.properties.get("Target")])
        task = next(
            (self.template.referenced(_inside(each, "EcsParameters", "TaskDefinitionArn")) for each in targets), None
        )
        if task is None or not expression:
            return
        self.noted |= {rule.name, task.name}
        owner = next(
            (self.names[each.name] for each in self.template.of_type(ECS_SERVICE) if self._task(each) == task), None
        )
        schedule, command = from_event_bridge(expression), _overridden(targets[0].get("Input"))
        if owner is None or schedule is None or not command:
            reason = "a job has the image of a service, a command, and a schedule in five fields; add it under jobs"
            self.conversion.omit(rule.name, reason)
            return
        job: Raw = {"service": owner, "schedule": schedule, "command": command}
        self.conversion.jobs[slug(rule.name)] = job
        self.conversion.convert(rule.name, f"jobs.{slug(rule.name)}")

    def _note_the_rest(self) -> None:
        rest = Counter(each.type for each in self.template.resources.values() if each.name not in self.noted)
        for type_name, count in rest.items():
            prefixes = sorted((each for each in OWN if type_name.startswith(each)), key=len)
            reason = OWN[prefixes[-1]] if prefixes else ELSEWHERE
            self.conversion.omit(f"{type_name} ({count})", reason)


STORE_PARTS = {
    "AWS::RDS::DBInstance": "database", "AWS::RDS::DBCluster": "database", "AWS::ElastiCache::ReplicationGroup": "cache",
    "AWS::ElastiCache::CacheCluster": "cache", "AWS::ElastiCache::ServerlessCache": "cache", "AWS::S3::Bucket": "storage",
}  # fmt: skip
ATTRIBUTES = (
    ".Endpoint.Address", ".Endpoint.Port", ".Endpoint", ".RedisEndpoint.Address", ".RedisEndpoint.Port", ".Arn",
    ".PrimaryEndPoint.Address", ".PrimaryEndPoint.Port", ".ReadEndpoint.Address", ".DomainName",
    ".ConfigurationEndPoint.Address", ".RegionalDomainName",
)  # fmt: skip
"""Attributes by which a template refers to a store."""


def _balancers(service: Resource) -> list[Raw]:
    return mappings(service.properties.get("LoadBalancers"))


def _known(text: str) -> str | None:
    """Return a text; None for one that only the cloud knows."""
    return None if "<" in text and ">" in text else text


def _inside(value: Mapping[str, object], *path: str) -> object:
    found: object = value
    for key in path:
        found = found.get(key) if is_mapping(found) else None
    return found


def _units(value: object, unit: str) -> float | None:
    """Return vCPU or GiB of `1024`, `1 vCPU` or `2 GB`, as ECS accepts them."""
    text = str(value or "").lower().replace(" ", "")
    number = text.removesuffix(unit)
    if not number.replace(".", "", 1).isdigit():
        return None
    return float(number) if text != number else round(int(float(number)) / 1024, 3)


def _targets(policy: Resource) -> Iterator[tuple[str, object]]:
    """Yield the settings of a target tracking policy."""
    settings = policy.properties.get("TargetTrackingScalingPolicyConfiguration")
    settings = settings if is_mapping(settings) else {}
    metric = str(_inside(settings, "PredefinedMetricSpecification", "PredefinedMetricType"))
    keys = {"ECSServiceAverageCPUUtilization": "cpu_percent", "ECSServiceAverageMemoryUtilization": "memory_percent"}
    if metric in keys:
        yield keys[metric], round(float(str(settings.get("TargetValue", 70))), 1)
    for name, key in (
        ("ScaleOutCooldown", "scale_out_cooldown_seconds"),
        ("ScaleInCooldown", "scale_in_cooldown_seconds"),
    ):
        if str(settings.get(name, "")).isdigit():
            yield key, int(str(settings[name]))


def _overridden(text: object) -> list[str]:
    """Return the command in the input of a scheduled task."""
    try:
        value = json.loads(str(text or "{}"))
    except ValueError:
        return []
    overrides = mappings(value.get("containerOverrides")) if is_mapping(value) else []
    return next((words(each.get("command")) for each in overrides), [])

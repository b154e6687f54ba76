"""CloudFormation templates: resources with the functions resolved that a conversion needs. Pure but for reading a file.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html. A value that only the cloud
knows, such as the address of a database, becomes the text `<Resource.Attribute>`, which `Addresses` compares by name.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.stack.yaml_reader import read_mapping, read_text
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.json_data import Raw, is_list, is_mapping

PSEUDO_PARAMETERS = {
    "AWS::Region": "us-east-1", "AWS::AccountId": "111122223333", "AWS::StackName": "stack", "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": "",
}  # fmt: skip
"""Values of the parameters that CloudFormation sets; only names that are built from them contain these."""
SUBSTITUTION = re.compile(r"\$\{(?P<name>[^!{}][^{}]*)\}")
MAX_DEPTH = 24


@dataclass(frozen=True)
class Resource:
    """Resource of a template with its properties resolved."""

    name: str
    type: str
    properties: Raw

    def text(self, key: str, default: str = "") -> str:
        """Return a property as text; `default` where it is absent or no scalar."""
        value = self.properties.get(key)
        return str(value) if isinstance(value, str | int | float) else default

    def number(self, key: str) -> int | None:
        """Return a property as a whole number, which a template may write as text; None where it is none."""
        match = re.fullmatch(r"\d+", self.text(key))
        return int(match[0]) if match else None

    def is_true(self, key: str) -> bool:
        """Return whether a property is true, which a template may write as text."""
        return self.text(key).lower() == "true"


@dataclass(frozen=True)
class Template:
    """Resources of one template by type; resources whose condition is false are absent."""

    file: str
    resources: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of some types, in the order of the template."""
        return [resource for resource in self.resources.values() if resource.type in types]

    def referenced(self, value: object) -> Resource | None:
        """Return the resource whose reference a value is, or contains as its beginning."""
        match = re.match(r"<([^.<>]+)(?:\.[^<>]*)?>", value) if isinstance(value, str) else None
        return self.resources.get(match[1]) if match else None


def read_template(path: Path) -> Template:
    """Return a template in YAML or JSON; raises InvalidConfiguration."""
    if path.is_dir() or not path.exists():
        problem = "is a folder" if path.is_dir() else "no such file"
        raise InvalidConfiguration([ConfigError("SOURCE", f"{path} {problem}".replace("  ", " "), "name the template")])
    raw = _json(path) if path.suffix == ".json" else read_mapping(path, foreign=True)
    declared = raw.get("Resources")
    if not is_mapping(declared) or not declared:
        problem = "no resources" if "Resources" in raw else "no section Resources, as every template has"
        raise InvalidConfiguration([ConfigError(path.name, problem, "name a CloudFormation template")])
    resolver = _Resolver(raw)
    resources = {
        name: Resource(name, str(each.get("Type", "")), resolver.mapping(each.get("Properties")))
        for name, each in declared.items()
        if is_mapping(each) and resolver.is_created(each)
    }
    return Template(path.name, resources, resolver.parameters)


def _json(path: Path) -> Raw:
    try:
        value = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise InvalidConfiguration([ConfigError(path.name, f"no valid JSON at line {line}", "correct it")]) from None
    return value if is_mapping(value) else {}


class _Resolver:
    """Resolves functions with the defaults of the parameters."""

    def __init__(self, raw: Raw) -> None:
        declared = raw.get("Parameters")
        parameters = declared if is_mapping(declared) else {}
        self.parameters: dict[str, object] = {
            name: None if str(each.get("NoEcho", "")).lower() == "true" else each.get("Default")
            for name, each in parameters.items()
            if is_mapping(each)
        }
        conditions, tables = raw.get("Conditions"), raw.get("Mappings")
        self.conditions: Raw = conditions if is_mapping(conditions) else {}
        self.tables: Raw = tables if is_mapping(tables) else {}

    def is_created(self, resource: Raw) -> bool:
        """Return whether the condition of a resource holds with the defaults; True without one."""
        condition = resource.get("Condition")
        return not isinstance(condition, str) or self._holds(condition)

    def mapping(self, value: object) -> Raw:
        """Return a mapping with its functions resolved; empty for any other value."""
        resolved = self.value(value)
        return resolved if is_mapping(resolved) else {}

    def value(self, value: object, depth: int = 0) -> object:
        """Return a value with its functions resolved."""
        if depth > MAX_DEPTH:
            return ""
        if is_list(value):
            return [self.value(item, depth + 1) for item in value]
        if not is_mapping(value):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument, depth + 1)
        return {key: self.value(item, depth + 1) for key, item in value.items()}

    def _call(self, name: str, argument: object, depth: int) -> object:
        match name:
            case "Ref":
                return self._reference(str(argument))
            case "Fn::GetAtt":
                return f"<{'.'.join(map(str, argument)) if is_list(argument) else argument}>"
            case "Fn::Sub":
                return self._substituted(argument, depth)
            case "Fn::If":
                return self._chosen(argument, depth)
            case "Fn::Join":
                separator, items = _pair(self.value(argument, depth))
                return str(separator).join(map(str, items)) if is_list(items) else ""
            case "Fn::Select":
                index, items = _pair(self.value(argument, depth))
                known = is_list(items) and str(index).isdigit() and int(str(index)) < len(items)
                return items[int(str(index))] if known and is_list(items) else ""
            case "Fn::Split":
                separator, text = _pair(self.value(argument, depth))
                return str(text).split(str(separator)) if separator else [str(text)]
            case "Fn::FindInMap":
                return self._found(self.value(argument, depth))
            case _:  # ImportValue, GetAZs, Cidr, Base64 and transforms: known in the cloud alone
                return f"<{name.removeprefix('Fn::')}>"

    def _reference(self, name: str) -> object:
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        if name in self.parameters:
            default = self.parameters[name]
            return f"<{name}>" if default is None else default
        return f"<{name}>"

    def _substituted(self, argument: object, depth: int) -> str:
        text, own = _pair(argument) if is_list(argument) else (argument, {})
        values = self.mapping(own) if is_mapping(own) else {}

        def replace(match: re.Match[str]) -> str:
            name = match["name"].strip()
            value = values.get(name, self._reference(name) if "." not in name else f"<{name}>")
            return str(self.value(value, depth))

        return SUBSTITUTION.sub(replace, str(text)).replace("${!", "${")

    def _chosen(self, argument: object, depth: int) -> object:
        items = argument if is_list(argument) else []
        if len(items) != 3:
            return ""
        return self.value(items[1] if self._holds(str(items[0])) else items[2], depth)

    def _holds(self, name: str, depth: int = 0) -> bool:
        return depth < MAX_DEPTH and self._is_met(self.conditions.get(name), depth)

    def _is_met(self, condition: object, depth: int) -> bool:
        if not is_mapping(condition) or len(condition) != 1:
            return True
        name, argument = next(iter(condition.items()))
        items = argument if is_list(argument) else [argument]
        match name:
            case "Condition":
                return self._holds(str(argument), depth + 1)
            case "Fn::Equals":
                first, second = _pair(self.value(items))
                return str(first) == str(second)
            case "Fn::Not":
                return not all(self._is_met(item, depth + 1) for item in items)
            case "Fn::And":
                return all(self._is_met(item, depth + 1) for item in items)
            case "Fn::Or":
                return any(self._is_met(item, depth + 1) for item in items)
            case _:
                return True

    def _found(self, path: object) -> object:
        table: object = self.tables
        for key in path if is_list(path) else []:
            table = table.get(str(key), "") if is_mapping(table) else ""
        return table


def _pair(value: object) -> tuple[object, object]:
    items = value if is_list(value) else []
    return (items[0], items[1]) if len(items) > 1 else ("", "")

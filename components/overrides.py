"""Overridden inputs of resources, the last resort of a stack file: applied by a transformation, checked when all are declared.

The transformation is an option of the platform, so it reaches the platform's own resources in `up`, in the plan and in tests,
and no other resource of a program. Nothing is sent to the engine before the program has returned, except while a function of a
provider is called; a preview shows every error in any case. See docs/adr/0062-override-inputs-by-a-transformation.md.
"""

from collections.abc import Iterator, Mapping

import pulumi

from components.package.names import snake_case
from components.production_rules import DeclaredInputs, undone_rules
from components.sdk_inputs import changes, input_problems, inputs_of, merged, wire_name
from components.validation.secret_patterns import named_like_a_secret
from providers import import_table
from providers.contract.declaration import Override, short_type
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.import_ids import PART, ImportTable
from providers.contract.json_data import is_list, is_mapping
from providers.contract.spec import Platform

PLACES = frozenset({"region", "project", "location", "resource_group_name", "name_prefix"})
"""Inputs that say where a resource is, besides those in its import ID."""
OPTIONS = frozenset(vars(pulumi.ResourceOptions())) | {"parent", "urn", "id"}
"""Options of a resource, which users may take for inputs."""
OWN_TAGS = frozenset({"project", "stack", "managed-by", "managed_by"})
TAGS = frozenset({"tags", "labels", "user_labels"})
OF_METADATA = frozenset({"metadata", "metadata.name", "metadata.namespace"})
"""Inputs that identify an object of Kubernetes."""
SECRET_TYPES = ("Secret", "SecretVersion")
"""Types whose values are secrets: the last part of the type token."""
SECRET_VALUES = frozenset({"value", "data", "string_data", "binary_data", "secret_string", "secret_data"})


class Overrides:
    """Overrides of one platform; `transformations` is for the platform's options, `check` for its end."""

    def __init__(self, spec: Platform) -> None:
        self._spec = spec
        entries = (Override(key, inputs) for key, inputs in spec.overrides.items())
        self._entries = sorted(entries, key=lambda entry: entry.rank)
        self._declared: list[DeclaredInputs] = []
        self._errors: dict[str, dict[str, ConfigError]] = {key: {} for key in spec.overrides}
        self._effective: set[str] = set()
        self._table: ImportTable = import_table(spec.cloud)

    @property
    def options(self) -> pulumi.ResourceOptions:
        """Options of the platform; none without overrides."""
        return pulumi.ResourceOptions(transformations=[self.transform] if self._entries else None)

    def transform(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        """Return the inputs of a resource with its overrides; refused ones are kept for `check`."""
        declared = DeclaredInputs(args.resource, args.type_, args.name, dict(args.props), args.opts)
        self._declared.append(declared)
        if not declared.is_managed:
            return None
        props: Mapping[str, object] = declared.inputs
        for entry in self._entries:
            if entry.names(args.type_, args.name) and not self._refused(entry, declared):
                props = overridden(type(args.resource), props, entry.inputs)
                declared.by_override[entry.path] = overridden(type(args.resource), declared.inputs, entry.inputs)
        return pulumi.ResourceTransformationResult(dict(props), args.opts) if declared.by_override else None

    def check(self) -> None:
        """Raise InvalidConfiguration with every error once all resources are declared."""
        unclear = dict(self._unmatched())
        errors = [error for key, found in self._errors.items() if key not in unclear for error in found.values()]
        errors += unclear.values()
        if not errors:
            errors = [*self._without_effect(), *undone_rules(self._spec, self._declared)]
        if errors:
            raise InvalidConfiguration(errors)

    def _refused(self, entry: Override, declared: DeclaredInputs) -> bool:
        """Keep the errors of an override of one resource; note whether it changes anything."""
        owner = type(declared.resource)
        errors = list(self._errors_of(entry, declared))
        self._errors[entry.key].update({str(error): error for error in errors})
        if any(
            changes(declared.inputs.get(name), value)
            for name, value in entry.inputs.items()
            if name in inputs_of(owner)
        ):
            self._effective.add(entry.key)
        return bool(errors)

    def _errors_of(self, entry: Override, declared: DeclaredInputs) -> Iterator[ConfigError]:
        owner = type(declared.resource)
        options = [name for name in entry.inputs if name in OPTIONS and name not in inputs_of(owner)]
        for name in options:
            fix = "use the key of the stack file that decides it, or a transformation in a program of your own"
            yield ConfigError(f"{entry.path}.{name}", "an option of Pulumi, not an input of the resource", fix)
        plain = {name: value for name, value in entry.inputs.items() if name not in options}
        for problem in input_problems(owner, plain):
            yield ConfigError(f"{entry.path}.{problem.path}", problem.problem, problem.fix)
        for path, name, value in leaves(plain):
            reason = self._fixed(declared, path, name) or _secret(declared, path, name, value)
            if reason is not None:
                yield ConfigError(f"{entry.path}.{path}", *reason)

    def _fixed(self, declared: DeclaredInputs, path: str, name: str) -> tuple[str, str] | None:
        """Return problem and fix of an input whose meaning the platform relies on."""
        rule = self._table.by_type.get(declared.type)
        parts = PART.finditer(f"{rule.identity} {rule.address}") if rule is not None else ()
        identity = {snake_case(match["key"]) for match in parts if match["key"]} | {
            snake_case(rule.named) if rule else ""
        }
        top, _, below = path.partition(".")
        if path in {"name", *identity, *PLACES, *OF_METADATA}:
            problem = "it identifies the object in the cloud, and other resources and commands find it by it"
            return problem, "remove it; names follow from the stack, and places from the block of the cloud"
        # a list replaces all of them
        if top.partition("[")[0] in TAGS and (name in OWN_TAGS or not below or "[" in top):
            return "the platform finds its resources by these tags", "set `tags` of the stack file, or other tags here"
        return None

    def _unmatched(self) -> Iterator[tuple[str, ConfigError]]:
        """Yield keys whose resource no longer exists, with the nearest, and names of several resources."""
        managed = [each for each in self._declared if each.is_managed]
        for entry in self._entries:
            targets = {(each.type, each.name) for each in managed if entry.names(each.type, each.name)}
            if not targets:
                known = sorted({word for each in managed for word in words_of(each, entry.key)})
                kind = (
                    "resource" if " " in entry.key else "type" if ":" in entry.key else "resource with the logical name"
                )
                problem = f"the platform declares no {kind} {entry.key}{did_you_mean(entry.key, known)}"
                fix = "use a name or a type that `agent-platform plan --json` has, or remove it"
                yield entry.key, ConfigError(entry.path, problem, fix)
            elif entry.rank == 1 and len(targets) > 1:
                several = listed((f'"{short_type(token)} {name}"' for token, name in sorted(targets)), "and")
                problem = f"several resources have this name: {several}"
                yield entry.key, ConfigError(entry.path, problem, "use one of these as the key")

    def _without_effect(self) -> Iterator[ConfigError]:
        for entry in self._entries:
            if entry.key not in self._effective:
                yield ConfigError(entry.path, "the platform declares these values itself", "remove it")


def overridden(owner: type, inputs: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """Return the inputs of a resource with overridden values."""
    hints = inputs_of(owner)
    return {
        **inputs,
        **{name: merged(inputs.get(name), value, hints.get(name, object)) for name, value in values.items()},
    }


def words_of(declared: DeclaredInputs, key: str) -> tuple[str, ...]:
    """Return what a key of the same form would be for a resource."""
    short = short_type(declared.type)
    if " " in key:
        return (f"{short} {declared.name}", f"{declared.type} {declared.name}")
    return (short, declared.type) if ":" in key else (declared.name,)


def leaves(value: object, path: str = "", name: str = "") -> Iterator[tuple[str, str, object]]:
    """Yield path, last name and value of everything in an override that is neither a mapping nor a list."""
    if is_mapping(value) and (value or not path):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}".lstrip("."), key)
    elif is_list(value) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]", name)
    else:
        yield path, name, value


def _secret(declared: DeclaredInputs, path: str, name: str, value: object) -> tuple[str, str] | None:
    """Return problem and fix of a value that is a secret by the SDK or by its name."""
    top = path.partition(".")[0].partition("[")[0]
    sealed = wire_name(type(declared.resource), top) in (declared.opts.additional_secret_outputs or ())
    of_secret = declared.type.rpartition(":")[2] in SECRET_TYPES and top in SECRET_VALUES | {"properties"}
    named = isinstance(value, str) and named_like_a_secret(name, value) is not None
    if sealed or of_secret or named:
        problem = "it holds a secret, and everybody who reads the stack file, the plan or the state would see it"
        return (
            problem,
            "remove it; list a secret under a service's `secrets`, or rotate the platform's own with `agent-platform rotate`",
        )
    return None

"""Provider that declares an `AgentPlatform` for a program in any language, on the gRPC server of the SDK.

The engine starts `plugin/`, asks for the schema, and calls `construct` for each platform of a program, several at once. The
schema is generated from the spec (`automation.plan.docs.package`) and checked in as plugin/schema.json.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import pulumi
from pulumi.provider import ConstructResult, Provider

from components.agent_platform import AgentPlatform
from components.package.inputs import SECRETS, CallerInputs
from components.package.names import camel_case
from components.program_settings import settings_of
from providers.contract.component import type_token
from providers.contract.diagnostics import InvalidConfiguration

TOKEN = type_token("agent-platform")
"""Type of the component, which is that of stack files and of Python programs too."""
INSTALLED = re.compile(r"-v(?P<version>\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?)$")
"""End of the name of the folder into which the engine installs a version of a repository."""


class PackageProvider(Provider):
    """Provider of the package `agent-platform`; `schema` is the text of plugin/schema.json."""

    def __init__(self, schema: str) -> None:
        version: str = json.loads(schema)["version"]
        super().__init__(version, schema)
        self.own_version = version
        self.sdk_version = ""
        """Version of the package for which the SDK of the caller was made; empty when it is not known."""

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Declare the platform `name` and return its URN and its outputs, with the property names of the schema.

        Raises InputPropertiesError with every mistake of the inputs before anything is declared.
        """
        if resource_type != TOKEN:
            raise ValueError(f"the package has no resource {resource_type}, only {TOKEN}")
        caller = CallerInputs()
        spec, secrets = caller.spec(inputs), caller.secrets(inputs.get(SECRETS))
        try:
            if caller.errors:
                settings_of(name, spec, secrets)
                raise InvalidConfiguration([])
            platform = AgentPlatform(name, spec, options, secrets=secrets)
        except InvalidConfiguration as refused:
            raise caller.refusal(refused.diagnostics) from None
        if self.sdk_version and release_of(self.sdk_version) != release_of(self.own_version):
            problem = f"the SDK is of version {self.sdk_version}, and the package of {self.own_version}"
            pulumi.log.warn(f"{problem}; run `pulumi package add` again", resource=platform)
        return ConstructResult(platform.urn, state_of(platform.details))


def release_of(version: str) -> str:
    """Return a version without what follows a hyphen: languages write the commit of a version without a tag differently."""
    return version.partition("-")[0]


def state_of(value: object) -> dict[str, pulumi.Input[object]]:
    """Return the fields of outputs by the names of the schema; absent ones are left out."""
    assert is_dataclass(value)
    values: dict[str, object] = {field.name: getattr(value, field.name) for field in fields(value)}
    return {camel_case(name): _property(each) for name, each in values.items() if each is not None}


def _property(value: object) -> pulumi.Input[object]:
    if is_dataclass(value):
        return state_of(value)
    if isinstance(value, Mapping):
        return {str(name): _property(each) for name, each in value.items()}
    return list(value) if isinstance(value, tuple) else value


def installed_schema(folder: Path) -> str:
    """Return the schema with the version that the engine has installed: an SDK asks for the version of its schema.

    For a commit without a tag the engine makes the version 0.0.0-x<commit>, and the folder of the repository ends with it.
    """
    schema = (folder / "schema.json").read_text(encoding="utf-8")
    installed = INSTALLED.search(folder.parent.name)
    return schema if installed is None else json.dumps({**json.loads(schema), "version": installed["version"]})

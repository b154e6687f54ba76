"""`AgentPlatform` for programs in other languages declares what the Python program declares, with the names of the schema."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent_platform import AgentPlatform
from agent_platform.testing import record
from automation.plan import existing_networks, recorder
from automation.plan.inventory import Inventory, Secret, Unknown, plain
from automation.plan.recorder import Mode
from components.package.names import camel_case, in_camel_case, snake_case
from components.package.provider import PackageProvider, installed_schema
from components.package.server import SDKS
from components.settings import all_secrets
from components.validation.parse import parse
from providers import AVAILABLE
from providers.contract.spec import Platform, SpecModel
from tests.components.package_host import (
    PROJECT,
    STACK,
    Host,
    Refused,
    comparable,
    host,
    in_package,
    output,
    secret,
    state_of,
)
from tests.components.test_programs import spec
from tests.planning import ROOT, production

pytestmark = pytest.mark.long(reason="declares whole platforms through a server")

KEY = "OPENAI_API_KEY"
BUCKET = f"urn:pulumi:{STACK}::{PROJECT}::random:index/randomPet:RandomPet::pet"


def in_order(value: object) -> Any:
    """Return a part of a stack file with its names in order, as the package reads a request, which has none."""
    if isinstance(value, dict):
        return {name: in_order(value[name]) for name in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


class Captured:
    """Inventory of the Python program, and the classes of the SDK that it uses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, raw: Mapping[str, object], mode: Mode = "symbolic") -> None:
        monitors: list[recorder.Recorder] = []

        class Kept(recorder.DeferringRecorder):
            def __init__(self, mode: Mode) -> None:
                super().__init__(mode)
                monitors.append(self)

        monkeypatch.setattr(recorder, "DeferringRecorder", Kept)
        secrets = dict.fromkeys(secret_names(raw), "the value")

        def program() -> None:
            AgentPlatform("search", raw, secrets=secrets)

        self.inventory: Inventory = record(program, project=PROJECT, stack=STACK, mode=mode)
        self.classes: Mapping[str, Any] = monitors[0].classes
        monkeypatch.undo()


def secret_names(raw: Mapping[str, object]) -> tuple[str, ...]:
    return all_secrets(parse(dict(raw), "search"))


PROFILES: Mapping[str, Mapping[str, object]] = {"production": {}, "staging": {"profile": "staging"}}


@pytest.mark.chosen_on(
    "docker", "kubernetes", reason="takes three seconds on a cloud, whose provider adds nothing to the package"
)
@pytest.mark.parametrize("cloud", AVAILABLE)
@pytest.mark.parametrize(
    "profile",
    ["staging", pytest.param("production", marks=pytest.mark.long(reason="staging has the same components"))],
)
def test_the_package_declares_what_a_python_program_declares(
    profile: str, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = in_order(production(PROFILES[profile], cloud))
    program = Captured(monkeypatch, raw)
    with host(program.classes) as remote:
        # functions of a cloud are answered for the platforms that the recorder sees, which is not in the provider's process
        existing_networks.declared.append(parse(raw, "search"))
        inputs = {**in_package(raw), "secrets": output(dict.fromkeys(secret_names(raw), "the value"), secret=True)}  # type: ignore[dict-item]
        remote.construct(remote.request(inputs))
        resources = remote.inventory.resources
    assert [each.urn for each in resources] == [each.urn for each in program.inventory.resources]
    for mine, theirs in zip(resources, program.inventory.resources, strict=True):
        assert comparable(mine) == comparable(theirs)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Host for small platforms on AWS."""
    program = Captured(monkeypatch, spec("aws", secrets=[KEY]))
    with host(program.classes) as remote:
        yield remote


def inputs_of(**gateway: object) -> dict[str, Any]:
    raw = spec("aws", **gateway)
    return {**raw, "aws": in_package(raw["aws"], Platform.model_fields["aws"].annotation)}


def test_outputs_have_types_identifiers_and_no_secret_in_clear(small: Host) -> None:
    (response,) = small.construct(small.request(inputs_of(app="agentos", auth="inherit")))
    state = state_of(response)
    gateway = state["services"]["gateway"]  # type: ignore[index]
    assert response.urn.endswith("$agent-platform:index:AgentPlatform::search")
    assert gateway["identity"] == "<iam:Role search-identity-gateway-task>.arn"
    assert gateway["securityGroup"].startswith("<ec2:SecurityGroup search-network-")
    assert gateway["logGroup"] and gateway["url"] and gateway["address"]
    assert state["networkId"] == "<ec2:Vpc search-network>.id"
    assert len(state["subnetIds"]) == 2  # type: ignore[arg-type]
    assert {"cluster", "dashboardUrl", "region", "cloud", "url"} <= set(state)
    assert isinstance(state.get("apiKey", Secret("")), Secret)
    assert "databaseEndpoint" not in state


def test_whole_numbers_arrive_as_decimal_ones(small: Host) -> None:
    small.construct(small.request({**inputs_of(), "network": {"zones": 2.0}}))
    assert len(small.inventory.of_type("ec2:Vpc")) == 1


def test_an_output_keeps_its_dependency_and_secrecy(small: Host) -> None:
    environment = {"INDEX": output("found", of=BUCKET), "PLACE": output("hidden", secret=True), "MODE": output("fast")}
    small.construct(small.request({**inputs_of(environment=environment), "tags": {"owner": output("me", of=BUCKET)}}))
    tasks = small.inventory.of_type("ecs:TaskDefinition")
    assert BUCKET in tasks[0].depends_on
    assert "found" in str(plain(dict(tasks[0].inputs))) or isinstance(tasks[0].inputs["containerDefinitions"], Secret)
    assert "hidden" not in str(plain(dict(tasks[0].inputs)))


@pytest.mark.parametrize("whole", ["tags", "services", "environment"])
def test_an_object_that_is_an_output_keeps_dependencies_of_the_values_inside(whole: str, small: Host) -> None:
    inputs = inputs_of(environment={"INDEX": "found"})
    if whole == "tags":
        inputs["tags"] = output({"owner": "me"}, of=BUCKET)
    elif whole == "services":
        inputs["services"] = output(inputs["services"], of=BUCKET)
    else:
        inputs["services"]["gateway"]["environment"] = output({"INDEX": "found"}, of=BUCKET, secret=True)
    small.construct(small.request(inputs))
    types = "ec2:Vpc" if whole == "tags" else "ecs:TaskDefinition"
    resources = [each for each in small.inventory.resources if BUCKET in each.depends_on]
    assert resources or whole == "tags"
    assert small.inventory.of_type(types)


def test_values_are_unknown_in_a_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = spec("aws", secrets=[KEY])
    program = Captured(monkeypatch, raw, "unknown")
    with host(program.classes, "unknown") as remote:
        inputs = inputs_of(secrets=[KEY], environment={"INDEX": output(of=BUCKET)})
        remote.construct(remote.request({**inputs, "secrets": output(secret=True)}))
        stored = remote.inventory.of_type("secretsmanager:SecretVersion")
        assert stored and stored[0].inputs["secretString"] in (Secret(Unknown()), Unknown())


def test_several_platforms_are_declared_at_once(small: Host) -> None:
    names = ("search", "answers", "reports")
    responses = small.construct(*(small.request(inputs_of(), name) for name in names))
    assert [response.urn.rpartition("::")[2] for response in responses] == list(names)
    per_name = [[each.name.removeprefix(name) for each in small.inventory.resources if each.name.startswith(name)] for name in names]  # fmt: skip
    assert sorted(per_name[0]) == sorted(per_name[1]) == sorted(per_name[2])


def test_options_of_the_caller_reach_the_component(small: Host) -> None:
    parent = f"urn:pulumi:{STACK}::{PROJECT}::acme:index:Team::team"
    aliases = [{"spec": {"name": "former"}}]
    small.construct(small.request(inputs_of(), parent=parent, protect=True, aliases=aliases, dependencies=[BUCKET]))
    (platform,) = [each for each in small.inventory.resources if each.name == "search"]
    assert platform.parent == parent
    assert platform.protect
    assert platform.aliases == ("former",)
    assert small.inventory.one("search-network", "ec2:Vpc").protect


def test_every_mistake_is_reported_at_the_property_as_the_caller_writes_it(small: Host) -> None:
    inputs = {
        "cloud": "aws",
        "aws": {"region": "us-west-2", "account_id": "111122223333"},
        "profile": "development",
        "databse": {},
        "services": {"gate-way": {"app": "fastapi", "path": "/", "image": "a/b:1", "port": 8000,
                                  "health": {"intervalSecond": 5, "timeoutSeconds": 1}}},
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        small.construct(small.request(inputs))
    assert dict(refused.value.reasons) == {
        "aws.account_id": "unknown property (did you mean accountId). Write it as the schema does.",
        "databse": refused.value.reasons["databse"],
        "services.gate-way.health.intervalSecond": refused.value.reasons["services.gate-way.health.intervalSecond"],
        "services.gate-way.health.timeoutSeconds": "1 is too small. Use 2 or more.",
    }
    assert "did you mean database" in refused.value.reasons["databse"]
    assert "acceptChecks" in refused.value.reasons["databse"]
    assert "did you mean intervalSeconds" in refused.value.reasons["services.gate-way.health.intervalSecond"]
    assert not small.inventory.resources


def test_a_missing_property_has_the_name_of_the_schema(small: Host) -> None:
    inputs = inputs_of()
    del inputs["aws"]["accountId"]
    with pytest.raises(Refused) as refused:
        small.construct(small.request(inputs))
    assert list(refused.value.reasons) == ["aws.accountId"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"aws": {"region": output(of=BUCKET), "accountId": "111122223333"}}, "aws.region"),
        ({"aws": {"region": output("us-west-2", secret=True), "accountId": "111122223333"}}, "aws.region"),
        ({"database": output({}, secret=True)}, "database"),
        ({"database": {"storageGib": secret(50)}}, "database"),
    ],
)
def test_unknown_and_secret_values_that_decide_what_is_declared_are_refused(
    change: Mapping[str, object], path: str, small: Host
) -> None:
    with pytest.raises(Refused) as refused:
        small.construct(small.request({**inputs_of(), **change}))
    assert list(refused.value.reasons) == [path]


def test_a_known_output_is_its_value(small: Host) -> None:
    account = {"region": output("us-west-2", of=BUCKET), "accountId": output("111122223333")}
    small.construct(small.request({**inputs_of(), "aws": account}))
    (provider,) = [each for each in small.inventory.resources if each.type == "pulumi:providers:aws"]
    assert provider.inputs["region"] == "us-west-2"


def test_the_value_of_a_secret_is_in_no_message(small: Host) -> None:
    inputs = {
        **inputs_of(secrets=[KEY]),
        "secrets": {KEY: secret("sk-hidden"), "OTHER": output("sk-hidden", secret=True)},
    }
    with pytest.raises(Refused) as refused:
        small.construct(small.request(inputs))
    assert list(refused.value.reasons) == ["secrets.OTHER"]
    assert "sk-hidden" not in str(refused.value.reasons)


def test_another_resource_of_the_package_is_refused(small: Host) -> None:
    with pytest.raises(Exception, match="only agent-platform:index:AgentPlatform"):
        small.construct(small.request(inputs_of(), type="agent-platform:index:Region"))


def test_adjustments_are_messages_of_the_component(small: Host) -> None:
    small.construct(small.request({**inputs_of(), "recovery": {"standbyRegion": "us-east-1"}}))
    assert any("recovery" in message for message in small.engine.messages)


@pytest.mark.parametrize(
    ("sdk", "warned"), [("0.1.0", False), ("", False), ("0.1.0-x1f2e3d", False), ("0.1.1", True), ("0.2.0", True)]
)
def test_an_sdk_of_another_version_is_named(sdk: str, warned: bool, small: Host) -> None:
    small.sdk_version = sdk
    small.construct(small.request(inputs_of()))
    sentence = f"the SDK is of version {sdk}, and the package of 0.1.0; run `pulumi package add` again"
    assert any(sentence in message for message in small.engine.messages) is warned


def test_the_package_needs_the_sdks_of_its_requirements() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = {line.partition("==")[0].replace("-", "_") for line in lines if line.startswith("pulumi-")}
    assert set(SDKS) == names


@pytest.mark.parametrize(
    ("folder", "version"),
    [
        ("resource-github.com_acme_agent-platform.git_plugin-v0.3.1", "0.3.1"),
        ("resource-github.com_acme_agent-platform.git_plugin-v0.0.0-x1f2e3d", "0.0.0-x1f2e3d"),
        ("agent-platform", "1.0.0"),
    ],
)
def test_the_schema_has_the_version_that_the_engine_installed(folder: str, version: str, tmp_path: Path) -> None:
    plugin = tmp_path / folder / "plugin"
    plugin.mkdir(parents=True)
    (plugin / "schema.json").write_text('{"version": "1.0.0"}', encoding="utf-8")
    assert PackageProvider(installed_schema(plugin)).version == version


def test_names_of_properties_and_keys_are_inverse() -> None:
    names = {name for model in SpecModel.__subclasses__() for name in model.model_fields}
    assert {snake_case(camel_case(name)) for name in names} == names


def test_only_keys_of_the_spec_change_in_texts() -> None:
    assert in_camel_case("set account_id, not http_proxy or per_zone") == "set accountId, not http_proxy or per_zone"

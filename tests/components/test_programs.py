"""`AgentPlatform` in a program of a user: names, several platforms, Outputs in the spec, secrets, and what is refused."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_random
import pytest

from agent_platform import AgentPlatform, InvalidConfiguration
from agent_platform.testing import Inventory, Secret, record
from automation.plan.inventory import plain, walk
from tests.planning import plan, production

KEY = "OPENAI_API_KEY"
BLOCKS: Mapping[str, Mapping[str, object]] = {
    "aws": {"aws": {"region": "us-west-2", "account_id": "111122223333"}},
    "gcp": {"gcp": {"project": "acme-agents", "region": "us-central1"}},
    "azure": {
        "azure": {
            "location": "westus3",
            "subscription_id": "11111111-2222-3333-4444-555555555555",
            "tenant_id": "11111111-2222-3333-4444-555555555555",
        }
    },
    "docker": {},
}


def spec(cloud: str, **gateway: object) -> dict[str, object]:
    service = {"app": "fastapi", "image": "ghcr.io/acme/gateway:1.4", "path": "/", **gateway}
    return {"cloud": cloud, **BLOCKS[cloud], "profile": "development", "services": {"gateway": service}}


def resource_of_user() -> pulumi.Output[str]:
    return pulumi_random.RandomPet("pet").id


def declared(spec: Mapping[str, object], **secrets: str) -> Inventory:
    return record(lambda: AgentPlatform("search", spec, secrets=secrets), project="shop", stack="prod")


@pytest.mark.parametrize("cloud", BLOCKS)
def test_names_begin_with_the_name_of_the_platform_in_any_project(cloud: str) -> None:
    inventory = declared(spec(cloud))
    assert inventory.custom
    assert {resource.name.partition("-")[0] for resource in inventory.resources} == {"search"}
    inputs = json.dumps([plain(dict(resource.inputs)) for resource in inventory.resources])
    assert "search" in inputs
    assert "prod" not in inputs.replace("production", "").replace("product", "")


@pytest.mark.parametrize("cloud", BLOCKS)
def test_two_platforms_in_one_program_share_no_name(cloud: str) -> None:
    docker = [{"docker": {"entry_port": port}} if cloud == "docker" else {} for port in (8443, 9443)]

    def program() -> None:
        AgentPlatform("search", {**spec(cloud), **docker[0]})
        AgentPlatform("answers", {**spec(cloud), **docker[1]})

    inventory = record(program)
    alone = record(lambda: AgentPlatform("answers", {**spec(cloud), **docker[1]}))
    second = [resource for resource in inventory.resources if resource.name.startswith("answers")]
    assert "search" not in json.dumps([plain(dict(resource.inputs)) for resource in second])
    assert [(r.urn, plain(dict(r.inputs))) for r in second] == [(r.urn, plain(dict(r.inputs))) for r in alone.resources]


def test_each_platform_in_a_program_finds_its_dns_zone_on_google_cloud() -> None:
    domains = {"search": "search.example.com", "answers": "agents.example.org"}

    def program() -> None:
        for name, domain in domains.items():
            AgentPlatform(name, {**spec("gcp"), "ingress": {"domain": domain}})

    inventory = record(program)
    zones = {name: inventory.one(f"{name}-entry-name").inputs["managedZone"] for name in domains}
    assert zones == {
        "search": "<dns:ManagedZone example.com>.name",
        "answers": "<dns:ManagedZone example.org>.name",
    }


def test_a_platform_in_a_program_finds_its_existing_network_by_tags() -> None:
    tags = {f"{tier}_subnet_tags": {"tier": tier} for tier in ("public", "private")}
    network = {"zones": 2, "existing": {"aws": {"vpc_tags": {"team": "platform"}, **tags}}}
    inventory = declared({**spec("aws"), "network": network})
    assert "<subnet tier=private 1>" in json.dumps([plain(dict(each.inputs)) for each in inventory.custom])


def test_the_name_of_the_stack_gives_the_names_of_a_stack_file() -> None:
    raw = production()
    secrets = dict.fromkeys(("OPENAI_API_KEY", "OS_SECURITY_KEY"), "value")
    listed = {key for service in raw["services"].values() for key in service.get("secrets", ())}  # type: ignore[union-attr]
    passed = {**secrets, **dict.fromkeys(listed, "value")}
    inventory = record(lambda: AgentPlatform("prod", raw, secrets={key: passed[key] for key in listed}))
    in_program = {(resource.type, resource.name) for resource in inventory.resources}
    assert in_program == {(resource.type, resource.name) for resource in plan(raw).resources}


@pytest.mark.parametrize("cloud", BLOCKS)
def test_images_environment_values_and_tags_can_be_outputs(cloud: str) -> None:
    def program() -> None:
        output = resource_of_user()
        settings = spec(cloud, image=output, environment={"INDEX": output, "MODE": "fast"})
        AgentPlatform("search", {**settings, "tags": {"owner": output, "team": "agents"}})

    text = json.dumps([plain(dict(resource.inputs)) for resource in record(program).resources])
    assert text.count("<random:RandomPet pet>.id") >= 3
    assert "deferred" not in text.replace("deferredImage", "")
    record(program, mode="unknown")


def test_the_permission_to_pull_an_output_image_names_its_repository() -> None:
    def program() -> None:
        address = pulumi.Output.from_input("111122223333.dkr.ecr.us-west-2.amazonaws.com/acme/chat@sha256:" + "1" * 64)
        AgentPlatform("search", spec("aws", image=address))

    policy = record(program).one("search-registry-gateway-pull").inputs["policy"]
    assert "arn:aws:ecr:us-west-2:111122223333:repository/acme/chat" in str(policy)


def test_an_output_that_decides_what_is_declared_is_refused_with_all_other_errors() -> None:
    def program() -> None:
        AgentPlatform("search", {**spec("aws", path=resource_of_user()), "databse": {}})

    with pytest.raises(InvalidConfiguration) as refused:
        record(program)
    keys = [error.key for error in refused.value.diagnostics]
    assert keys[:2] == ["services.gateway.path", "databse"]
    assert "an Output, whose value is known in the update only" in str(refused.value)


def test_a_login_for_an_output_image_is_refused() -> None:
    def program() -> None:
        AgentPlatform("search", spec("aws", image=resource_of_user(), image_credentials="REGISTRY"))

    with pytest.raises(InvalidConfiguration, match=r"services\.gateway\.image_credentials: a login belongs to"):
        record(program)


def test_a_listed_secret_without_a_value_is_refused() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        declared(spec("aws", secrets=[KEY]))
    assert str(refused.value) == (
        f"services.gateway.secrets: the secret {KEY} has no value. Pass its value in `secrets`."
    )


def test_a_secret_that_no_service_lists_is_refused_without_its_value() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        declared(spec("aws"), OTHER="the value")
    assert str(refused.value).startswith("secrets.OTHER: no service lists this secret")
    assert "the value" not in str(refused.value)


@pytest.mark.parametrize("cloud", BLOCKS)
def test_secrets_are_secret_wherever_they_are_declared(cloud: str) -> None:
    inventory = declared(spec(cloud, secrets=[KEY]), **{KEY: "sk-value"})
    text = json.dumps([plain(dict(resource.inputs)) for resource in inventory.resources])
    assert "sk-value" not in text
    assert any(Secret("sk-value") in _leaves(resource.inputs) for resource in inventory.resources) or cloud == "docker"


def _leaves(value: object) -> list[object]:
    leaves: list[object] = []
    walk(value, leaves.append)
    return leaves


def test_transforms_of_a_program_reach_the_resources_of_the_platform_alone() -> None:
    def shorter(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "random:index/randomPet:RandomPet" and "length" in args.props:
            return pulumi.ResourceTransformResult({**args.props, "length": 64}, args.opts)
        return None

    async def protected(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
        options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
        return pulumi.ResourceTransformResult(args.props, options)

    def program() -> None:
        pulumi_random.RandomPassword("mine", length=12)
        options = pulumi.ResourceOptions(transforms=[shorter, protected])
        settings = {**spec("docker", uses=["database"]), "database": {}}
        AgentPlatform("search", settings, options)

    inventory = record(program)
    password = inventory.one("search-database-password")
    assert password.inputs["length"] == 64
    assert password.protect
    mine = inventory.one("mine")
    assert mine.inputs["length"] == 12
    assert not mine.protect


def test_a_failing_transform_fails_the_recording() -> None:
    def failing(args: pulumi.ResourceTransformArgs) -> None:
        raise ValueError(f"no {args.name}")

    with pytest.raises(ValueError, match="no search"):
        record(lambda: AgentPlatform("search", spec("docker"), pulumi.ResourceOptions(transforms=[failing])))

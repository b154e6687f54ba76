"""Registries that exist already, on every cloud: images from them, nothing of an own registry, pushes to them, refusals."""

import json
from collections.abc import Mapping

import pytest

from automation.audit.evaluation import CheckVerdict
from automation.images import own_images
from automation.plan.build import plan_of
from automation.plan.existing_places import EXISTING_REGISTRIES, REGISTRY_ID
from automation.plan.inventory import Declared, Inventory, plain
from automation.plan.spec_keys import BASE
from automation.plan.summary import summary_of
from automation.stack.document import Stack, stack_of, with_values
from components.adjustments import adjustments
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, command_line, resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.existing_registry import written_image
from providers.contract.images import own_images as images_of_platform
from tests.audits import audited_with, result_of
from tests.contract.test_existing_stores import SERVICE
from tests.engine.fake_cloud.steps import lost, steps
from tests.planning import ROOT, recorded

ADDRESSES: Mapping[str, str] = {
    "aws": "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/web",
    "gcp": "us-docker.pkg.dev/acme-images/images/web",
    "azure": "acmeimages.azurecr.io/web",
    "docker": "registry.example.com:5000/team/web",
    "kubernetes": "registry.example.com/team/web",
}
REGISTRY_TYPES = ("ecr:Repository", "ecr:LifecyclePolicy", "artifactregistry:Repository", "containerregistry:Registry")
WITH_REGISTRY = [cloud for cloud in AVAILABLE if cloud not in ("docker", "kubernetes")]
IMAGE: Mapping[str, object] = {"services.web.image": "web:1.0", "kubernetes.registry": None}
BUILT: Mapping[str, object] = {"services.web.image": None, "services.web.build": {"context": "web"}}


def stack(cloud: str, changes: Mapping[str, object] | None = None, *, existing: object = ...) -> Stack:
    registry = EXISTING_REGISTRIES[cloud] if existing is ... else existing
    raw = with_values(BASE, {"cloud": cloud, **IMAGE, "registry.existing": registry, **(changes or {})})
    services = raw["services"]
    assert isinstance(services, dict)
    web = services["web"]
    services["web"] = {key: value for key, value in web.items() if value is not None}
    return stack_of("trial", {PLATFORM_KEY: raw})


def own(cloud: str) -> Stack:
    changes = {"cloud": cloud, "services.web.image": "web:1.0"}
    return stack_of("trial", {PLATFORM_KEY: with_values(BASE, changes)})


def errors(cloud: str, changes: Mapping[str, object] | None = None, *, existing: object = ...) -> list[str]:
    with pytest.raises(InvalidConfiguration) as refused:
        stack(cloud, changes, existing=existing)
    return [str(each) for each in refused.value.diagnostics]


def service(inventory: Inventory, cloud: str) -> Declared:
    kind = "docker:RemoteImage" if cloud == "docker" else SERVICE[cloud]
    (found,) = [each for each in inventory.of_type(kind) if each.name.endswith(("-compute-web", "-web-task", "-web"))]
    return found


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_service_runs_the_image_of_the_existing_registry(cloud: str) -> None:
    definition = json.dumps(plain(dict(service(recorded(stack(cloud)), cloud).inputs)))
    assert f"{ADDRESSES[cloud]}:1.0" in definition


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_nothing_of_an_own_registry_is_declared(cloud: str) -> None:
    types = [each.short_type for each in recorded(stack(cloud)).custom]
    assert [kind for kind in REGISTRY_TYPES if kind in types] == []
    if cloud in WITH_REGISTRY:
        assert [kind for kind in REGISTRY_TYPES if recorded(own(cloud)).of_type(kind)]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_stack_file_keeps_the_name_without_a_host(cloud: str) -> None:
    spec = stack(cloud).spec
    assert written_image(spec, "web") == "web:1.0"
    assert spec.services["web"].image == f"{ADDRESSES[cloud]}:1.0"
    assert images_of_platform(spec) == {}


@pytest.mark.parametrize("cloud", [each for each in AVAILABLE if each != "docker"])
def test_built_images_are_pushed_to_the_existing_registry(cloud: str) -> None:
    (image,) = own_images(stack(cloud, BUILT).spec, "trial")
    assert (image.repository, image.image.name, image.image.registry) == (ADDRESSES[cloud], "web", None)
    assert not image.built
    assert image.build is not None


def test_on_a_docker_host_built_images_stay_on_the_host_and_others_are_pulled() -> None:
    built = stack("docker", {**BUILT, "services.page": {"app": "fastapi", "image": "page:1.0"}})
    assert [image.service for image in own_images(built.spec, "trial")] == ["web"]
    assert built.spec.services["page"].image == "registry.example.com:5000/team/page:1.0"
    (note,) = [each for each in adjustments(built.spec) if each.key == "registry.existing"]
    assert note.reason == "images of web are built on this host, and neither pushed nor pulled"


@pytest.mark.parametrize("cloud", [each for each in AVAILABLE if each != "docker"])
def test_commands_use_the_address_and_no_address_of_a_standby_registry(cloud: str) -> None:
    spec = stack(cloud).spec
    assert command_line(cloud).repositories(spec, "trial") == {"web": ADDRESSES[cloud]}
    assert command_line(cloud).standby_repositories(spec, "trial") == {}


@pytest.mark.parametrize("cloud", WITH_REGISTRY)
def test_docker_logs_in_to_the_existing_registry_alone(cloud: str) -> None:
    (login,) = command_line(cloud).registry_login(stack(cloud).spec, "trial")
    host = ADDRESSES[cloud].partition("/")[0]
    assert any(host in word for word in login.arguments)
    assert login.stdin is not None


@pytest.mark.parametrize("cloud", WITH_REGISTRY)
def test_a_move_to_an_existing_registry_deletes_the_own_one_as_the_table_states(cloud: str) -> None:
    traits = resource_traits(cloud)
    deleted = {step.type for step in lost(steps(recorded(own(cloud)), recorded(stack(cloud))), traits.holds)}
    assert deleted == {row.type for row in traits.losing if row.key == "registry.existing"}


@pytest.mark.parametrize("cloud", WITH_REGISTRY)
def test_the_plan_says_what_the_owner_decides(cloud: str) -> None:
    (note,) = [each for each in adjustments(stack(cloud).spec) if each.key == "registry.existing"]
    assert note.reason.startswith("scans, immutable tags, retention and encryption are those of its owner")
    summary = summary_of(plan_of(stack(cloud), ROOT))
    assert [image.source for image in summary.images] == ["existing registry"]


@pytest.mark.parametrize("cloud", WITH_REGISTRY)
def test_the_audit_leaves_the_registry_to_its_owner(cloud: str) -> None:
    blocks = {**EXISTING_REGISTRIES, "aws": {"aws": {"repositories": {"chat": "chat", "worker": "worker"}}}}
    result = result_of(audited_with(cloud, {"registry.existing": blocks[cloud]}), "images-are-scanned")
    assert result.verdict is CheckVerdict.ONLY_LIVE or cloud == "gcp"  # its remote repositories are the platform's
    if cloud != "gcp":
        assert "their owner decides" in result.note or "its owner decides" in result.note


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_an_image_with_a_host_is_not_in_the_existing_registry(cloud: str) -> None:
    spec = stack(cloud, {"services.other": {"app": "fastapi", "image": "ghcr.io/acme/other:1.0"}}).spec
    assert list(spec.stored_images) == ["web"]
    assert spec.services["other"].image == "ghcr.io/acme/other:1.0"


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_registry_without_an_image_is_refused(cloud: str) -> None:
    found = errors(cloud, {"services.web.image": "ghcr.io/acme/web:1.0"})
    assert any("registry.existing: no image is in it: every image names its registry." in each for each in found)


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_registry_of_another_cloud_is_refused(cloud: str) -> None:
    other = "gcp" if cloud == "aws" else "aws"
    found = errors(cloud, existing=EXISTING_REGISTRIES[other])
    assert any(f"it names a registry on {other}, and the cloud is {cloud}" in each for each in found)
    assert any("registry.existing: it names no registry" in each for each in errors(cloud, existing={}))


REFUSED: Mapping[str, tuple[str, Mapping[str, object], object, str]] = {
    "a repository of ECR is missing": (
        "aws", {"services.page": {"app": "fastapi", "image": "page:1.0"}}, ...,
        "registry.existing.aws.repositories: no repository is named for the image page of page. Add page, with the name or the "
        "ARN of its repository.",
    ),
    "a repository of ECR is not used": (
        "aws", {}, {"aws": {"repositories": {"web": "web", "pgae": "page"}}},
        "registry.existing.aws.repositories.pgae: no service has this image. Remove it, or correct its name.",
    ),
    "a repository of another partition": (
        "aws", {}, {"aws": {"repositories": {"web": "arn:aws-cn:ecr:cn-north-1:111122223333:repository/web"}}},
        "registry.existing.aws.repositories.web: aws-cn is another partition than that of us-west-2, and roles work in one. "
        "Use a repository of aws.",
    ),
    "a host in place of a repository": (
        "gcp", {}, {"gcp": {"repository": "us-docker.pkg.dev/acme-images/images"}}, "registry.existing.gcp.repository:",
    ),
    "a login server in place of an ID": (
        "azure", {}, {"azure": {"registry_id": "acmeimages.azurecr.io"}}, "registry.existing.azure.registry_id:",
    ),
    "a scheme": (
        "docker", {}, {"docker": {"address": "https://registry.example.com"}}, "registry.existing.docker.address:",
    ),
    "no host": ("kubernetes", {}, {"kubernetes": {"address": "team"}}, "registry.existing.kubernetes.address:"),
    "two registries of a cluster": (
        "kubernetes", {"kubernetes.registry": "ghcr.io/acme"}, ...,
        "kubernetes.registry: registry.existing.kubernetes names the registry already. Remove one of the two.",
    ),
    "a build with an image elsewhere": (
        "gcp",
        {"services.page": {"app": "fastapi", "image": "ghcr.io/acme/page:1.0", "build": {"context": "page"}}}, ...,
        "services.page.build: images are pushed to the platform's own registry, and `image` names ghcr.io.",
    ),
    "the tag latest": (
        "gcp", {"services.web.image": "web"}, ...,
        'services.web.image: "web" means the tag `latest`, which changes over time. Use a tag (web:1.0) or a digest.',
    ),
    "credentials of ECR": (
        "aws", {"services.web.image_credentials": "LOGIN"}, ...,
        "services.web.image_credentials: not supported on aws: ECR accepts no user name and password",
    ),
    "a registry on the internet without outbound access": (
        "azure", {"network.private_endpoints": True, "network.egress": "none"},
        {"azure": {"registry_id": REGISTRY_ID, "private_endpoint": False}},
        "registry.existing.azure.private_endpoint: not supported on azure: acmeimages.azurecr.io cannot be reached while "
        "network.egress is none.",
    ),
    "ECR of another region without outbound access": (
        "aws", {"network.private_endpoints": True, "network.egress": "none"},
        {"aws": {"repositories": {"web": "arn:aws:ecr:eu-west-1:444455556666:repository/web"}}},
        "services.web.image: not supported on aws:",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cloud", "changes", "existing", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_registry_that_does_not_fit_is_refused(
    cloud: str, changes: Mapping[str, object], existing: object, sentence: str
) -> None:
    assert any(each.startswith(sentence) for each in errors(cloud, changes, existing=existing))

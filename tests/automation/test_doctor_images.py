"""Checks of the doctor on images and on the programs that build and push them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.engine.checks import images, tools
from automation.engine.network import OFFLINE, HttpReply, fetch
from automation.engine.registry_client import anonymous_access
from automation.plan.existing_places import EXISTING_REGISTRIES
from automation.processes import CompletedCommand
from automation.stack.document import Stack
from tests.automation.check_inputs import check_input, replies, stack, tool

HOSTED = "ghcr.io/acme/web:1.0"
MANIFEST = "https://ghcr.io/v2/acme/web/manifests/1.0"
TOKEN = "https://ghcr.io/token"
CHALLENGE = HttpReply(401, {"www-authenticate": f'Bearer realm="{TOKEN}",service="ghcr.io",scope="repository:x:pull"'})
GRANTED = HttpReply(200, {}, json.dumps({"token": "anonymous"}).encode())
REFUSED = HttpReply(403)
FOUND = CompletedCommand(0, "manifest", "")
ABSENT = CompletedCommand(1, "", "ERROR: 1.dkr.ecr.us-west-2.amazonaws.com/trial-web:1.0: not found")
NO_LOGIN = CompletedCommand(1, "", "ERROR: no basic auth credentials")
INSPECT = "docker buildx imagetools inspect"


def registry(manifest: HttpReply, token: HttpReply = GRANTED) -> Mapping[str, HttpReply]:
    """Return a registry that asks for a token and answers a request with one by `manifest`."""
    return {MANIFEST: CHALLENGE, TOKEN: token, f"token {MANIFEST}": manifest}


def using(image: str, cloud: str = "aws", **values: object) -> Stack:
    return stack(
        cloud, {"services.web.image": image, **{f"services.web.{key}": value for key, value in values.items()}}
    )


@pytest.mark.parametrize(
    ("network", "access"),
    [
        ({MANIFEST: HttpReply(200)}, "public"),
        (registry(HttpReply(200)), "public"),
        (registry(HttpReply(404)), "missing"),
        (registry(HttpReply(401)), "denied"),
        (registry(HttpReply(200), token=REFUSED), "denied"),
        (registry(HttpReply(200), token=OFFLINE), "denied"),
        (registry(HttpReply(429)), "unknown"),
        ({MANIFEST: HttpReply(401, {"www-authenticate": 'Basic realm="x"'})}, "denied"),
        ({MANIFEST: HttpReply(401, {"www-authenticate": 'Bearer realm="http://plain.example"'})}, "denied"),
        ({}, "unknown"),
    ],
)
def test_the_access_to_an_image_follows_from_the_registrys_answers(
    network: Mapping[str, HttpReply], access: str
) -> None:
    assert anonymous_access(HOSTED, replies(network)) == access


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("docker.io/nginx:1", "https://registry-1.docker.io/v2/library/nginx/manifests/1"),
        ("docker.io/acme/web", "https://registry-1.docker.io/v2/acme/web/manifests/latest"),
        (f"quay.io/a/b:1@sha256:{'5' * 64}", f"https://quay.io/v2/a/b/manifests/sha256:{'5' * 64}"),
    ],
)
def test_the_address_of_a_manifest_is_that_of_the_registrys_api(reference: str, url: str) -> None:
    assert anonymous_access(reference, replies({url: HttpReply(200)})) == "public"


def test_a_request_that_is_not_encrypted_is_not_sent() -> None:
    assert fetch("GET", "http://127.0.0.1:9/", {}) == OFFLINE
    assert fetch("GET", "file:///etc/hostname", {}) == OFFLINE


def test_a_server_that_does_not_answer_is_offline() -> None:
    assert fetch("GET", "https://127.0.0.1:9/", {}) == OFFLINE


def test_a_public_image_is_ok_and_a_private_one_fails_with_the_ways_out(tmp_path: Path) -> None:
    public = check_input(tmp_path, fetch=replies(registry(HttpReply(200))))
    assert images.check_hosted_images(public, using(HOSTED)).verdict == "ok"
    private = check_input(tmp_path, fetch=replies(registry(HttpReply(404))), run_tool=tool({INSPECT: FOUND}))
    finding = images.check_hosted_images(private, using(HOSTED))
    assert (finding.verdict, "image_credentials" in finding.fix) == ("failed", True)


def test_an_image_is_unknown_without_a_network(tmp_path: Path) -> None:
    finding = images.check_hosted_images(check_input(tmp_path), using(HOSTED))
    assert (finding.verdict, finding.fix) == ("unknown", f"check with `{INSPECT} {HOSTED}`")


@pytest.mark.parametrize(("docker", "verdict"), [(FOUND, "ok"), (NO_LOGIN, "unknown")])
def test_an_image_with_credentials_is_checked_by_dockers_login(
    tmp_path: Path, docker: CompletedCommand, verdict: str
) -> None:
    facts = check_input(tmp_path, fetch=replies(registry(HttpReply(403))), run_tool=tool({INSPECT: docker}))
    assert images.check_hosted_images(facts, using(HOSTED, image_credentials="GHCR")).verdict == verdict


def test_a_registry_of_the_cloud_itself_answers_nobody_without_a_login(tmp_path: Path) -> None:
    own = using("111122223333.dkr.ecr.us-west-2.amazonaws.com/web:1.0")
    assert images.check_hosted_images(check_input(tmp_path), own).verdict == "unknown"


def test_a_platform_without_hosted_images_is_ok(tmp_path: Path) -> None:
    assert images.check_hosted_images(check_input(tmp_path), using("web:1.0")).verdict == "ok"


def test_an_image_that_up_builds_is_ok(tmp_path: Path) -> None:
    unbuilt = stack(changes={"services.web": {"app": "fastapi", "build": {"context": "."}}})
    finding = images.check_own_images(check_input(tmp_path), unbuilt)
    assert (finding.verdict, finding.observed) == ("ok", "`up` builds web")


def test_an_image_that_was_not_pushed_fails_with_the_command_that_pushes_it(tmp_path: Path) -> None:
    finding = images.check_own_images(check_input(tmp_path, run_tool=tool({INSPECT: ABSENT})), using("web:1.0"))
    assert "`agent-platform images push trial web --from IMAGE`" in finding.fix


@pytest.mark.parametrize(
    ("docker", "verdict"), [(FOUND, "ok"), (ABSENT, "failed"), (NO_LOGIN, "unknown"), (None, "unknown")]
)
def test_own_images_are_looked_up_in_the_stacks_registry(
    tmp_path: Path, docker: CompletedCommand | None, verdict: str
) -> None:
    facts = check_input(tmp_path, run_tool=tool({INSPECT: docker} if docker else {}))
    assert images.check_own_images(facts, using("web:1.0")).verdict == verdict
    assert images.check_own_images(facts, using(HOSTED)).verdict == "ok"


@pytest.mark.parametrize(
    ("result", "verdict"), [(FOUND, "ok"), (CompletedCommand(1, "", "No such image"), "failed"), (None, "unknown")]
)
def test_images_of_a_docker_host_are_looked_up_on_it(
    tmp_path: Path, result: CompletedCommand | None, verdict: str
) -> None:
    facts = check_input(tmp_path, run_tool=tool({"docker image inspect": result} if result else {}))
    assert images.check_own_images(facts, using("web:1.0", "docker")).verdict == verdict


BUILT = {"services.web": {"app": "fastapi", "build": {"context": "."}}}
DOCKER = CompletedCommand(0, "29.0.1\n", "")


@pytest.mark.parametrize(
    ("programs", "verdict"),
    [
        ({"docker version": DOCKER, "docker buildx": FOUND}, "ok"),
        ({"docker version": DOCKER, "docker buildx": CompletedCommand(1, "", "unknown command")}, "failed"),
        ({"docker version": CompletedCommand(1, "", "Cannot connect to the Docker daemon")}, "failed"),
        ({}, "failed"),
    ],
)
def test_an_image_to_build_needs_docker_with_buildx(
    tmp_path: Path, programs: Mapping[str, CompletedCommand], verdict: str
) -> None:
    finding = tools.check_docker(check_input(tmp_path, run_tool=tool(programs)), stack(changes=BUILT))
    assert finding.verdict == verdict
    assert bool(finding.fix) == (verdict == "failed")


def test_a_docker_stack_builds_its_images_without_buildx(tmp_path: Path) -> None:
    facts = check_input(tmp_path, run_tool=tool({"docker version": DOCKER}))
    assert tools.check_docker(facts, stack("docker", BUILT)).verdict == "ok"


def test_a_stack_of_hosted_images_needs_no_docker(tmp_path: Path) -> None:
    assert tools.check_docker(check_input(tmp_path), using(HOSTED)).verdict == "ok"


@pytest.mark.parametrize(
    ("changes", "installed", "verdict"), [(BUILT, True, "ok"), (BUILT, False, "failed"), ({}, False, "ok")]
)
def test_the_clouds_command_line_must_be_installed_where_images_are_pushed(
    tmp_path: Path, changes: Mapping[str, object], installed: bool, verdict: str
) -> None:
    facts = check_input(tmp_path, run_tool=tool({"aws": FOUND, "session-manager-plugin": FOUND} if installed else {}))
    assert tools.check_command_line(facts, stack(changes=changes)).verdict == verdict


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure", "kubernetes"])
def test_images_of_an_existing_registry_are_those_of_the_stack(tmp_path: Path, cloud: str) -> None:
    changes = {
        "registry.existing": EXISTING_REGISTRIES[cloud],
        "services.web.image": "web:1.0",
        "kubernetes.registry": None,
    }
    used = stack(cloud, changes)
    assert images.check_hosted_images(check_input(tmp_path), used).observed == "no image is in another registry"
    address = used.spec.services["web"].image
    found = check_input(tmp_path, run_tool=tool({f"{INSPECT} {address}": FOUND}))
    assert images.check_own_images(found, used).observed == "the images of web are in the stack's registry"
    absent = images.check_own_images(check_input(tmp_path, run_tool=tool({INSPECT: ABSENT})), used)
    assert (absent.verdict, absent.fix) == ("failed", "run `agent-platform images push trial web --from IMAGE`")


def test_an_image_that_docker_pulls_from_an_existing_registry_is_in_another_one(tmp_path: Path) -> None:
    used = stack("docker", {"registry.existing": EXISTING_REGISTRIES["docker"], "services.web.image": "web:1.0"})
    found = check_input(tmp_path, run_tool=tool({INSPECT: FOUND}))
    assert images.check_hosted_images(found, used).observed == "registry.example.com:5000/team/web:1.0 can be pulled"
    assert images.check_own_images(found, used).verdict == "ok"

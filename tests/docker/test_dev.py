"""Services that run from their source folder: what is declared, and what stays as `up` declares it."""

import pytest

from automation.plan.inventory import Inventory
from providers.docker.entry.haproxy import configuration
from providers.docker.naming import DEV_LABEL
from providers.docker.preflight.daemon import fields
from tests.docker.plans import command, container, networks, settings, variables, words
from tests.docker.specs import context_of, refusals
from tests.planning import plan, production

FROM_SOURCE = {
    "folders": {"/srv": "/home/user/chat", "/opt/agent-platform-dev": "/home/user/.local/dev/tools"},
    "command": ["python3", "/opt/agent-platform-dev/supervisor.py", "--", "uvicorn", "app:app"],
    "environment": {"WEB_CONCURRENCY": "1"},
    "vcpu": 2,
}
CHANGES = {"profile": "development", "docker.dev": {"chat": FROM_SOURCE}}
ONE = {"services.chat.replicas": {"min": 1, "max": 1}}
NAME = "compute-chat-1"


@pytest.fixture(scope="module")
def built() -> Inventory:
    """Stack whose services run images."""
    return plan(production({"profile": "development"}, cloud="docker"))


@pytest.fixture(scope="module")
def dev() -> Inventory:
    """The same stack with one service from its source."""
    return plan(production({**CHANGES, **ONE}, cloud="docker"))


def test_a_service_runs_from_read_only_folders_of_this_machine(dev: Inventory) -> None:
    mounts = {
        mount["containerPath"]: mount for mount in settings(container(dev, NAME), "volumes") if "hostPath" in mount
    }
    assert {path: mount["hostPath"] for path, mount in mounts.items()} == FROM_SOURCE["folders"]
    assert all(mount["readOnly"] is True for mount in mounts.values())


def test_its_command_replaces_entry_point_and_arguments(dev: Inventory) -> None:
    chat = container(dev, NAME)
    assert words(chat, "entrypoints") == ["python3"]
    assert command(chat) == ["/opt/agent-platform-dev/supervisor.py", "--", "uvicorn", "app:app"]


def test_an_update_waits_for_no_health_check_of_it(dev: Inventory) -> None:
    chat = container(dev, NAME)
    assert fields(chat.inputs["healthcheck"])["tests"] == ["NONE"]
    assert not chat.inputs.get("wait")


def test_it_has_the_label_by_which_it_is_found(dev: Inventory) -> None:
    labels = {str(label["label"]): label["value"] for label in settings(container(dev, NAME), "labels")}
    assert labels[DEV_LABEL] == "true"
    others = settings(container(dev, "compute-gateway-1"), "labels")
    assert DEV_LABEL not in {label["label"] for label in others}


def test_variables_secrets_networks_and_hardening_stay(built: Inventory, dev: Inventory) -> None:
    before, after = container(built, NAME), container(dev, NAME)
    assert variables(after) == {**variables(before), "WEB_CONCURRENCY": "1"}
    assert networks(after) == networks(before)
    for key in (
        "readOnly",
        "capabilities",
        "securityOpts",
        "memory",
        "memorySwap",
        "user",
        "tmpfs",
        "logOpts",
        "image",
    ):
        assert after.inputs.get(key) == before.inputs.get(key), key
    assert "ports" not in after.inputs


def test_a_stack_without_a_service_from_source_declares_what_it_did(built: Inventory) -> None:
    chat = container(built, NAME)
    assert "entrypoints" not in chat.inputs
    assert chat.inputs["wait"] is True
    assert "NONE" not in words(chat, "command")


def test_the_entry_waits_for_a_service_that_restarts() -> None:
    text = configuration(context_of({"profile": "development", "docker.dev": {"gateway": FROM_SOURCE}}))
    (backend,) = [part for part in text.split("\n\n") if part.startswith("backend gateway")]
    assert "timeout connect 100ms" in backend
    assert "retries 100" in backend
    assert "option httpchk" not in backend
    assert "mark-down" not in backend
    (other,) = [part for part in text.split("\n\n") if part.startswith("backend chat")] or [""]
    assert not other or "mark-down" in other


def test_production_runs_no_source_folder() -> None:
    messages = [str(each) for each in refusals({"docker.dev": {"chat": FROM_SOURCE}})]
    assert messages == [
        "docker.dev.chat: not supported on docker: a production stack runs images, and no source folder. "
        "Run `agent-platform dev` on a stack with `profile: development`."
    ]


def test_an_unknown_service_is_refused_with_the_nearest_name() -> None:
    messages = [str(each) for each in refusals({"profile": "development", "docker.dev": {"chta": FROM_SOURCE}})]
    assert messages == ["docker.dev.chta: no service chta (did you mean chat). Remove it."]

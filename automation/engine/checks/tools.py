"""Checks of the programs on this machine: docker with buildx, and the cloud's own command line."""

from automation.engine.checks.evidence import COMMAND_TIMEOUT_SECONDS
from automation.engine.findings import CheckInput, Finding, failed, ok
from automation.stack.document import Stack
from providers import command_line
from providers.contract.images import parse_image

DOCKER = ("docker", "version", "--format", "{{.Server.Version}}")
BUILDX = ("docker", "buildx", "version")
INSTALL_DOCKER = "install Docker Engine: https://docs.docker.com/engine/install"
INSTALL_BUILDX = "install the plugin docker-buildx: https://github.com/docker/buildx#installing"


def pushes_images(stack: Stack) -> bool:
    """True when this machine builds or pushes an image of the stack."""
    services = stack.spec.services.values()
    return any(one.build is not None or parse_image(one.image).registry is None for one in services)


def check_docker(facts: CheckInput, stack: Stack) -> Finding:
    """Check that docker answers where an image is pushed or the stack runs, and buildx where an image is built."""
    subject = "docker"
    builds = any(one.build is not None for one in stack.spec.services.values())
    if not pushes_images(stack) and stack.spec.cloud != "docker":
        return ok(subject, "not needed: no image is built or pushed here")
    server = facts.run_tool(DOCKER, COMMAND_TIMEOUT_SECONDS)
    if server.exit_code is None:
        problem = "docker is not installed or does not answer"
        return failed(subject, problem, f"{INSTALL_DOCKER}; or push the images on another machine")
    if server.exit_code != 0:
        return failed(subject, "docker cannot reach its daemon", "start Docker, or set DOCKER_HOST to its address")
    if builds and facts.run_tool(BUILDX, COMMAND_TIMEOUT_SECONDS).exit_code != 0:
        return failed(subject, f"Docker {server.stdout.strip()} has no buildx", INSTALL_BUILDX)
    return ok(subject, f"Docker {server.stdout.strip()}{' with buildx' if builds else ''}")


def check_command_line(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the cloud's own command line is installed; `up` needs it only to push images."""
    subject = "command line"
    programs = [one for one in command_line(stack.spec.cloud).programs if one.name != "docker"]
    missing = [one for one in programs if facts.run_tool(one.check, COMMAND_TIMEOUT_SECONDS).exit_code is None]
    if not missing:
        return ok(subject, f"{', '.join(one.name for one in programs)} answers" if programs else "none is needed")
    names = ", ".join(one.name for one in missing)
    if pushes_images(stack):
        fix = "; ".join(one.install for one in missing)
        return failed(subject, f"{names} is not installed, and `images`, `logs`, `run` and `exec` use it", fix)
    return ok(subject, f"{names} is not installed; only `images`, `logs`, `run` and `exec` use it")

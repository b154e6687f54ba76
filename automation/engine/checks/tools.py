"""Checks of the programs on this machine: docker with buildx, and the cloud's own command line."""

from automation.command_errors import DOCKER as DOCKER_PROGRAM
from automation.command_errors import INSTALL_BUILDX
from automation.engine.checks.evidence import COMMAND_TIMEOUT_SECONDS
from automation.engine.findings import CheckInput, Finding, failed, ok
from automation.stack.document import Stack
from providers import command_line

DOCKER = ("docker", "version", "--format", "{{.Server.Version}}")
BUILDX = ("docker", "buildx", "version")


def builds_images(stack: Stack) -> bool:
    """True when `up` builds and pushes an image of the stack on this machine."""
    return any(one.build is not None and not one.built for one in stack.spec.services.values())


def check_docker(facts: CheckInput, stack: Stack) -> Finding:
    """Check that docker answers where the stack runs on it or an image is to be built; images for a cloud need buildx."""
    subject, on_host = "docker", stack.spec.cloud == "docker"
    pushes = builds_images(stack) and not on_host
    if not pushes and not on_host:
        return ok(subject, "not needed: no image is to be built")
    server = facts.run_tool(DOCKER, COMMAND_TIMEOUT_SECONDS)
    if server.exit_code is None:
        problem = "docker is not installed or does not answer"
        return failed(subject, problem, DOCKER_PROGRAM.install)
    if server.exit_code != 0:
        return failed(subject, "docker cannot reach its daemon", "start Docker, or set DOCKER_HOST to its address")
    if pushes and facts.run_tool(BUILDX, COMMAND_TIMEOUT_SECONDS).exit_code != 0:
        return failed(subject, f"Docker {server.stdout.strip()} has no buildx", INSTALL_BUILDX)
    return ok(subject, f"Docker {server.stdout.strip()}{' with buildx' if pushes else ''}")


def check_command_line(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the cloud's own command line is installed; `up` needs it to push an image that it builds."""
    subject = "command line"
    programs = [one for one in command_line(stack.spec.cloud).programs if one.name != "docker"]
    missing = [one for one in programs if facts.run_tool(one.check, COMMAND_TIMEOUT_SECONDS).exit_code is None]
    if not missing:
        return ok(subject, f"{', '.join(one.name for one in programs)} answers" if programs else "none is needed")
    names = ", ".join(one.name for one in missing)
    if builds_images(stack):
        fix = "; ".join(one.install for one in missing)
        return failed(subject, f"{names} is not installed, and pushing images needs it", fix)
    return ok(subject, f"{names} is not installed; only `images`, `logs`, `run` and `exec` use it")

"""Checks of the images: those of other registries can be pulled, those of the stack's own registry are there."""

from automation.engine.checks.evidence import COMMAND_TIMEOUT_SECONDS, shown
from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.engine.registry_client import anonymous_access
from automation.processes import CompletedCommand
from automation.stack.document import Stack
from providers import command_line
from providers.contract.images import parse_image
from providers.contract.spec import Service

CLOUD_REGISTRIES = {
    "aws": (".amazonaws.com",),
    "gcp": ("-docker.pkg.dev", "gcr.io"),
    "azure": (".azurecr.io",),
    "docker": (),
    "kubernetes": (),
}
"""Ends of registry hosts that a cloud reads with its own identities, so that an anonymous request proves nothing."""
ABSENT = ("not found", "manifest unknown", "name unknown", "no such manifest", "does not exist")
"""Parts of an error of docker for an image that is not in a registry that answers."""


def hosted_images(stack: Stack) -> dict[str, Service]:
    """Return one service for each image of another registry than that of the stack."""
    own = command_line(stack.spec.cloud).repositories(stack.spec, stack.name)
    services = {name: one for name, one in stack.spec.services.items() if name not in own}
    return {one.image: one for one in services.values() if one.built and parse_image(one.image).registry is not None}


def check_hosted_images(facts: CheckInput, stack: Stack) -> Finding:
    """Check that images of other registries can be pulled, by a request without credentials."""
    subject, hosted = "hosted images", hosted_images(stack)
    if not hosted:
        return ok(subject, "no image is in another registry")
    states = {image: _hosted_state(facts, stack, image, service) for image, service in hosted.items()}
    refused = [image for image, state in states.items() if state == "refused"]
    if refused:
        fix = (
            "correct the reference, make the image public, set `image_credentials`, or push it to the stack's registry: "
            f"`agent-platform images list {stack.name}` shows the address"
        )
        return failed(subject, f"{', '.join(refused)} cannot be pulled without credentials", fix)
    unclear = [image for image, state in states.items() if state == "unclear"]
    if unclear:
        commands = ", ".join(f"`{shown(inspect_command(image))}`" for image in unclear)
        return unknown(subject, f"{', '.join(unclear)} cannot be checked from here", f"check with {commands}")
    return ok(subject, f"{', '.join(hosted)} can be pulled")


def _hosted_state(facts: CheckInput, stack: Stack, image: str, service: Service) -> str:
    """Return `pullable`, `refused` or `unclear`; with credentials, docker's own login is the evidence."""
    registry = parse_image(image).registry or ""
    own = registry.endswith(CLOUD_REGISTRIES[stack.spec.cloud])
    access = anonymous_access(image, facts.fetch)
    if access == "public":
        return "pullable"
    if inspect(facts, image).exit_code == 0 and (own or service.image_credentials or stack.spec.cloud == "docker"):
        return "pullable"
    return "unclear" if access == "unknown" or own or service.image_credentials else "refused"


def inspect_command(image: str) -> tuple[str, ...]:
    """Return the command that reads the manifest of an image with docker's logins."""
    return ("docker", "buildx", "imagetools", "inspect", image)


def inspect(facts: CheckInput, image: str) -> CompletedCommand:
    """Read the manifest of an image with docker; the exit code is None without docker."""
    return facts.run_tool(inspect_command(image), COMMAND_TIMEOUT_SECONDS)


def check_own_images(facts: CheckInput, stack: Stack) -> Finding:
    """Check that images of the stack's registry without a `build` key are pushed; `up` builds and pushes the others."""
    subject, spec = "own images", stack.spec
    unbuilt = [name for name, service in spec.services.items() if not service.built]
    addresses = command_line(spec.cloud).repositories(spec, stack.name)
    own = {
        name: one
        for name, one in spec.services.items()
        if one.build is None and (name in addresses or not parse_image(one.image).registry)
    }
    if not own:
        return ok(subject, f"`up` builds {', '.join(unbuilt)}" if unbuilt else "no image is to be pushed by hand")
    if spec.cloud == "docker":
        return _local_images(facts, own)
    images = {
        name: f"{addresses[name]}{parse_image(one.image).suffix}" for name, one in own.items() if name in addresses
    }
    results = {name: inspect(facts, image) for name, image in images.items()}
    absent = [name for name, result in results.items() if _is_absent(result)]
    if absent:
        push = ", ".join(f"`agent-platform images push {stack.name} {name} --from IMAGE`" for name in absent)
        first = f"; where the registry does not exist yet, run `agent-platform up {stack.name}` first"
        fix = f"run {push}{'' if spec.stored_images else first}"
        return failed(subject, f"the images of {', '.join(absent)} are not in the stack's registry", fix)
    unclear = [name for name, result in results.items() if result.exit_code != 0]
    if unclear:
        fix = f"check with `agent-platform images list {stack.name}`"
        return unknown(subject, f"the images of {', '.join(unclear)} cannot be read without docker and a login", fix)
    return ok(subject, f"the images of {', '.join(images)} are in the stack's registry")


def _is_absent(result: CompletedCommand) -> bool:
    return result.exit_code not in (0, None) and any(part in result.stderr.lower() for part in ABSENT)


def _local_images(facts: CheckInput, own: dict[str, Service]) -> Finding:
    results = {
        one.image: facts.run_tool(
            ("docker", "image", "inspect", "--format", "{{.Id}}", one.image), COMMAND_TIMEOUT_SECONDS
        )
        for one in own.values()
    }
    absent = [image for image, result in results.items() if result.exit_code not in (0, None)]
    if absent:
        fix = f"build it with `docker build --tag {absent[0]} FOLDER`, or describe it by `build`"
        return failed("own images", f"{', '.join(absent)} is not on this host", fix)
    if any(result.exit_code is None for result in results.values()):
        return unknown("own images", "docker does not answer", "check with `docker image ls`")
    return ok("own images", f"{', '.join(results)} are on this host")

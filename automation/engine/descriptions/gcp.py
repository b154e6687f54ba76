"""Existing network and repository as the Google Cloud CLI describes them."""

from collections.abc import Iterator

from pydantic import BaseModel

from automation.engine.descriptions import Reader
from automation.stack.document import Stack
from providers.contract.diagnostics import ConfigError
from providers.gcp.base.existing_registry import KEY, existing_repository
from providers.gcp.network import existing_checks
from providers.gcp.network.existing_checks import GcpNetworkFacts, GcpRangeFacts, GcpSubnetFacts, check_found
from providers.gcp.network.existing_limits import existing_network, needs_range, network_project


class _Network(BaseModel):
    name: str


class _Subnetwork(BaseModel):
    name: str
    ipCidrRange: str = ""
    network: str = ""
    privateIpGoogleAccess: bool = False
    stackType: str = ""


class _Range(BaseModel):
    address: str = ""
    prefixLength: int = 0
    purpose: str = ""
    network: str = ""


class _Zone(BaseModel):
    dnsName: str
    visibility: str = ""


class _ArtifactRepository(BaseModel):
    format: str = ""
    mode: str = "STANDARD_REPOSITORY"


def network_errors(reader: Reader, stack: Stack) -> Iterator[ConfigError]:
    """Yield an error for each property of the existing network that does not fit; raises NotRead and InvalidConfiguration."""
    spec, block = stack.spec, existing_network(stack.spec)
    if block is None:
        return
    place = (f"--project={network_project(spec)}", "--format=json")
    networks = reader.read(list[_Network], "gcloud", "compute", "networks", "list", *place)
    listed = ("gcloud", "compute", "networks", "subnets", "list", f"--regions={spec.home_region}")
    subnets = {each.name: each for each in reader.read(list[_Subnetwork], *listed, *place)}
    check_found(spec, frozenset(each.name for each in networks), frozenset(subnets))
    subnet = subnets[str(block.subnetwork)]
    zones = reader.read(list[_Zone], "gcloud", "dns", "managed-zones", "list", *place)
    facts = GcpNetworkFacts(
        subnet=GcpSubnetFacts(subnet.ipCidrRange, subnet.network, subnet.privateIpGoogleAccess, subnet.stackType),
        private_range=_range(reader, stack, place),
        private_zones=frozenset(each.dnsName for each in zones if each.visibility == "private"),
    )
    yield from existing_checks.network_errors(spec, facts)


def registry_errors(reader: Reader, stack: Stack) -> Iterator[ConfigError]:
    """Yield an error for each property of the existing repository that does not fit; raises NotRead."""
    repository = existing_repository(stack.spec)
    if repository is None:
        return
    place = (f"--project={repository.project}", f"--location={repository.location}", "--format=json")
    found = reader.read(_ArtifactRepository, "gcloud", "artifacts", "repositories", "describe", repository.name, *place)
    if found.format != "DOCKER":
        problem = f"{repository.name} has the format {found.format.lower()}, which stores no images"
        yield ConfigError(KEY, problem, "use a repository of format docker")
    built = [name for name in stack.spec.stored_images if stack.spec.services[name].build is not None]
    if built and found.mode != "STANDARD_REPOSITORY":
        problem = f"{repository.name} has the mode {found.mode}, to which no image can be pushed"
        yield ConfigError(KEY, problem, "use a standard repository for services with `build`")


def _range(reader: Reader, stack: Stack, place: tuple[str, ...]) -> GcpRangeFacts | None:
    block = existing_network(stack.spec)
    if block is None or block.private_range is None or not needs_range(stack.spec):
        return None
    command = ("gcloud", "compute", "addresses", "describe", block.private_range, "--global")
    found = reader.read(_Range, *command, *place)
    return GcpRangeFacts(found.address, found.prefixLength, found.purpose, found.network)

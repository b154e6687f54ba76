"""Base resources of a Docker host, which every other capability depends on."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from providers.contract.results import SecretRef
from providers.contract.spec import Platform
from providers.docker.base.containers import NetworkAttachment
from providers.docker.base.identity import DockerIdentity
from providers.docker.base.keys import DockerKeys
from providers.docker.base.registry import DockerRegistry
from providers.docker.context import DockerContext
from providers.docker.network.flows import METADATA_ADDRESSES, has_outbound_access, internal_network
from providers.docker.network.resources import DockerNetwork
from providers.docker.observability.channels import DockerChannels


@dataclass(frozen=True)
class DockerBaseResources:
    """Certificates, networks, storage keys, images and notification channels of this host."""

    context: DockerContext
    keys: DockerKeys
    network: DockerNetwork
    identity: DockerIdentity
    registry: DockerRegistry
    channels: DockerChannels

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.context.spec

    def image(self, role: str) -> pulumi.Output[str]:
        """Id of the image of a role."""
        return self.registry.roles[role]

    def attachment(self, network: str, *aliases: str, address: str | None = None) -> NetworkAttachment:
        """Attachment to the network `network` under these DNS aliases, without access to metadata addresses."""
        link_local = METADATA_ADDRESSES if has_outbound_access(self.spec, network) else ()
        return NetworkAttachment(self.network.names[network], aliases, address, link_local)

    def user_attachments(self, part: str, alias: str) -> Sequence[NetworkAttachment]:
        """Attachments to the internal network of each service that uses `part` (`database`, `cache`, `storage`)."""
        return [self.attachment(internal_network(service), alias) for service in self.spec.users_of(part)]

    def address(self, service: str) -> str:
        """`http://<name>:<port>` of a service in the networks of its callers; empty for a worker, which has no port."""
        port = self.spec.services[service].port
        return f"http://{service}:{port}" if port is not None else ""


def secret_reference(name: str, value: pulumi.Output[str]) -> SecretRef:
    """Reference to a secret: the value itself, marked as secret.

    Docker without a swarm stores no secrets and has no references to them. The value is encrypted in the stack's state
    and becomes a variable or a file of its readers, so a changed value replaces them. No grant is needed: only the
    readers receive it.
    """
    return SecretRef(name, reference=pulumi.Output.secret(value), version=pulumi.Output.from_input(""))

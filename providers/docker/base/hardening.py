"""Hardening of a Docker host as checks, which an override in production must not undo. Pure.

A host has no audit: what a check of a cloud asks of it is mostly a setting of its daemon. These are the settings that this
adapter declares for every container and network (`containers.py`, `network/`).
"""

from collections.abc import Iterator

from providers.contract.audit import AuditSite, CheckEvidence, CloudAudit, CloudCheck, is_false, is_true, state
from providers.contract.audit_requirements import Requirement, contains, hardened, not_equal

CONTAINER, NETWORK = "docker:Container", "docker:Network"
LOOPBACK = ("127.0.0.1", "::1")
SHARED = "it shares a namespace of the host"
ROOT = ("0", "0:0", "root")

CONFINED: tuple[Requirement, ...] = (
    Requirement(CONTAINER, "readOnly", is_true, "its root file system is writable", ()),
    Requirement(CONTAINER, "privileged", is_false, "it has every right on the host", ()),
    Requirement(CONTAINER, "capabilities.drops", contains("ALL"), "it keeps capabilities of root", ()),
    Requirement(CONTAINER, "capabilities.adds", is_false, "it has capabilities of root", ()),
    Requirement(CONTAINER, "securityOpts", contains("no-new-privileges"), "its processes can gain privileges", ()),
    Requirement(CONTAINER, "user", not_equal(*ROOT), "it runs as root", ()),
    Requirement(CONTAINER, "networkMode", not_equal("host", "bridge"), "it leaves the networks of the platform", ()),
    Requirement(CONTAINER, "pidMode", not_equal("host"), SHARED, ()),
    Requirement(CONTAINER, "ipcMode", not_equal("host"), SHARED, ()),
    Requirement(CONTAINER, "usernsMode", not_equal("host"), SHARED, ()),
)
NETWORKS: tuple[Requirement, ...] = (
    Requirement(NETWORK, "internal", is_true, "its containers reach every network of the host", ()),
)


def only_the_entry_is_open(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the published ports of every container outside the entry, which are on the loopback address only."""
    for container in site.of_type(CONTAINER):
        addresses = [port.get("ip") for port in container.items("ports")]
        passed = container.component == "Entry" or all(address in LOOPBACK for address in addresses)
        yield state(container, "ports", addresses, passed, "it accepts connections beside the entry")


def containers_have_limits(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the memory limit of every container: without one it can end every other process of the host."""
    for container in site.of_type(CONTAINER):
        value = container.value("memory")
        yield state(container, "memory", value, bool(value), "one container can use the memory of the host")


HARDENING: CloudAudit = {
    "only-the-entry-is-open": CloudCheck(only_the_entry_is_open),
    "filters-and-defaults-are-closed": hardened(NETWORKS),
    "containers-are-confined": hardened(CONFINED),
    "services-are-hardened": CloudCheck(containers_have_limits),
}
"""Answers to checks of the audit that resources of a host show."""

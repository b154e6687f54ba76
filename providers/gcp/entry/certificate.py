"""A certificate for the domain, proved by a record in its zone: issued before the domain points here, and renewed."""

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp.dns.outputs import GetManagedZonesManagedZoneResult

from providers.contract.component import Scope
from providers.gcp.context import GcpContext

RECORD_TTL_SECONDS = 300


def find_zone(room: Scope, site: GcpContext, zone: str) -> pulumi.Output[str]:
    """Name of the project's managed zone whose DNS name is `zone`: Cloud DNS calls zones by a name of their own."""
    found = gcp.dns.get_managed_zones_output(
        project=site.project, opts=pulumi.InvokeOutputOptions(parent=room.parent)
    ).managed_zones
    return found.apply(lambda zones: zone_name(zones, zone, site.project))


def zone_name(zones: Sequence[GetManagedZonesManagedZoneResult], zone: str, project: str) -> str:
    """The public zone of that DNS name; LookupError when the project has none."""
    for found in zones:
        if found.dns_name == f"{zone}." and found.visibility == "public" and found.name:
            return found.name
    raise LookupError(
        f"ingress.dns_zone: the project {project} has no public DNS zone {zone}; create it or name another"
    )


def create_certificate_map(room: Scope, site: GcpContext, domain: str, zone: pulumi.Output[str]) -> pulumi.Output[str]:
    """Link of a certificate map that holds a certificate for `domain`, as a proxy takes it."""
    proof = gcp.certificatemanager.DnsAuthorization(
        room.named("proof"), project=site.project, domain=domain, opts=room.opts()
    )
    record = proof.dns_resource_records[0]
    gcp.dns.RecordSet(
        room.named("proof-record"),
        project=site.project,
        managed_zone=zone,
        name=record.name.apply(str),
        type=record.type.apply(str),
        ttl=RECORD_TTL_SECONDS,
        rrdatas=[record.data.apply(str)],
        opts=room.opts(),
    )
    certificate = gcp.certificatemanager.Certificate(
        room.named("certificate"),
        project=site.project,
        managed=gcp.certificatemanager.CertificateManagedArgs(domains=[domain], dns_authorizations=[proof.id]),
        opts=room.opts(),
    )
    certificates = gcp.certificatemanager.CertificateMap(
        room.named("certificates"), project=site.project, opts=room.opts()
    )
    gcp.certificatemanager.CertificateMapEntry(
        room.named("certificate-of-domain"),
        project=site.project,
        map=certificates.name,
        hostname=domain,
        certificates=[certificate.id],
        opts=room.opts(),
    )
    return pulumi.Output.concat("//certificatemanager.googleapis.com/", certificates.id)


def point_to(room: Scope, site: GcpContext, domain: str, zone: pulumi.Output[str], address: pulumi.Output[str]) -> None:
    """The record that leads the domain to the load balancer."""
    gcp.dns.RecordSet(
        room.named("name"),
        project=site.project,
        managed_zone=zone,
        name=f"{domain}.",
        type="A",
        ttl=RECORD_TTL_SECONDS,
        rrdatas=[address],
        opts=room.opts(),
    )

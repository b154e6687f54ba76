"""A certificate for the domain, proved by a record in its zone: issued before the domain points here, and renewed."""

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp.dns.outputs import GetManagedZonesManagedZoneResult

from providers.contract.component import Scope
from providers.gcp.context import GcpContext

RECORD_TTL_SECONDS = 300


def find_zone(scope: Scope, context: GcpContext, zone: str) -> pulumi.Output[str]:
    """Name of the project's managed zone whose DNS name is `zone`: Cloud DNS calls zones by a name of their own."""
    found = gcp.dns.get_managed_zones_output(
        project=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    ).managed_zones
    return found.apply(lambda zones: zone_name(zones, zone, context.project))


def zone_name(zones: Sequence[GetManagedZonesManagedZoneResult], zone: str, project: str) -> str:
    """The public zone of that DNS name; LookupError when the project has none."""
    for found in zones:
        if found.dns_name == f"{zone}." and found.visibility == "public" and found.name:
            return found.name
    raise LookupError(
        f"ingress.dns_zone: the project {project} has no public DNS zone {zone}; create it or name another"
    )


def create_certificate_map(
    scope: Scope, context: GcpContext, domain: str, zone: pulumi.Output[str]
) -> pulumi.Output[str]:
    """Link of a certificate map that holds a certificate for `domain`, as a proxy takes it."""
    proof = gcp.certificatemanager.DnsAuthorization(
        scope.named("proof"), project=context.project, domain=domain, opts=scope.opts()
    )
    record = proof.dns_resource_records[0]
    gcp.dns.RecordSet(
        scope.named("proof-record"),
        project=context.project,
        managed_zone=zone,
        name=record.name.apply(str),
        type=record.type.apply(str),
        ttl=RECORD_TTL_SECONDS,
        rrdatas=[record.data.apply(str)],
        opts=scope.opts(),
    )
    certificate = gcp.certificatemanager.Certificate(
        scope.named("certificate"),
        project=context.project,
        managed=gcp.certificatemanager.CertificateManagedArgs(domains=[domain], dns_authorizations=[proof.id]),
        opts=scope.opts(),
    )
    certificates = gcp.certificatemanager.CertificateMap(
        scope.named("certificates"), project=context.project, opts=scope.opts()
    )
    gcp.certificatemanager.CertificateMapEntry(
        scope.named("certificate-of-domain"),
        project=context.project,
        map=certificates.name,
        hostname=domain,
        certificates=[certificate.id],
        opts=scope.opts(),
    )
    return pulumi.Output.concat("//certificatemanager.googleapis.com/", certificates.id)


def point_to(
    scope: Scope, context: GcpContext, domain: str, zone: pulumi.Output[str], address: pulumi.Output[str]
) -> None:
    """The record that leads the domain to the load balancer."""
    gcp.dns.RecordSet(
        scope.named("name"),
        project=context.project,
        managed_zone=zone,
        name=f"{domain}.",
        type="A",
        ttl=RECORD_TTL_SECONDS,
        rrdatas=[address],
        opts=scope.opts(),
    )

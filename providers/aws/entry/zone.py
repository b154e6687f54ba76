"""Place of the DNS zone of the domain. Pure."""

from providers.contract.spec import Platform


def zone_role(spec: Platform) -> str | None:
    """Return the role that changes the zone; None for a zone in the account of the stack."""
    return spec.ingress.dns_account.aws if spec.ingress.dns_account is not None else None


def role_account(role: str) -> str:
    """Return the account of a role by its ARN."""
    return role.split(":")[4]
